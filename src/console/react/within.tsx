import { QueryClientProvider } from '@tanstack/react-query'
import type { i18n } from 'i18next'
import { Direction } from 'radix-ui'
import { useMemo, type ReactNode } from 'react'
import { I18nextProvider } from 'react-i18next'
import { OnlySource } from '../lib/only.ts'
import { SurroundingsContext } from '../ui/surroundings.ts'
import { TipProvider } from '../ui/tooltip.tsx'
import type { Connection } from './connection.ts'

interface WithinProps {
  readonly connection: Connection
  readonly messages: i18n
  readonly phone: boolean | null
  readonly children: ReactNode
}

/** What the console's pages and parts find around them, as main.tsx has it there. Around ours only, never around what is the application's. */
export function Within({ connection, messages, phone, children }: WithinProps) {
  const { client, source, floats } = connection
  const surroundings = useMemo(() => ({ floats, phone, title: 'h2' as const }), [floats, phone])
  return (
    <I18nextProvider i18n={messages}>
      <Direction.Provider dir={messages.dir()}>
        <QueryClientProvider client={client}>
          <OnlySource.Provider value={source}>
            <SurroundingsContext.Provider value={surroundings}>
              <TipProvider delayDuration={300}>{children}</TipProvider>
            </SurroundingsContext.Provider>
          </OnlySource.Provider>
        </QueryClientProvider>
      </Direction.Provider>
    </I18nextProvider>
  )
}
