import { useNavigate } from '@tanstack/react-router'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { request } from '../../lib/api.ts'
import type { BackupFacts } from '../../lib/backup-facts.ts'
import { useFormat } from '../../lib/format.ts'
import { useChange, useRepositories } from '../../lib/queries.ts'
import { useRefusal } from '../../lib/rights.ts'
import type { Consequences, JobDetail } from '../../lib/types.ts'
import { Button } from '../../ui/button.tsx'
import { Destroy } from '../../ui/destroy.tsx'
import { Checkbox, Input } from '../../ui/field.tsx'
import { Icon } from '../../ui/icons.tsx'
import { Menu, MenuItem } from '../../ui/menu.tsx'
import { ErrorNote, Skeleton, Warning } from '../../ui/notes.tsx'
import { ConfirmDialog } from '../../ui/overlay.tsx'

type Asked = 'pin' | 'unpin' | 'remove'

/** Where it is in the API, below its id: an upload or a copy may have a backup of the same id. */
function usePathOf({ id, repositoryId }: BackupFacts): (below?: string) => string {
  const repository = useRepositories().data?.find((one) => one.id === repositoryId)?.name
  return (below = '') =>
    `/backups/${id}${below}${repository === undefined ? '' : `?repository=${repository}`}`
}

const stale = ['jobs', 'backups']

/** Whether it stays: pinned, left to the rules again, or removed for good. */
export function Keeping({ of }: { of: BackupFacts }) {
  const { t } = useTranslation()
  const [asked, setAsked] = useState<Asked | null>(null)
  const [mayChange, mayRemove] = [useRefusal('change', 'backups'), useRefusal('remove', 'backups')]
  const close = (): void => setAsked(null)
  return (
    <>
      <Menu side="top" trigger={<Button icon="more">{t('backups.more')}</Button>}>
        <MenuItem icon="pin" refused={mayChange} onSelect={() => setAsked('pin')}>
          {t('backups.pin.verb')}
        </MenuItem>
        {of.pins.length > 0 && (
          <MenuItem icon="off" refused={mayChange} onSelect={() => setAsked('unpin')}>
            {t('backups.unpin.verb')}
          </MenuItem>
        )}
        <MenuItem icon="trash" danger refused={mayRemove} onSelect={() => setAsked('remove')}>
          {t('backups.remove.verb')}
        </MenuItem>
      </Menu>
      {asked === 'pin' && <Pin of={of} onClose={close} />}
      {asked === 'unpin' && <Unpin of={of} onClose={close} />}
      {asked === 'remove' && <Remove of={of} onClose={close} />}
    </>
  )
}

type Part = Consequences['parts']['against'][number]

/** A sentence of the service in the reader's language; in the service's words, if this console does not know it. */
function useConsequenceWords(): (part: Part) => string {
  const { t } = useTranslation()
  const format = useFormat()
  return ({ key, values: { at }, text }) =>
    t(`backups.remove.parts.${key}`, {
      defaultValue: text,
      at: at === undefined ? '' : format.exact(new Date(at)),
    })
}

interface AskProps {
  readonly of: BackupFacts
  readonly onClose: () => void
}

/** Each is a job, which is gone to. */
function useGoTo(onClose: () => void): (job: JobDetail) => void {
  const navigate = useNavigate()
  return ({ id }) => {
    onClose()
    void navigate({ to: '/jobs/$id', params: { id } })
  }
}

function Pin({ of, onClose }: AskProps) {
  const { t } = useTranslation()
  const [reason, setReason] = useState('')
  const path = usePathOf(of)
  const onSuccess = useGoTo(onClose)
  const pin = useChange(
    () => request<JobDetail>('POST', path('/pin'), { body: { reason: reason.trim() || t('backups.pin.noReason') } }), // prettier-ignore
    stale,
  )
  return (
    <ConfirmDialog
      title={t('backups.pin.title')}
      typed={null}
      verb={t('backups.pin.verb')}
      busy={pin.isPending}
      onClose={onClose}
      onConfirm={() => pin.mutate(undefined, { onSuccess })}
    >
      <p>{t('backups.pin.text')}</p>
      <Input
        label={t('backups.pin.reason')}
        maxLength={200}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
      {pin.error !== null && <ErrorNote error={pin.error} />}
    </ConfirmDialog>
  )
}

function Unpin({ of, onClose }: AskProps) {
  const { t } = useTranslation()
  const path = usePathOf(of)
  return (
    <Destroy<JobDetail>
      title={t('backups.unpin.title')}
      typed={of.id}
      verb={t('backups.unpin.verb')}
      method="DELETE"
      path={path('/pin')}
      stale={stale}
      onClose={onClose}
      onDone={useGoTo(onClose)}
    >
      <p>{t('backups.unpin.text')}</p>
    </Destroy>
  )
}

/** What happens then is the service's to say: it knows which backup is the last that was proven. */
function Remove({ of, onClose }: AskProps) {
  const { t } = useTranslation()
  const [evenLast, setEvenLast] = useState(false)
  const path = usePathOf(of)
  const told = useQuery({
    queryKey: ['backups', of.id, of.repositoryId, 'consequences'],
    queryFn: ({ signal }) => request<Consequences>('GET', path('/consequences'), { signal }),
  })
  const words = useConsequenceWords()
  const against = told.data?.parts.against ?? []
  return (
    <Destroy<JobDetail>
      title={t('backups.remove.title')}
      typed={of.id}
      verb={t('backups.remove.verb')}
      method="DELETE"
      path={path()}
      body={evenLast ? { evenLast } : {}}
      stale={stale}
      onClose={onClose}
      onDone={useGoTo(onClose)}
    >
      <p>{t('backups.remove.text')}</p>
      {told.data === undefined && told.error === null && <Skeleton className="h-16" />}
      {told.error !== null && <ErrorNote error={told.error} />}
      <ul className="grid gap-1.5">
        {told.data?.parts.consequences.map((part) => (
          <li key={part.key} className="flex gap-2 text-ink">
            <Icon name="next" className="mt-0.5 text-ink-3" />
            <bdi>{words(part)}</bdi>
          </li>
        ))}
      </ul>
      {against.map((part) => (
        <Warning key={part.key}>
          <bdi>{words(part)}</bdi>
        </Warning>
      ))}
      {against.length > 0 && (
        <Checkbox checked={evenLast} onChange={setEvenLast} label={t('backups.remove.evenLast')} />
      )}
    </Destroy>
  )
}
