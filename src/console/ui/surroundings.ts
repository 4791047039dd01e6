import { createContext, useContext } from 'react'

/** What is around what is shown: the console's own page, or that of another application (react/). */
export interface Surroundings {
  /** Where what floats above the page is put; null: the body. */
  readonly floats: HTMLElement | null
  /** Whether its box is as narrow as a phone; null: it is as wide as the window. */
  readonly phone: boolean | null
  /** What the title of a page is among the headings. */
  readonly title: 'h1' | 'h2'
}

export const ownPage: Surroundings = { floats: null, phone: null, title: 'h1' }

export const SurroundingsContext = createContext<Surroundings>(ownPage)

export function useSurroundings(): Surroundings {
  return useContext(SurroundingsContext)
}
