import { useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { request } from '../../lib/api.ts'
import { useChange, useRestores } from '../../lib/queries.ts'
import { useRefusal } from '../../lib/rights.ts'
import type { JobError, Restore, RestoreInput } from '../../lib/types.ts'
import { Badge, type Meaning } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import type { IconName } from '../../ui/icons.tsx'
import { ErrorNote } from '../../ui/notes.tsx'
import { choiceOf } from './choice.ts'

type EndedStage = 'nothing' | 'failed' | 'expired' | 'cancelled'

const looks: Readonly<Record<EndedStage, { readonly meaning: Meaning; readonly icon: IconName }>> = {
  nothing: { meaning: 'good', icon: 'check' },
  failed: { meaning: 'bad', icon: 'failed' },
  expired: { meaning: 'warn', icon: 'waiting' },
  cancelled: { meaning: 'none', icon: 'cancelled' },
}

/** Those that changed nothing, or may not have: what happened, and what to do now. */
export function Ended({ restore, stage }: { restore: Restore; stage: EndedStage }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const error = restore.error as JobError | null
  const outdated = error?.code === 'preview_outdated'
  const undecided = error?.code === 'restore_undecided'
  // The preview says it itself, one by one.
  const told = restore.preview !== null && (undecided || error?.code === 'target_lacks')
  const word = outdated ? 'outdated' : stage
  return (
    <Card className="grid gap-4 p-5 phone:p-4">
      <div className="flex flex-wrap items-center gap-3" role="status">
        <Badge {...(outdated ? looks.expired : looks[stage])}>{t(`restores.ended.${word}`)}</Badge>
        {stage === 'failed' && (
          <span className="font-medium">
            {t(
              restore.changed === false
                ? 'restores.ended.unchanged'
                : restore.changed === null
                  ? 'restores.ended.unknown'
                  : 'restores.ended.partly',
            )}
          </span>
        )}
      </div>
      <p className="max-w-[72ch] text-ink-2">{t(`restores.ended.${word}Text`)}</p>
      {error !== null && !outdated && <ErrorNote error={told ? { ...error, message: '' } : error} />}
      <div className="flex flex-wrap gap-2">
        {stage !== 'nothing' && restore.kind !== 'release' && (
          <LookAgain restore={restore} skipConflicts={undecided} />
        )}
        {restore.kind === 'restore' && (
          <Button
            onClick={() =>
              void navigate({ to: '/restores/new', search: { ...choiceOf(restore), step: 'what' } })
            }
          >
            {t('restores.ended.choose')}
          </Button>
        )}
      </div>
    </Card>
  )
}

/** The same once more: in place it begins with a look, so that it harms nothing. */
function LookAgain({ restore, skipConflicts }: { restore: Restore; skipConflicts: boolean }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const refused = useRefusal('change', 'restores')
  const { kind, place, params, source, asUser, undoes } = restore
  // An undoing is asked for of the restore that it takes back.
  const undone = useRestores({ source: kind === 'undo' ? source : undefined }).items?.find((one) => one.restore === undoes) // prettier-ignore
  const again = useChange(() => {
    const { backup, ...choices } = params
    const skip = skipConflicts ? { skipConflicts: true } : {}
    if (kind === 'undo') return request<Restore>('POST', `/restores/${undone?.id}/undo`, { body: skip })
    const body = { ...choices, ...skip, source, backup, into: { inPlace: true } } as RestoreInput
    return request<Restore>('POST', '/restores', { body })
  }, ['restores', 'jobs'])
  // A password is not kept: whoever gave one must give it again.
  const asks = place === 'new' || asUser !== null
  return (
    <>
      <Button
        look="main"
        icon="refresh"
        refused={refused ?? (kind === 'undo' && undone === undefined ? t('restores.ended.goneUndo') : null)}
        busy={again.isPending}
        onClick={() =>
          asks
            ? void navigate({ to: '/restores/new', search: { ...choiceOf(restore), step: 'where' } })
            : again.mutate(undefined, {
                onSuccess: ({ id }) => void navigate({ to: '/restores/$id', params: { id } }),
              })
        }
      >
        {t(
          asks ? 'restores.ended.again' : skipConflicts ? 'restores.ended.skip' : 'restores.ended.lookAgain',
        )}
      </Button>
      {again.error !== null && <ErrorNote error={again.error} />}
    </>
  )
}
