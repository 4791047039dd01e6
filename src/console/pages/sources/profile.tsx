import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { BackupFacts } from '../../lib/backup-facts.ts'
import { useFormat } from '../../lib/format.ts'
import { useOverview } from '../../lib/queries.ts'
import { levelMeanings, useStateSentence } from '../../lib/source-state.ts'
import type { Source } from '../../lib/types.ts'
import { Badge } from '../../ui/badge.tsx'
import { Facts, SectionHead } from '../../ui/card.tsx'
import { Code, Moment } from '../../ui/words.tsx'

/** How safe it is, in the sentence that the service says everywhere. */
export function Safety({ source }: { source: Source }) {
  const { t } = useTranslation()
  const sentence = useStateSentence()
  const state = useOverview().data?.sources.find((one) => one.source === source.name)
  if (state === undefined) return null
  const meaning = levelMeanings[state.level]
  const icons = { good: 'proven', warn: 'warning', bad: 'failed', busy: 'running', none: 'none' } as const
  return (
    <section className="grid justify-items-start gap-2">
      <Badge meaning={meaning} icon={icons[meaning]}>
        {t(`overview.levels.${state.level}`)}
      </Badge>
      <p className="text-lg">{sentence(state.parts)}</p>
    </section>
  )
}

/** What it is, as its newest backup found it. `backups`: newest first. */
export function Profile({ backups }: { backups: readonly BackupFacts[] }) {
  const { t } = useTranslation()
  const format = useFormat()
  const [newest] = backups
  if (newest === undefined) return null
  const proven = backups.find(({ verified }) => verified !== null)
  const facts = [
    ...(newest.major === null
      ? []
      : [{ name: t('backups.server'), value: <Code>{`PostgreSQL ${newest.major}`}</Code> }]),
    {
      name: t('backups.tables'),
      value: `${format.number(newest.tables)} · ${t('units.rows', { count: newest.rows, value: format.number(newest.rows) })}`,
    },
    {
      name: t('backups.size'),
      value: `${format.bytes(newest.plainBytes)} · ${t('backups.stored', { size: format.bytes(newest.storedBytes) })}`,
    },
    ...(newest.seconds === null ? [] : [{ name: t('jobs.duration'), value: format.seconds(newest.seconds) }]),
    {
      name: t('backups.lastDrill'),
      value:
        proven?.verified === null || proven === undefined ? (
          <span className="text-ink-2">{t('sources.noDrill')}</span>
        ) : (
          <Link
            to="/backups/$id"
            params={{ id: proven.id }}
            className="text-accent-text underline-offset-2 hover:underline"
          >
            {t(proven.verified.passed ? 'jobs.results.passed' : 'jobs.results.notPassed')} ·{' '}
            <Moment at={proven.verified.when} show="ago" />
          </Link>
        ),
    },
  ]
  return (
    <section>
      <SectionHead
        aside={
          <span className="text-sm text-ink-2">
            {t('sources.foundAt')} <Moment at={newest.moment} show="ago" />
          </span>
        }
      >
        {t('sources.profile')}
      </SectionHead>
      <Facts facts={facts} />
    </section>
  )
}
