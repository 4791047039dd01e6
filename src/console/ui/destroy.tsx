import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { isApiError, request, type Method } from '../lib/api.ts'
import { isDecided, useApproval, useChange, useSettings } from '../lib/queries.ts'
import type { Approval } from '../lib/types.ts'
import { Button } from './button.tsx'
import { Input } from './field.tsx'
import { ErrorNote, Warning } from './notes.tsx'
import { ConfirmDialog, Dialog } from './overlay.tsx'
import { Icon } from './icons.tsx'
import { Moment } from './words.tsx'

/** What is asked of the API, with what was typed as `confirm` beside `body`. */
export interface Destruction<T> {
  /** The name of what is destroyed: it is typed first. */
  readonly typed: string
  readonly method: Method
  readonly path: string
  readonly body?: Readonly<Record<string, unknown>>
  /** Which nouns are read again afterwards. */
  readonly stale: readonly string[]
  readonly onDone: (result: T) => void
}

interface Destroying {
  /** What is to be typed: the service has the last word on it. */
  readonly typed: string
  readonly busy: boolean
  /** Why it was refused; null too while a second person is waited for. */
  readonly error: unknown
  /** The wish that a second person has to agree to. */
  readonly wish: string | null
  /** Where a second person has to agree: why, in a field for them. */
  readonly reason: ReactNode
  readonly send: (approval?: string) => void
  /** Not waited for any more. */
  readonly leave: () => void
}

/** The way to everything that destroys, for places that are no dialog; `Destroy` is the dialog. */
export function useDestroying<T>(o: Destruction<T>): Destroying {
  const { t } = useTranslation()
  const asksSecond = useSettings().data?.approvals === true
  const [reason, setReason] = useState('')
  const [typed, setTyped] = useState(o.typed)
  const change = useChange(
    (approval: string | undefined) =>
      request<T>(o.method, o.path, {
        approval,
        // The same text each time, since the second person agrees to this very request.
        body: { ...o.body, confirm: typed, ...(reason.trim() === '' ? {} : { reason: reason.trim() }) },
      }),
    [...o.stale, 'approvals'],
  )
  const wish = isApiError(change.error, 'approval_needed') ? change.error.approval : null
  return {
    typed,
    busy: change.isPending,
    error: wish === null ? change.error : null,
    wish,
    reason: asksSecond && (
      <Input
        label={t('destroy.reason')}
        hint={t('destroy.reasonHint')}
        optional={t('common.optional')}
        value={reason}
        maxLength={500}
        onChange={(event) => setReason(event.target.value)}
      />
    ),
    send: (approval) =>
      change.mutate(approval, {
        onSuccess: (result) => o.onDone(result),
        onError(failed) {
          if (isApiError(failed, 'confirmation_needed') && failed.confirm !== null) setTyped(failed.confirm)
        },
      }),
    leave: () => change.reset(),
  }
}

interface DestroyProps<T> extends Destruction<T> {
  readonly title: ReactNode
  readonly verb: string
  readonly onClose: () => void
  /** Exactly what will happen. */
  readonly children: ReactNode
}

/**
 * The one dialog before everything that destroys: its name is typed, and where a second person has to agree, they are waited for here. It
 * may be closed meanwhile: the same wish, asked for again, finds what was decided.
 */
export function Destroy<T = unknown>(o: DestroyProps<T>) {
  const { typed, busy, error, wish, reason, send, leave } = useDestroying(o)
  if (wish !== null)
    return <Waiting title={o.title} verb={o.verb} id={wish} busy={busy} onAgreed={() => send(wish)} onAgain={leave} onClose={o.onClose} /> // prettier-ignore
  return (
    <ConfirmDialog
      title={o.title}
      typed={typed}
      verb={o.verb}
      busy={busy}
      onClose={o.onClose}
      onConfirm={() => send()}
    >
      {o.children}
      {reason}
      {error !== null && <ErrorNote error={error} />}
    </ConfirmDialog>
  )
}

interface WaitingProps {
  readonly id: string
  readonly title: ReactNode
  readonly verb: string
  readonly busy: boolean
  readonly onAgreed: () => void
  readonly onAgain: () => void
  readonly onClose: () => void
}

/** A second person has to agree. When they have, it is still whoever wanted it who does it. */
export function Waiting({ id, title, verb, busy, onAgreed, onAgain, onClose }: WaitingProps) {
  const { t } = useTranslation()
  const approval = useApproval(id)
  const status = approval?.status ?? 'pending'
  return (
    <Dialog title={title} onClose={onClose}>
      <div className="grid gap-3" role="status">
        {status === 'pending' && (
          <>
            <p className="flex items-center gap-2 font-medium">
              <Icon name="waiting" className="text-ink-2" />
              {t('destroy.waiting')}
            </p>
            <p className="text-ink-2">{t('destroy.waitingText')}</p>
          </>
        )}
        {status === 'approved' && (
          <p className="flex items-center gap-2 font-medium text-good-text">
            <Icon name="check" />
            {t('destroy.agreed')}
          </p>
        )}
        {(status === 'refused' || status === 'expired' || status === 'used') && (
          <Warning>{t(`destroy.${status}`)}</Warning>
        )}
        {approval !== undefined && <When approval={approval} />}
      </div>
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={onClose}>{t('common.close')}</Button>
        {status === 'approved' ? (
          <Button look="danger" busy={busy} onClick={onAgreed}>
            {verb}
          </Button>
        ) : (
          status !== 'pending' && <Button onClick={onAgain}>{t('destroy.again')}</Button>
        )}
      </div>
    </Dialog>
  )
}

function When({ approval }: { approval: Approval }) {
  const { t } = useTranslation()
  const decided = isDecided(approval) ? approval.decidedAt : null
  return (
    <p className="text-sm text-ink-3">
      {t(decided === null ? 'destroy.until' : 'destroy.decided')}{' '}
      <Moment at={decided ?? approval.expiresAt} />
    </p>
  )
}
