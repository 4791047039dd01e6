import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { request } from '../../lib/api.ts'
import { useChange } from '../../lib/queries.ts'
import { useRefusal } from '../../lib/rights.ts'
import type { Restore } from '../../lib/types.ts'
import { Button } from '../../ui/button.tsx'
import { useDestroying, Waiting } from '../../ui/destroy.tsx'
import { Input } from '../../ui/field.tsx'
import { ErrorNote } from '../../ui/notes.tsx'
import { Code, Moment } from '../../ui/words.tsx'

/** The slow part, on purpose: what it does is said, and the name of the database is typed. */
export function Agree({ restore }: { restore: Restore }) {
  const { t } = useTranslation()
  const refused = useRefusal('change', 'restores')
  const [typed, setTyped] = useState('')
  const [begun, setBegun] = useState(false)
  const confirm = useDestroying<Restore>({
    typed: restore.database ?? '',
    method: 'POST',
    path: `/restores/${restore.id}/confirm`,
    stale: ['restores', 'jobs'],
    onDone: () => setBegun(true),
  })
  const cancel = useChange(() => request('POST', `/jobs/${restore.id}/cancel`), ['restores', 'jobs'])
  const ready = typed.trim() === confirm.typed
  const undo = restore.kind === 'undo'
  const verb = t(undo ? 'restores.agree.undoIt' : 'restores.agree.restore')
  const title = t(undo ? 'restores.agree.undoTitle' : 'restores.agree.title')

  function submit(event: FormEvent): void {
    event.preventDefault()
    if (ready && refused === null && !confirm.busy && !begun) confirm.send()
  }

  return (
    <form
      className="grid gap-4 rounded-lg border border-line-strong bg-surface p-5 phone:p-4"
      onSubmit={submit}
    >
      <h2 className="text-lg">{title}</h2>
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
      <div className="grid max-w-sm gap-4">
        <Input
          code
          autoComplete="off"
          label={
            <>
              {t('common.typeToConfirm')} <Code className="font-semibold">{confirm.typed}</Code>
            </>
          }
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        {confirm.reason}
      </div>
      {confirm.error !== null && <ErrorNote error={confirm.error} />}
      {confirm.wish !== null && (
        <Waiting
          title={title}
          verb={verb}
          id={confirm.wish}
          busy={confirm.busy}
          onAgreed={() => confirm.send(confirm.wish ?? undefined)}
          onAgain={confirm.leave}
          onClose={confirm.leave}
        />
      )}
      {cancel.error !== null && <ErrorNote error={cancel.error} />}
      <div className="flex flex-wrap gap-2">
        <Button refused={refused} busy={cancel.isPending} onClick={() => cancel.mutate(undefined)}>
          {t('restores.agree.leave')}
        </Button>
        <Button
          type="submit"
          look="danger"
          busy={confirm.busy || begun}
          refused={refused ?? (ready ? null : t('common.typeFirst'))}
        >
          {verb}
        </Button>
      </div>
    </form>
  )
}
