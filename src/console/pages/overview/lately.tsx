import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { JobAbout, JobState } from '../../lib/job-words.tsx'
import { isOver } from '../../lib/queries.ts'
import type { Job } from '../../lib/types.ts'
import { Card, SectionHead } from '../../ui/card.tsx'
import { Moment } from '../../ui/words.tsx'

const most = 6

/** What has ended, the newest first. */
export function Lately({ jobs }: { jobs: readonly Job[] }) {
  const { t } = useTranslation()
  const over = jobs.filter(isOver)
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
        {over.length === 0 && <p className="px-4 py-3 text-ink-2">{t('overview.nothingYet')}</p>}
        <ul className="divide-y">
          {over.slice(0, most).map((job) => (
            <li key={job.id} className="relative grid grid-cols-1 gap-0.5 px-4 py-2.5 hover:bg-sunken/60">
              <div className="flex items-center justify-between gap-3">
                <Link
                  to="/jobs/$id"
                  params={{ id: job.id }}
                  className="min-w-0 truncate font-medium after:absolute after:inset-0"
                >
                  {t(`jobs.kinds.${job.kind}`, { defaultValue: job.kind })} · <JobAbout of={job.about} />
                </Link>
                <span className="shrink-0">
                  <JobState status={job.status} />
                </span>
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
