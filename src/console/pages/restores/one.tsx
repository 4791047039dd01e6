import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { request } from '../../lib/api.ts'
import { useNow } from '../../lib/now.ts'
import { previewOf } from '../../lib/preview.ts'
import { useChange, useRestore } from '../../lib/queries.ts'
import { stageOf, type Stage } from '../../lib/restore-stage.ts'
import { useRefusal } from '../../lib/rights.ts'
import type { JobProgress, Restore } from '../../lib/types.ts'
import { Button } from '../../ui/button.tsx'
import { Card, PageHead } from '../../ui/card.tsx'
import { ErrorNote, Skeleton, Warning } from '../../ui/notes.tsx'
import { Progress } from '../../ui/progress.tsx'
import { Code, Moment, Name } from '../../ui/words.tsx'
import { Agree } from './agree.tsx'
import { choiceOf } from './choice.ts'
import { Ended } from './ended.tsx'
import { Look } from './look.tsx'
import { Outcome } from './outcome.tsx'
import { StepBar, type Step } from './steps.tsx'

/** One restore from the look at what would change to its result. It can be left and come back to: its address says which. */
export function RestorePage() {
  const { id } = useParams({ from: '/app/restores/$id' })
  const restore = useRestore(id)
  if (restore.data !== undefined && restore.data.id === id) return <One restore={restore.data} />
  if (restore.error !== null) return <ErrorNote error={restore.error} retry={() => void restore.refetch()} />
  return <Skeleton className="h-80" />
}

const stepOf: Readonly<Record<Stage, Step>> = {
  looking: 'look',
  deciding: 'look',
  working: 'do',
  done: 'do',
  nothing: 'look',
  failed: 'look',
  expired: 'look',
  cancelled: 'look',
}

function One({ restore }: { restore: Restore }) {
  const { t } = useTranslation()
  const stage = stageOf(restore, useNow())
  const { kind, source, preview, previewCut } = restore
  return (
    <>
      <PageHead
        title={t(`restores.kindTitles.${kind}`, { source })}
        about={
          <>
            <Target restore={restore} /> · <Moment at={restore.createdAt} />
          </>
        }
        actions={
          <Button asChild>
            <Link to="/restores">{t('restores.all')}</Link>
          </Button>
        }
      />
      {kind === 'restore' && (
        <StepBar
          at={stage === 'failed' && restore.confirmedAt !== null ? 'do' : stepOf[stage]}
          over={stage === 'done' || stage === 'nothing'}
          choice={stage === 'working' ? undefined : choiceOf(restore)}
        />
      )}
      <div className="grid max-w-[960px] gap-5">
        {(stage === 'looking' || stage === 'working') && <UnderWay restore={restore} stage={stage} />}
        {stage === 'done' && <Outcome restore={restore} />}
        {(stage === 'nothing' || stage === 'failed' || stage === 'expired' || stage === 'cancelled') && (
          <Ended restore={restore} stage={stage} />
        )}
        {preview !== null && stage !== 'done' && stage !== 'working' && stage !== 'nothing' && (
          <Look preview={previewOf(preview)} undoing={kind === 'undo'} />
        )}
        {previewCut !== null && stage === 'deciding' && <Warning>{t('restores.look.cut')}</Warning>}
        {stage === 'deciding' && <Agree restore={restore} />}
      </div>
    </>
  )
}

function Target({ restore: { source, place, target } }: { restore: Restore }) {
  const { t } = useTranslation()
  return place === 'in place' ? (
    <>
      {t('restores.inPlaceOf')} <Name>{source}</Name>
    </>
  ) : (
    <>
      {t('restores.into')} <Code className="break-all">{target}</Code>
    </>
  )
}

function UnderWay({ restore, stage }: { restore: Restore; stage: 'looking' | 'working' }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const refused = useRefusal('change', 'jobs')
  const cancel = useChange(() => request('POST', `/jobs/${restore.id}/cancel`), ['restores', 'jobs'])
  return (
    <Card className="grid gap-4 p-5 phone:p-4">
      <div className="grid gap-1" role="status">
        <h2 className="text-lg">{t(`restores.underWay.${stage}`)}</h2>
        <p className="text-ink-2">{t(`restores.underWay.${stage}Text`)}</p>
      </div>
      <Progress of={restore.status === 'running' ? (restore.progress as JobProgress | null) : null} />
      {restore.restore !== null && restore.place === 'in place' && (
        <p className="text-sm text-ink-2">
          {t('restores.safetyIs')} <Code>{restore.restore}</Code>
        </p>
      )}
      {cancel.error !== null && <ErrorNote error={cancel.error} />}
      <div className="flex flex-wrap gap-2">
        <Button
          icon="cancelled"
          refused={refused}
          busy={cancel.isPending || cancel.isSuccess}
          onClick={() => cancel.mutate(undefined)}
        >
          {t('jobs.cancel')}
        </Button>
        <Button look="quiet" onClick={() => void navigate({ to: '/jobs/$id', params: { id: restore.id } })}>
          {t('jobs.log')}
        </Button>
      </div>
    </Card>
  )
}
