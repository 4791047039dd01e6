import { useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { request } from '../../lib/api.ts'
import { useFormat } from '../../lib/format.ts'
import { useChange, useKeys } from '../../lib/queries.ts'
import { useRefusal } from '../../lib/rights.ts'
import type { Key } from '../../lib/types.ts'
import { Who } from '../../lib/who.tsx'
import { Button } from '../../ui/button.tsx'
import { Facts } from '../../ui/card.tsx'
import { EmptyState, ErrorNote, Skeleton } from '../../ui/notes.tsx'
import { ConfirmDialog, Sheet } from '../../ui/overlay.tsx'
import { toast } from '../../ui/toast.tsx'
import { Moment, Name } from '../../ui/words.tsx'
import { KeyState } from '../keys.tsx'

export function KeyDetails() {
  const { t } = useTranslation()
  const { id } = useParams({ from: '/app/keys/$id' })
  const navigate = useNavigate()
  const keys = useKeys()
  const key = keys.data?.find((one) => one.id === id)
  const close = (): void => void navigate({ to: '/keys' })
  if (key !== undefined) return <Details of={key} onClose={close} />
  return (
    <Sheet title={t('keys.one')} onClose={close}>
      {keys.data === undefined ? (
        <Skeleton />
      ) : (
        <EmptyState icon="key" title={t('keys.gone.title')}>
          {t('keys.gone.text')}
        </EmptyState>
      )}
    </Sheet>
  )
}

function Details({ of, onClose }: { of: Key; onClose: () => void }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { role, sources, scopes, expiresAt, revokedAt, lastUsedAt, createdBy } = of
  const facts = [
    { name: t('people.state'), value: <KeyState of={of} /> },
    { name: t('people.role'), value: t(`rights.roles.${role}`) },
    ...(sources.length === 0 ? [] : [{ name: t('people.sources'), value: format.list(sources) }]),
    { name: t('keys.scopes'), value: format.list(scopes.map((scope) => t(`keys.scope.${scope}`))) },
    { name: t('keys.used'), value: lastUsedAt === null ? t('keys.neverUsed') : <Moment at={lastUsedAt} /> },
    { name: t('keys.lasts'), value: expiresAt === null ? t('keys.lasting.ever') : <Moment at={expiresAt} /> },
    { name: t('common.added'), value: <Moment at={of.createdAt} /> },
    ...(createdBy === null ? [] : [{ name: t('keys.by'), value: <Who of={createdBy} /> }]),
  ]
  return (
    <Sheet
      title={<Name>{of.name}</Name>}
      onClose={onClose}
      actions={revokedAt === null ? <Revoke of={of} /> : undefined}
    >
      <Facts facts={facts} />
    </Sheet>
  )
}

/** Not held up by a name that is to be typed: whoever finds that a key has leaked is in a hurry. */
function Revoke({ of }: { of: Key }) {
  const { t } = useTranslation()
  const [asked, setAsked] = useState(false)
  const refused = useRefusal('change', 'api_keys')
  const revoke = useChange(() => request<Key>('DELETE', `/keys/${of.id}`), ['keys'])
  return (
    <>
      <Button icon="cancelled" refused={refused} onClick={() => setAsked(true)}>
        {t('keys.revoke.verb')}
      </Button>
      {asked && (
        <ConfirmDialog
          title={t('keys.revoke.title', { name: of.name })}
          typed={null}
          verb={t('keys.revoke.verb')}
          busy={revoke.isPending}
          onClose={() => setAsked(false)}
          onConfirm={() =>
            revoke.mutate(undefined, {
              onSuccess() {
                setAsked(false)
                toast(t('keys.revoke.done', { name: of.name }))
              },
            })
          }
        >
          <p>{t('keys.revoke.text')}</p>
          {revoke.error !== null && <ErrorNote error={revoke.error} />}
        </ConfirmDialog>
      )}
    </>
  )
}
