import { useTranslation } from 'react-i18next'
import { Button } from '../ui/button.tsx'
import { KeepCalendar } from '../ui/keep-calendar.tsx'
import { ErrorNote } from '../ui/notes.tsx'
import { Progress } from '../ui/progress.tsx'
import { request } from './api.ts'
import { planOf } from './keep-calendar.ts'
import { isOver, useChange, useJob } from './queries.ts'
import { useRefusal } from './rights.ts'
import type { JobDetail, JobProgress } from './types.ts'

type Keep = Readonly<Record<string, unknown>>

/** What these rules would do to the backups that there are. A job looks; nothing is removed. */
export function KeepPreview({ source, keep }: { source: string; keep: Keep }) {
  const { t } = useTranslation()
  const refused = useRefusal('create', 'jobs')
  const look = useChange(
    (given: Keep) =>
      request<JobDetail>('POST', '/jobs', {
        body: { kind: 'prune-preview', source, params: { keep: given } },
      }),
    ['jobs'],
  )
  // Of other rules it would say what is not so.
  const same = JSON.stringify(look.variables) === JSON.stringify(keep)
  return (
    <div className="grid gap-3">
      <div>
        <Button icon="schedules" refused={refused} busy={look.isPending} onClick={() => look.mutate(keep)}>
          {t('keep.look')}
        </Button>
      </div>
      {look.error !== null && <ErrorNote error={look.error} />}
      {same && look.data !== undefined && <Found id={look.data.id} />}
    </div>
  )
}

function Found({ id }: { id: string }) {
  const { t } = useTranslation()
  const { data } = useJob(id)
  if (data === undefined || !isOver(data))
    return <Progress of={(data?.progress ?? null) as JobProgress | null} />
  if (data.error !== null) return <ErrorNote error={data.error} />
  const plan = planOf(data.result)
  if (plan === null) return null
  if (plan.decisions.length === 0) return <p className="text-ink-2">{t('keep.nothing')}</p>
  return <KeepCalendar plan={plan} />
}
