import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../lib/format.ts'
import { useLive } from '../lib/live.ts'
import { useUnseenAlarms } from '../lib/queries.ts'
import { useMay } from '../session.ts'
import { Icon } from '../ui/icons.tsx'

/** How many alarms are open and were not seen: beside their page in the navigation, and on a phone at the top. */
export function UnseenCount() {
  const { t } = useTranslation()
  const format = useFormat()
  const page = useUnseenAlarms().data
  const count = page?.items.length ?? 0
  if (count === 0) return null
  return (
    <span className="rounded-full bg-bad-strong px-1.5 text-xs font-semibold text-on-accent">
      <span className="sr-only">{t('alarms.unseen')}</span>
      {page?.next === null ? format.number(count) : `${format.number(count)}+`}
    </span>
  )
}

export function Bell() {
  const { t } = useTranslation()
  if (!useMay('read', 'alarms')) return null
  return (
    <Link
      to="/alarms"
      search={{ open: 'true' }}
      className="relative flex h-9 items-center rounded-lg px-2.5 text-ink-2 hover:bg-sunken"
    >
      <Icon name="bell" />
      <span className="sr-only">{t('nav.alarms')}</span>
      <span className="absolute start-5 top-0.5 flex">
        <UnseenCount />
      </span>
    </Link>
  )
}

/** That the page is not told of changes just now, and asks for them instead. It stands over what is there, so that nothing moves. */
export function Away() {
  const { t } = useTranslation()
  if (useLive()) return null
  return (
    <p
      role="status"
      className="absolute inset-x-0 bottom-full flex animate-late items-center gap-2 bg-surface px-2 pb-2 text-xs text-ink-3"
    >
      <span className="size-1.5 rounded-full border border-edge" />
      {t('nav.away')}
    </p>
  )
}
