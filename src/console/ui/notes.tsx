import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { isApiError } from '../lib/api.ts'
import { partOf, useSentenceWords, type SentencePart } from '../lib/sentence-words.ts'
import { Button } from './button.tsx'
import { Icon, type IconName } from './icons.tsx'
import { Code } from './words.tsx'

interface EmptyProps {
  readonly icon: IconName
  readonly title: ReactNode
  /** What there would be, and the one thing to do for it. */
  readonly children: ReactNode
  readonly action?: ReactNode
}

export function EmptyState({ icon, title, children, action }: EmptyProps) {
  return (
    <div className="grid justify-items-center gap-3 px-6 py-16 text-center">
      <span className="grid size-10 place-items-center rounded-lg border bg-sunken text-ink-2">
        <Icon name={icon} size={20} />
      </span>
      <h2 className="text-lg">{title}</h2>
      <p className="max-w-[52ch] text-ink-2">{children}</p>
      {action}
    </div>
  )
}

interface ErrorNoteProps {
  readonly error: unknown
  readonly retry?: () => void
}

/** What went wrong: the cause, what to do, and a code to search for. */
export function ErrorNote({ error, retry }: ErrorNoteProps) {
  const { t } = useTranslation()
  const { code, message, hint, ownHint, parts } = partsOf(error)
  const words = useSentenceWords(parts)
  const own = t(`errors.${code}.cause`, { defaultValue: '' })
  const cause = own !== '' ? own : message === '' ? t('errors.unknown.cause') : message
  // What the service said has the names in it. It is in English, but for what it is known to be made of.
  const detail = own === '' || [own, ''].includes(message) || code === 'not_signed_in' ? null : message
  const told = parts.length > 0 ? parts.map(({ text }) => words(text)) : detail === null ? [] : [detail]
  const details = ownHint ? [...told, hint] : told
  const next = t(`errors.${code}.next`, { defaultValue: hint === '' ? t('errors.unknown.next') : hint })
  return (
    <div role="alert" className="flex gap-3 rounded-lg border border-bad/40 bg-bad-soft p-3 text-bad-text">
      <Icon name="failed" className="mt-0.5" />
      <div className="grid min-w-0 flex-1 gap-1">
        <p className="font-medium break-words whitespace-pre-line">
          <bdi>{cause}</bdi>
        </p>
        {details.map((one) => (
          <p key={one} dir="auto" className="text-sm break-words whitespace-pre-line text-ink-2">
            {one}
          </p>
        ))}
        <p className="break-words text-ink">
          <bdi>{next}</bdi>
        </p>
        <p className="text-sm text-ink-2">
          {t('errors.code')} <Code>{code}</Code>
        </p>
      </div>
      {retry !== undefined && (
        <Button icon="refresh" onClick={retry}>
          {t('common.retry')}
        </Button>
      )}
    </div>
  )
}

interface Parts {
  readonly code: string
  readonly message: string
  readonly hint: string
  readonly ownHint: boolean
  readonly parts: readonly SentencePart[]
}

/** An error of the API, or one that a job ended with. */
function partsOf(error: unknown): Parts {
  if (isApiError(error)) return { code: error.code, message: error.message, hint: error.hint, ownHint: false, parts: [] } // prettier-ignore
  const { code, message, hint, ownHint, parts } = (error ?? {}) as Record<string, unknown>
  const text = (value: unknown): string => (typeof value === 'string' ? value : '')
  const list: readonly unknown[] = Array.isArray(parts) ? parts : []
  return { code: text(code) || 'unknown', message: text(message), hint: text(hint), ownHint: ownHint === true, parts: list.flatMap((one) => partOf(one) ?? []) } // prettier-ignore
}

/** Something that is not known or not whole, where it matters. */
export function Warning({ children }: { children: ReactNode }) {
  return (
    <div className="flex gap-3 rounded-lg border border-warn/50 bg-warn-soft p-3 text-warn-text">
      <Icon name="warning" className="mt-0.5" />
      <div className="min-w-0 flex-1 text-ink">{children}</div>
    </div>
  )
}

/** Stands where something is being read, in its size, so that nothing jumps. */
export function Skeleton({ className = 'h-40' }: { className?: string }) {
  return <div aria-hidden="true" className={`animate-pulse rounded-lg bg-sunken ${className}`} />
}
