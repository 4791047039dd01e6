import { Link, useNavigate } from '@tanstack/react-router'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { BackupFacts } from '../../lib/backup-facts.ts'
import { pointOf } from '../../lib/backup-words.tsx'
import { useFormat } from '../../lib/format.ts'
import { useKeepWords } from '../../lib/keep-words.ts'
import { useNow } from '../../lib/now.ts'
import { useRefusal } from '../../lib/rights.ts'
import { useScheduleWords } from '../../lib/schedule-words.ts'
import type { Schedule, Source } from '../../lib/types.ts'
import { useMay } from '../../session.ts'
import { Badge, type Meaning } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import type { IconName } from '../../ui/icons.tsx'
import { Timeline } from '../../ui/timeline.tsx'
import { Name } from '../../ui/words.tsx'

const icons: Readonly<Record<Meaning, IconName>> = {
  good: 'proven',
  warn: 'warning',
  bad: 'failed',
  busy: 'running',
  none: 'none',
}
const days = 30

interface SourceCardProps {
  readonly source: Source
  readonly backups: readonly BackupFacts[]
  /** Undefined where the role sees none. */
  readonly schedules: readonly Schedule[] | undefined
  readonly meaning: Meaning
  /** The state in a word. */
  readonly word: string
  /** What is true of it, and what is missing. */
  readonly sentence: string
  /** No drill has shown yet that it can be brought back. */
  readonly unproven: boolean
}

export function SourceCard(props: SourceCardProps) {
  const { source, backups, schedules, meaning, word, sentence, unproven } = props
  const { t } = useTranslation()
  const format = useFormat()
  const now = useNow()
  const navigate = useNavigate()
  const words = useScheduleWords()
  const keepWords = useKeepWords()
  const refused = useRefusal('create', 'jobs')
  const restoreRefused = useRefusal('create', 'restores')
  const mayPlan = useMay('create', 'schedules')
  const points = useMemo(() => backups.map(pointOf), [backups])
  const newest = backups.toSorted((a, b) => Date.parse(b.moment) - Date.parse(a.moment))[0]
  const planned = schedules?.filter(({ kind, enabled }) => kind === 'backup' && enabled)
  return (
    <Card className="grid grid-cols-1 gap-4 p-5 phone:p-4">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <div className="flex min-w-0 flex-wrap items-center gap-3">
          <h2 className="text-lg">
            <Link
              to="/sources/$name"
              params={{ name: source.name }}
              className="underline-offset-2 hover:underline"
            >
              <Name>{source.name}</Name>
            </Link>
          </h2>
          <Badge meaning={meaning} icon={icons[meaning]}>
            {word}
          </Badge>
        </div>
        <div className="flex gap-2">
          <Button
            refused={refused}
            onClick={() => void navigate({ to: '/backups/new', search: { source: source.name } })}
          >
            {t('overview.backUp')}
          </Button>
          <Button
            refused={restoreRefused ?? (backups.length === 0 ? t('restores.when.none') : null)}
            onClick={() => void navigate({ to: '/restores/new', search: { source: source.name } })}
          >
            {t('restores.new.title')}
          </Button>
        </div>
      </div>
      <p className="max-w-[72ch] text-lg wrap-anywhere">{sentence}</p>
      <Timeline
        label={t('overview.timeline', { name: source.name, count: days, value: format.number(days) })}
        points={points}
        from={now.getTime() - days * 86_400_000}
        onSelect={({ id }) =>
          void navigate({ to: '/backups/$id', params: { id }, search: { source: source.name } })
        }
      />
      {planned !== undefined && (
        <ul className="grid gap-1 text-sm text-ink-2">
          {planned.map((schedule) => (
            <li key={schedule.id}>
              {words(schedule.rule, schedule.zone)} · {keepWords(schedule.keep)}
            </li>
          ))}
          {unproven && newest !== undefined && (
            <li>
              <Link
                to="/backups/$id"
                params={{ id: newest.id }}
                search={{ source: source.name }}
                className="text-accent-text underline underline-offset-2"
              >
                {t('overview.prove')}
              </Link>
            </li>
          )}
          {planned.length === 0 && mayPlan && (
            <li>
              <Link
                to="/schedules/new"
                search={{ of: source.name }}
                className="text-accent-text underline underline-offset-2"
              >
                {t('schedules.new.title')}
              </Link>
            </li>
          )}
        </ul>
      )}
    </Card>
  )
}
