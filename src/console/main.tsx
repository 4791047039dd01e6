import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { Direction } from 'radix-ui'
import { StrictMode, useEffect } from 'react'
import { createRoot } from 'react-dom/client'
import { useTranslation } from 'react-i18next'
import { startLanguage } from './lib/i18n.ts'
import { startLive } from './lib/live.ts'
import { newQueryClient } from './lib/queries.ts'
import { startTheme } from './lib/theme.ts'
import { startWishes } from './lib/wishes.ts'
import { newRouter } from './router.tsx'
import { onSessionEnd, resumeSession } from './session.ts'
import { Shell } from './shell/shell.tsx'
import { SignInAgain } from './shell/sign-in-again.tsx'
import { Toasts } from './ui/toast.tsx'
import { TipProvider } from './ui/tooltip.tsx'

const client = newQueryClient()
const router = newRouter({ frame: Shell })

function Console() {
  const { i18n } = useTranslation()
  useEffect(
    () =>
      onSessionEnd(() => {
        client.clear()
        void router.invalidate()
      }),
    [],
  )
  useEffect(() => startLive(client), [])
  return (
    <Direction.Provider dir={i18n.dir()}>
      <QueryClientProvider client={client}>
        <TipProvider delayDuration={300}>
          <Toasts>
            <RouterProvider router={router} />
            <SignInAgain />
          </Toasts>
        </TipProvider>
      </QueryClientProvider>
    </Direction.Provider>
  )
}

startTheme()
const place = document.getElementById('console')
await Promise.all([startLanguage(), resumeSession()])
await startWishes()
if (place !== null)
  createRoot(place).render(
    <StrictMode>
      <Console />
    </StrictMode>,
  )
