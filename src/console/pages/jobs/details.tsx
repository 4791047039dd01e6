import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { request } from '../../lib/api.ts'
import { useFormat } from '../../lib/format.ts'
import { JobAbout, JobState, secondsOf } from '../../lib/job-words.tsx'
import { useNow } from '../../lib/now.ts'
import { isOver, useChange, useJob } from '../../lib/queries.ts'
import { useRefusal } from '../../lib/rights.ts'
import type { JobDetail, JobProgress } from '../../lib/types.ts'
import { Who } from '../../lib/who.tsx'
import { Button } from '../../ui/button.tsx'
import { Facts, SectionHead } from '../../ui/card.tsx'
import { ErrorNote, Skeleton, Warning } from '../../ui/notes.tsx'
import { ConfirmDialog, Sheet } from '../../ui/overlay.tsx'
import { Progress } from '../../ui/progress.tsx'
import { Code, Moment } from '../../ui/words.tsx'
import { JobLog } from './log.tsx'
import { JobResult } from './result.tsx'

export function JobDetails() {
  const { t } = useTranslation()
  const { id } = useParams({ from: '/app/jobs/$id' })
  const navigate = useNavigate({ from: '/jobs/$id' })
  const job = useJob(id)
  const close = (): void => void navigate({ to: '/jobs', search: true })
  if (job.data === undefined) {
    return (
      <Sheet title={t('jobs.one')} onClose={close}>
        {job.error === null ? <Skeleton /> : <ErrorNote error={job.error} />}
      </Sheet>
    )
  }
  return <Details job={job.data} onClose={close} />
}

function Details({ job, onClose }: { job: JobDetail; onClose: () => void }) {
  const { t } = useTranslation()
  const format = useFormat()
  const seconds = secondsOf(job, useNow())
  const over = isOver(job)
  const facts = [
    { name: t('jobs.about'), value: <JobAbout of={job.about} /> },
    { name: t('jobs.asked'), value: <Moment at={job.createdAt} /> },
    ...(job.startedAt === null ? [] : [{ name: t('jobs.started'), value: <Moment at={job.startedAt} /> }]),
    ...(seconds === null ? [] : [{ name: t('jobs.duration'), value: format.seconds(seconds) }]),
    ...(job.notBefore === null || over
      ? []
      : [{ name: t('jobs.again'), value: <Moment at={job.notBefore} /> }]),
    { name: t('jobs.by'), value: <Requester of={job.requestedBy} /> },
    {
      name: t('jobs.attempt'),
      value: t('jobs.attempts', {
        attempt: format.number(job.attempt),
        most: format.number(job.maxAttempts),
      }),
    },
    ...(job.worker === null ? [] : [{ name: t('jobs.worker'), value: <Code>{job.worker}</Code> }]),
    { name: t('jobs.id'), value: <Code>{job.id}</Code> },
  ]
  return (
    <Sheet
      title={t(`jobs.kinds.${job.kind}`, { defaultValue: job.kind })}
      about={<JobState status={job.status} as="badge" />}
      onClose={onClose}
      actions={over ? undefined : <Cancel job={job} />}
    >
      {job.status === 'running' && <Progress of={job.progress as JobProgress | null} />}
      {job.cancelRequestedAt !== null && !over && <Warning>{t('jobs.cancelling')}</Warning>}
      {job.error !== null && <ErrorNote error={job.error} />}
      {job.status === 'completed' && <JobResult job={job} />}
      <Facts facts={facts} />
      <section>
        <SectionHead>{t('jobs.log')}</SectionHead>
        <JobLog id={job.id} over={over} />
      </section>
    </Sheet>
  )
}

/** `schedule:<id>`, `key:<id>`, `job:<id>`: who or what it was that asked. */
function Requester({ of }: { of: string }) {
  const { t } = useTranslation()
  const [what = '', id = ''] = of.split(':')
  if (what === 'job') {
    return (
      <Link
        to="/jobs/$id"
        params={{ id }}
        search={true}
        className="text-accent-text underline-offset-2 hover:underline"
      >
        {t('jobs.requesters.job')}
      </Link>
    )
  }
  return <Who of={of} />
}

function Cancel({ job }: { job: JobDetail }) {
  const { t } = useTranslation()
  const [asked, setAsked] = useState(false)
  const refused = useRefusal('change', 'jobs')
  const cancel = useChange(() => request('POST', `/jobs/${job.id}/cancel`), ['jobs'])
  return (
    <>
      <Button
        icon="cancelled"
        refused={refused}
        busy={job.cancelRequestedAt !== null}
        onClick={() => setAsked(true)}
      >
        {t('jobs.cancel')}
      </Button>
      {cancel.error !== null && <ErrorNote error={cancel.error} />}
      {asked && (
        <ConfirmDialog
          title={t('jobs.cancelTitle')}
          typed={null}
          verb={t('jobs.cancel')}
          onClose={() => setAsked(false)}
          onConfirm={() => {
            setAsked(false)
            cancel.mutate(undefined)
          }}
        >
          <p>{t(`jobs.cancelTexts.${job.kind}`, { defaultValue: t('jobs.cancelText') })}</p>
        </ConfirmDialog>
      )}
    </>
  )
}
