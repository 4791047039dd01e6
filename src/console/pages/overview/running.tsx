import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { JobAbout } from '../../lib/job-words.tsx'
import type { Job, JobProgress } from '../../lib/types.ts'
import { Card, SectionHead } from '../../ui/card.tsx'
import { Progress } from '../../ui/progress.tsx'

export function RunningJobs({ jobs }: { jobs: readonly Job[] }) {
  const { t } = useTranslation()
  return (
    <section>
      <SectionHead>{t('overview.running')}</SectionHead>
      <Card>
        {jobs.length === 0 && <p className="px-4 py-3 text-ink-2">{t('overview.nothingRuns')}</p>}
        <ul className="grid divide-y">
          {jobs.map((job) => (
            <li key={job.id} className="grid gap-2 px-4 py-3">
              <Link
                to="/jobs/$id"
                params={{ id: job.id }}
                className="font-medium underline-offset-2 hover:underline"
              >
                {t(`jobs.kinds.${job.kind}`, { defaultValue: job.kind })} · <JobAbout of={job.about} />
              </Link>
              <Progress of={job.progress as JobProgress | null} />
            </li>
          ))}
        </ul>
      </Card>
    </section>
  )
}
