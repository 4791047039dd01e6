import { Link, Outlet, useRouterState } from '@tanstack/react-router'
import { Dialog } from 'radix-ui'
import { useEffect, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../lib/format.ts'
import { useRunningJobs } from '../lib/queries.ts'
import { Button } from '../ui/button.tsx'
import { Icon } from '../ui/icons.tsx'
import { AccountMenu } from './account-menu.tsx'
import { Away, Bell, UnseenCount } from './bell.tsx'
import { NotYours } from './not-yours.tsx'
import { Palette } from './palette.tsx'
import { useHiddenPage, usePages } from './pages.ts'

/** What is around every page: where one can go, search, and who is signed in. */
export function Shell() {
  const { t } = useTranslation()
  const [palette, setPalette] = useState(false)
  const hidden = useHiddenPage(useRouterState({ select: ({ matches }) => matches.at(-1)?.pathname ?? '' }))
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey)) return
      event.preventDefault()
      setPalette((open) => !open)
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])
  return (
    <div className="min-h-dvh md:grid md:grid-cols-[224px_minmax(0,1fr)]">
      <a
        href="#page"
        className="sr-only focus:not-sr-only focus:fixed focus:start-3 focus:top-3 focus:z-50 focus:rounded-lg focus:bg-accent focus:px-3 focus:py-2 focus:text-on-accent"
      >
        {t('nav.skip')}
      </a>
      <aside className="sticky top-0 hidden h-dvh flex-col gap-4 border-e bg-surface px-3 py-4 md:flex">
        <Brand />
        <SearchButton onOpen={() => setPalette(true)} />
        <Navigation />
        <div className="relative mt-auto">
          <Away />
          <AccountMenu />
        </div>
      </aside>
      <PhoneBar onSearch={() => setPalette(true)} />
      <main
        id="page"
        tabIndex={-1}
        className="mx-auto w-full max-w-[1200px] px-8 py-7 focus:outline-none max-md:px-4 max-md:py-5"
      >
        {hidden === undefined ? <Outlet /> : <NotYours page={hidden.id} icon={hidden.icon} />}
      </main>
      {palette && <Palette onClose={() => setPalette(false)} />}
    </div>
  )
}

function Brand() {
  return (
    <Link
      to="/"
      className="flex items-center gap-2.5 rounded-md px-2 text-lg font-semibold tracking-[-0.01em]"
    >
      <svg width={24} height={24} viewBox="0 0 32 32" aria-hidden="true">
        <rect width="32" height="32" rx="8" className="fill-accent" />
        <path
          d="M11 7v18M21 7v18M11 16h10"
          className="stroke-on-accent"
          strokeWidth={3.2}
          strokeLinecap="round"
          fill="none"
        />
      </svg>
      <bdi>Holdfast</bdi>
    </Link>
  )
}

function SearchButton({ onOpen }: { onOpen: () => void }) {
  const { t } = useTranslation()
  return (
    <button
      type="button"
      onClick={onOpen}
      className="flex h-8 items-center gap-2 rounded-lg border border-line-strong bg-bg px-2.5 text-ink-2 transition-colors hover:border-edge"
    >
      <Icon name="search" className="text-ink-3" />
      <span className="min-w-0 flex-1 truncate text-start">{t('palette.open')}</span>
      <kbd dir="ltr" className="rounded-sm border px-1 font-sans text-xs text-ink-3">
        Ctrl K
      </kbd>
    </button>
  )
}

function Navigation({ onGo }: { onGo?: () => void }) {
  const { t } = useTranslation()
  const format = useFormat()
  const running = useRunningJobs().data?.length ?? 0
  const path = useRouterState({ select: ({ location }) => location.pathname })
  const pages = usePages()
  return (
    <nav aria-label={t('nav.label')} className="-mx-1 min-h-0 overflow-y-auto px-1">
      <ul className="grid gap-0.5">
        {pages.map(({ id, icon, to }) => {
          const here = to === '/' ? path === '/' : path.startsWith(to)
          return (
            <li key={id}>
              <Link
                to={to}
                aria-current={here ? 'page' : undefined}
                {...(onGo === undefined ? {} : { onClick: onGo })}
                className={`flex h-8 items-center gap-2.5 rounded-md px-2.5 font-medium transition-colors max-md:h-11 ${
                  here ? 'bg-sunken text-ink' : 'text-ink-2 hover:bg-sunken/60 hover:text-ink'
                }`}
              >
                <Icon name={icon} className={here ? 'text-accent-text' : 'text-ink-3'} />
                <span className="flex-1">{t(`nav.${id}`)}</span>
                {id === 'alarms' && <UnseenCount />}
                {id === 'jobs' && running > 0 && (
                  <span className="flex items-center gap-1.5 text-sm text-accent-text">
                    <span className="size-1.5 animate-pulse rounded-full bg-accent" />
                    <span className="sr-only">{t('nav.running')}</span>
                    {format.number(running)}
                  </span>
                )}
              </Link>
            </li>
          )
        })}
      </ul>
    </nav>
  )
}

function PhoneBar({ onSearch }: { onSearch: () => void }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  return (
    <header className="sticky top-0 z-20 flex h-14 items-center gap-1 border-b bg-surface px-2 md:hidden">
      <Drawer
        open={open}
        onOpen={setOpen}
        trigger={<Button look="quiet" icon="menu" label={t('nav.menu')} />}
      >
        <Brand />
        <Navigation onGo={() => setOpen(false)} />
        <div className="relative mt-auto">
          <Away />
          <AccountMenu />
        </div>
      </Drawer>
      <div className="flex-1">
        <Brand />
      </div>
      <Bell />
      <Button look="quiet" icon="search" label={t('palette.open')} onClick={onSearch} />
    </header>
  )
}

interface DrawerProps {
  readonly open: boolean
  readonly onOpen: (open: boolean) => void
  readonly trigger: ReactNode
  readonly children: ReactNode
}

function Drawer({ open, onOpen, trigger, children }: DrawerProps) {
  const { t } = useTranslation()
  return (
    <Dialog.Root open={open} onOpenChange={onOpen}>
      <Dialog.Trigger asChild>{trigger}</Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-30 animate-appear bg-veil" />
        <Dialog.Content
          aria-describedby={undefined}
          className="fixed inset-y-0 start-0 z-40 flex w-72 animate-appear flex-col gap-4 border-e bg-surface px-3 py-4 focus:outline-none"
        >
          <Dialog.Title className="sr-only">{t('nav.label')}</Dialog.Title>
          {children}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
