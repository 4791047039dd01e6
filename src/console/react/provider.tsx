import type { i18n } from 'i18next'
import { useEffect, useMemo, useRef, useState } from 'react'
import { createPortal } from 'react-dom'
import { reachThrough } from '../lib/api.ts'
import { newMessages } from '../lib/i18n.ts'
import { startLive } from '../lib/live.ts'
import { newQueryClient } from '../lib/queries.ts'
import { endSession, onSessionEnd, rereadSession } from '../session.ts'
import { SignInAgain } from '../shell/sign-in-again.tsx'
import { Toasts } from '../ui/toast.tsx'
import { ConnectionContext, rootOf, type Connection } from './connection.ts'
import type { HoldfastProviderProps } from './react.tsx'
import { Within } from './within.tsx'

/** Finds out who the service takes the application for, and has the messages and what is told of changes for all parts. */
export function Provider(o: HoldfastProviderProps) {
  const { language = 'en', theme = 'system', source = null } = o
  const [client] = useState(newQueryClient)
  const messages = useMessages(language)
  const { error, retry } = useService(o)
  const [floats, setFloats] = useState<HTMLElement | null>(null)
  useEffect(() => startLive(client), [client])
  const connection: Connection = useMemo(
    () => ({ client, messages, error, retry, theme, source, floats }),
    [client, messages, error, retry, theme, source, floats],
  )
  return (
    <ConnectionContext.Provider value={connection}>
      {o.children}
      {messages !== null &&
        createPortal(
          <div ref={setFloats} className="holdfast holdfast-floats" {...rootOf(connection)}>
            <Within connection={connection} messages={messages} phone={null}>
              <Toasts>
                <SignInAgain />
              </Toasts>
            </Within>
          </div>,
          document.body,
        )}
    </ConnectionContext.Provider>
  )
}

function useMessages(language: 'en' | 'ar'): i18n | null {
  const [messages, setMessages] = useState<i18n | null>(null)
  useEffect(() => {
    let left = false
    void newMessages(language).then((loaded) => left || setMessages(loaded))
    return () => {
      left = true
    }
  }, [language])
  return messages
}

function useService({ api, fetch: given }: HoldfastProviderProps): Pick<Connection, 'error' | 'retry'> {
  const [error, setError] = useState<unknown>(null)
  const [tries, setTries] = useState(0)
  const fetching = useRef(given)
  useEffect(() => {
    fetching.current = given
  }, [given])
  useEffect(() => {
    let left = false
    reachThrough({
      address: api.replace(/\/+$/, ''),
      fetch: (...asked) => (fetching.current ?? fetch)(...asked),
    })
    const say = (said: unknown): void => void (left || setError(said))
    rereadSession().then(() => say(null), say)
    const stop = onSessionEnd(() => say({ code: 'not_signed_in' }))
    return () => {
      left = true
      stop()
      endSession()
    }
  }, [api, tries])
  return { error, retry: useMemo(() => () => setTries((count) => count + 1), []) }
}
