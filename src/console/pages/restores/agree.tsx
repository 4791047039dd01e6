import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { isApiError, request } from '../../lib/api.ts'
import { useChange } from '../../lib/queries.ts'
import { useRefusal } from '../../lib/rights.ts'
import type { Restore } from '../../lib/types.ts'
import { Button } from '../../ui/button.tsx'
import { Input } from '../../ui/field.tsx'
import { ErrorNote } from '../../ui/notes.tsx'
import { Code, Moment } from '../../ui/words.tsx'

/** The slow part, on purpose: what it does is said, and the name of the database is typed. */
export function Agree({ restore }: { restore: Restore }) {
  const { t } = useTranslation()
  const refused = useRefusal('change', 'restores')
  const [typed, setTyped] = useState('')
  const database = restore.database ?? ''
  const confirm = useChange(
    () => request<Restore>('POST', `/restores/${restore.id}/confirm`, { body: { confirm: typed.trim() } }),
    ['restores', 'jobs'],
  )
  const cancel = useChange(() => request('POST', `/jobs/${restore.id}/cancel`), ['restores', 'jobs'])
  const ready = typed.trim() === database

  function submit(event: FormEvent): void {
    event.preventDefault()
    if (ready && refused === null && !confirm.isPending) confirm.mutate(undefined)
  }

  return (
    <form
      className="grid gap-4 rounded-lg border border-line-strong bg-surface p-5 phone:p-4"
      onSubmit={submit}
    >
      <h2 className="text-lg">
        {t(restore.kind === 'undo' ? 'restores.agree.undoTitle' : 'restores.agree.title')}
      </h2>
      <ul className="grid list-disc gap-1 ps-5 text-ink-2">
        <li>{t('restores.agree.safety')}</li>
        <li>{t('restores.agree.undo')}</li>
        <li>{t('restores.agree.whole')}</li>
        {restore.expiresAt !== null && (
          <li>
            {t('restores.agree.until')} <Moment at={restore.expiresAt} />
          </li>
        )}
      </ul>
      <div className="max-w-sm">
        <Input
          code
          autoComplete="off"
          label={
            <>
              {t('common.typeToConfirm')} <Code className="font-semibold">{database}</Code>
            </>
          }
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      </div>
      {confirm.error !== null && (
        <>
          <ErrorNote error={confirm.error} />
          {isApiError(confirm.error, 'approval_needed') && (
            <p className="text-ink-2">{t('restores.agree.approval')}</p>
          )}
        </>
      )}
      {cancel.error !== null && <ErrorNote error={cancel.error} />}
      <div className="flex flex-wrap gap-2">
        <Button refused={refused} busy={cancel.isPending} onClick={() => cancel.mutate(undefined)}>
          {t('restores.agree.leave')}
        </Button>
        <Button
          type="submit"
          look="danger"
          busy={confirm.isPending || confirm.isSuccess}
          refused={refused ?? (ready ? null : t('common.typeFirst'))}
        >
          {t(restore.kind === 'undo' ? 'restores.agree.undoIt' : 'restores.agree.restore')}
        </Button>
      </div>
    </form>
  )
}
