import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useAudit } from '../../lib/queries.ts'
import type { AuditEntry } from '../../lib/types.ts'
import { Who } from '../../lib/who.tsx'
import { Facts, SectionHead } from '../../ui/card.tsx'
import { EmptyState, Skeleton } from '../../ui/notes.tsx'
import { Sheet } from '../../ui/overlay.tsx'
import { Code, Moment } from '../../ui/words.tsx'
import { Action, Result } from '../audit.tsx'

export function AuditDetails() {
  const { t } = useTranslation()
  const { number } = useParams({ from: '/app/audit/$number' })
  const { who, action, result } = useSearch({ from: '/app/audit' })
  const navigate = useNavigate()
  const shown = useAudit({ who, action, result }).items
  const entry = shown?.find((one) => String(one.number) === number)
  return (
    <Sheet
      title={entry === undefined ? t('audit.one') : <Action of={entry.action} />}
      about={entry === undefined ? shown === undefined ? '\u00a0' : undefined : <Result of={entry} />}
      onClose={() => void navigate({ to: '/audit', search: true })}
    >
      {entry !== undefined && <Details entry={entry} />}
      {entry === undefined &&
        (shown === undefined ? (
          <Skeleton />
        ) : (
          <EmptyState icon="audit" title={t('audit.gone.title')}>
            {t('audit.gone.text')}
          </EmptyState>
        ))}
    </Sheet>
  )
}

function Details({ entry }: { entry: AuditEntry }) {
  const { t } = useTranslation()
  const facts = [
    { name: t('audit.at'), value: <Moment at={entry.at} /> },
    { name: t('audit.who'), value: <Link to="/audit" search={{ who: entry.who }} className="text-accent-text underline-offset-2 hover:underline"><Who of={entry.who} /></Link> }, // prettier-ignore
    ...(entry.role === null ? [] : [{ name: t('people.role'), value: t(`rights.roles.${entry.role}`, { defaultValue: entry.role }) }]), // prettier-ignore
    { name: t('audit.about'), value: <Code className="break-all">{entry.about}</Code> },
    ...(entry.address === null ? [] : [{ name: t('audit.from'), value: <Code>{entry.address}</Code> }]),
    ...(entry.agent === null ? [] : [{ name: t('audit.agent'), value: <bdi>{entry.agent}</bdi> }]),
    ...(entry.code === null ? [] : [{ name: t('errors.code'), value: <Code>{entry.code}</Code> }]),
    { name: t('audit.actionCode'), value: <Code>{entry.action}</Code> },
    { name: t('audit.number'), value: <Code>{entry.number}</Code> },
    { name: t('audit.hash'), value: <Code className="break-all">{entry.hash}</Code> },
  ]
  const lines = linesOf(entry)
  return (
    <>
      <Facts facts={facts} />
      {lines.length > 0 && (
        <section>
          <SectionHead>{t('audit.diff')}</SectionHead>
          <ul dir="ltr" className="overflow-hidden rounded-lg border bg-surface py-1 font-mono text-sm">
            {lines.map(({ sign, text }) => (
              <li
                key={sign + text}
                className={`flex gap-2 px-3 break-all ${sign === '+' ? 'bg-good-soft text-good-text' : sign === '−' ? 'bg-bad-soft text-bad-text' : 'text-ink-2'}`}
              >
                <span className="w-3 shrink-0 select-none">{sign}</span>
                <span className="min-w-0">{text}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  )
}

interface Line {
  readonly sign: '+' | '−' | ' '
  readonly text: string
}

/** What was changed, property by property: the old value and the new one under each other. */
function linesOf({ before, after }: AuditEntry): readonly Line[] {
  const [old, now] = [objectOf(before), objectOf(after)]
  const names = [...new Set([...Object.keys(old), ...Object.keys(now)])]
  return names.flatMap((name): Line[] => {
    const line = (sign: Line['sign'], value: unknown): Line => ({ sign, text: `${name}: ${JSON.stringify(value)}` }) // prettier-ignore
    if (JSON.stringify(old[name]) === JSON.stringify(now[name])) return [line(' ', now[name])]
    return [...(name in old ? [line('−', old[name])] : []), ...(name in now ? [line('+', now[name])] : [])]
  })
}

function objectOf(text: string | null): Readonly<Record<string, unknown>> {
  if (text === null) return {}
  const value: unknown = JSON.parse(text)
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : { value }
}
