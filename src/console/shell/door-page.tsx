import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '../ui/button.tsx'
import { Menu } from '../ui/menu.tsx'
import { Wishes } from './account-menu.tsx'

interface DoorPageProps {
  readonly title: string
  readonly about?: string
  readonly children: ReactNode
}

/** Pages for whoever is not signed in: one narrow form, and the choice of language. */
export function DoorPage({ title, about, children }: DoorPageProps) {
  const { t } = useTranslation()
  return (
    <main className="mx-auto grid min-h-dvh w-full max-w-[400px] content-center gap-6 px-5 py-12">
      <div className="grid gap-4">
        <svg width={40} height={40} viewBox="0 0 32 32" aria-hidden="true">
          <rect width="32" height="32" rx="8" className="fill-accent" />
          <path
            d="M11 7v18M21 7v18M11 16h10"
            className="stroke-on-accent"
            strokeWidth={3.2}
            strokeLinecap="round"
            fill="none"
          />
        </svg>
        <div className="grid gap-1">
          <h1 className="text-xl tracking-[-0.01em]">{title}</h1>
          {about !== undefined && <p className="text-ink-2">{about}</p>}
        </div>
      </div>
      {children}
      <div className="flex justify-center border-t pt-4">
        <Menu
          align="start"
          trigger={
            <Button look="quiet" icon="language">
              {t('account.wishes')}
            </Button>
          }
        >
          <Wishes />
        </Menu>
      </div>
    </main>
  )
}
