import { useNavigate, type NavigateOptions } from '@tanstack/react-router'
import { Dialog } from 'radix-ui'
import { useId, useState, type KeyboardEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { useRepositories, useSchedules, useSources } from '../lib/queries.ts'
import { useRefusal } from '../lib/rights.ts'
import { Icon, type IconName } from '../ui/icons.tsx'
import { usePages } from './pages.ts'

interface Entry {
  readonly id: string
  readonly group: string
  readonly icon: IconName
  readonly text: string
  /** Why the role may not begin it. */
  readonly refused?: string | null
  readonly go: () => void
}

const most = 12

/** Everything that can be gone to or begun, by a few letters of its name. */
export function Palette({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const list = useId()
  const entries = useEntries()
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const words = text.toLowerCase().split(/\s+/)
  const found = entries
    .filter((entry) => words.every((word) => `${entry.group} ${entry.text}`.toLowerCase().includes(word)))
    .slice(0, most)
  const chosen = found[Math.min(at, found.length - 1)]

  function take(entry: Entry | undefined): void {
    if (entry === undefined || typeof entry.refused === 'string') return
    onClose()
    entry.go()
  }

  function onKey(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step !== undefined) {
      event.preventDefault()
      setAt((Math.min(at, found.length - 1) + step + found.length) % Math.max(1, found.length))
    }
    if (event.key === 'Enter') {
      event.preventDefault()
      take(chosen)
    }
  }

  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-30 animate-appear bg-veil" />
        <Dialog.Content
          aria-describedby={undefined}
          className="fixed inset-x-0 top-[12vh] z-40 mx-auto w-[calc(100%-32px)] max-w-[560px] animate-appear overflow-hidden rounded-lg bg-surface shadow-float focus:outline-none"
        >
          <Dialog.Title className="sr-only">{t('palette.title')}</Dialog.Title>
          <div className="flex items-center gap-3 border-b px-4">
            <Icon name="search" className="text-ink-3" />
            <input
              role="combobox"
              aria-expanded={found.length > 0}
              aria-controls={list}
              aria-activedescendant={chosen === undefined ? undefined : `${list}-${chosen.id}`}
              aria-label={t('palette.title')}
              placeholder={t('palette.hint')}
              value={text}
              onChange={(event) => {
                setText(event.target.value)
                setAt(0)
              }}
              onKeyDown={onKey}
              className="h-12 flex-1 bg-transparent text-lg outline-none"
            />
          </div>
          <ul
            id={list}
            role="listbox"
            aria-label={t('palette.title')}
            className="max-h-[50vh] overflow-y-auto p-1.5"
          >
            {found.map((entry) => (
              <li
                key={entry.id}
                id={`${list}-${entry.id}`}
                role="option"
                aria-selected={entry === chosen}
                aria-disabled={typeof entry.refused === 'string' || undefined}
                onPointerMove={() => setAt(found.indexOf(entry))}
                onClick={() => take(entry)}
                className={`flex min-h-9 cursor-pointer items-center gap-3 rounded-md px-2.5 aria-disabled:cursor-not-allowed aria-disabled:opacity-60 ${entry === chosen ? 'bg-sunken' : ''}`}
              >
                <Icon name={entry.icon} className="text-ink-3" />
                <bdi className="min-w-0 flex-1 truncate">{entry.text}</bdi>
                <span className="text-end text-xs text-ink-3">{entry.refused ?? entry.group}</span>
              </li>
            ))}
          </ul>
          {found.length === 0 && <p className="px-4 pb-4 text-ink-2">{t('palette.nothing', { text })}</p>}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function useEntries(): readonly Entry[] {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const pages = usePages()
  const sources = useSources().data
  const schedules = useSchedules().data
  const repositories = useRepositories().data
  const refused = {
    job: useRefusal('create', 'jobs'),
    restore: useRefusal('create', 'restores'),
    source: useRefusal('create', 'sources'),
    schedule: useRefusal('create', 'schedules'),
    storage: useRefusal('create', 'repositories'),
  }
  const go = (to: NavigateOptions) => () => void navigate(to)
  const begun = { group: t('palette.actions'), icon: 'plus' as const }
  return [
    ...pages.map(({ id, icon, to }) => ({
      id,
      icon,
      group: t('palette.pages'),
      text: t(`nav.${id}`),
      go: go({ to }),
    })),
    {
      id: 'back-up',
      ...begun,
      refused: refused.job,
      text: t('backups.new.title'),
      go: go({ to: '/backups/new' }),
    },
    {
      id: 'restore',
      ...begun,
      refused: refused.restore,
      text: t('restores.new.title'),
      go: go({ to: '/restores/new' }),
    },
    {
      id: 'add-source',
      ...begun,
      refused: refused.source,
      text: t('sources.new.title'),
      go: go({ to: '/sources/new' }),
    },
    {
      id: 'add-schedule',
      ...begun,
      refused: refused.schedule,
      text: t('schedules.new.title'),
      go: go({ to: '/schedules/new' }),
    },
    {
      id: 'add-storage',
      ...begun,
      refused: refused.storage,
      text: t('storage.new.title'),
      go: go({ to: '/storage/new' }),
    },
    ...(sources ?? []).map(({ id, name }) => ({
      id,
      icon: 'sources' as const,
      group: t('nav.sources'),
      text: name,
      go: go({ to: '/sources/$name', params: { name } }),
    })),
    ...(schedules ?? []).map(({ id, name }) => ({
      id,
      icon: 'schedules' as const,
      group: t('nav.schedules'),
      text: name,
      go: go({ to: '/schedules/$name', params: { name } }),
    })),
    ...(repositories ?? []).map(({ id, name }) => ({
      id,
      icon: 'storage' as const,
      group: t('nav.storage'),
      text: name,
      go: go({ to: '/storage/$name', params: { name } }),
    })),
  ]
}
