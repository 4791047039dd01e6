import { createContext, useContext } from 'react'

/**
 * The name of the one source that is shown, as the page of one application does; null: all. It is about what is seen: what may be seen,
 * the service says.
 */
export const OnlySource = createContext<string | null>(null)

/** As a filter of lists. */
export function useOnly(): { readonly source?: string } {
  const source = useContext(OnlySource)
  return source === null ? {} : { source }
}
