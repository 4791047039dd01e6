import type { QueryClient } from '@tanstack/react-query'
import type { i18n } from 'i18next'
import { createContext, useContext } from 'react'

/** What the provider has for the parts below it. */
export interface Connection {
  readonly client: QueryClient
  /** Null: they are on their way. */
  readonly messages: i18n | null
  /** Why the service can't be used; null: it can, or that is being found out. */
  readonly error: unknown
  readonly retry: () => void
  readonly theme: 'system' | 'light' | 'dark'
  readonly source: string | null
  /** What floats above the page is in there; null: it is not there yet. */
  readonly floats: HTMLElement | null
}

export const ConnectionContext = createContext<Connection | null>(null)

export function useConnection(): Connection {
  const connection = useContext(ConnectionContext)
  if (connection === null) throw new Error('A part of holdfast/react needs a HoldfastProvider around it.')
  return connection
}

/** What the root of whatever is ours on a page has: the class that all styles are below, language and theme. */
export function rootOf({ messages, theme }: Pick<Connection, 'messages' | 'theme'>) {
  return {
    ...(messages === null ? {} : { lang: messages.language, dir: messages.dir() }),
    ...(theme === 'system' ? {} : { 'data-theme': theme }),
  }
}
