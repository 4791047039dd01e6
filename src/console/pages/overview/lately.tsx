import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../../lib/format.ts'
import { JobState } from '../../lib/job-words.tsx'
import { useNow } from '../../lib/now.ts'
import { isOver } from '../../lib/queries.ts'
import type { Job } from '../../lib/types.ts'
import { Card, SectionHead } from '../../ui/card.tsx'
import { Bars } from '../../ui/charts.tsx'
import { Moment, Name } from '../../ui/words.tsx'

const most = 6
const days = 14
const dayMs = 86_400_000

/** What has ended, the newest first, and how the last two weeks went. */
export function Lately({ jobs, all }: { jobs: readonly Job[]; all: boolean }) {
  const { t } = useTranslation()
  const format = useFormat()
  const now = useNow()
  const over = jobs.filter(isOver)
  const bars = Array.from({ length: days }, (_, index) => {
    const day = new Date(now.getTime() - (days - 1 - index) * dayMs)
    const own = over.filter(
      ({ endedAt }) => endedAt !== null && new Date(endedAt).toDateString() === day.toDateString(),
    )
    const bad = own.filter(({ status }) => status === 'failed').length
    const good = own.filter(({ status }) => status === 'completed').length
    const words = t('overview.dayWords', {
      day: format.day(day),
      good: format.number(good),
      bad: format.number(bad),
    })
    return { id: day.toDateString(), good, bad, words }
  })
  // Figures of two weeks only where all of them are known.
  const oldest = jobs.at(-1)
  const whole = all || (oldest !== undefined && now.getTime() - Date.parse(oldest.createdAt) > days * dayMs)
  const failed = bars.reduce((sum, { bad }) => sum + bad, 0)
  const done = bars.reduce((sum, { good }) => sum + good, 0)
  return (
    <section>
      <SectionHead
        aside={
          <Link to="/jobs" className="text-sm text-accent-text underline-offset-2 hover:underline">
            {t('overview.allJobs')}
          </Link>
        }
      >
        {t('overview.lately')}
      </SectionHead>
      <Card>
        {over.length > 0 && whole && (
          <div className="grid gap-2 border-b px-4 py-3">
            <p className="text-sm text-ink-2">
              {t('overview.twoWeeks', { done: format.number(done), failed: format.number(failed) })}
            </p>
            <Bars
              label={t('overview.twoWeeks', { done: format.number(done), failed: format.number(failed) })}
              bars={bars}
            />
          </div>
        )}
        {over.length === 0 && <p className="px-4 py-3 text-ink-2">{t('overview.nothingYet')}</p>}
        <ul className="divide-y">
          {over.slice(0, most).map((job) => (
            <li key={job.id} className="relative grid gap-0.5 px-4 py-2.5 hover:bg-sunken/60">
              <div className="flex items-center justify-between gap-3">
                <Link
                  to="/jobs/$id"
                  params={{ id: job.id }}
                  className="min-w-0 truncate font-medium after:absolute after:inset-0"
                >
                  {t(`jobs.kinds.${job.kind}`, { defaultValue: job.kind })} · <Name>{job.about}</Name>
                </Link>
                <JobState status={job.status} />
              </div>
              <span className="text-sm text-ink-3">
                <Moment at={job.endedAt ?? job.createdAt} show="ago" />
              </span>
            </li>
          ))}
        </ul>
      </Card>
    </section>
  )
}
