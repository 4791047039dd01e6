import { Link, useNavigate } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { request } from '../../lib/api.ts'
import { factsOf } from '../../lib/backup-facts.ts'
import { useFormat } from '../../lib/format.ts'
import { useBackups, useChange } from '../../lib/queries.ts'
import { useRefusal } from '../../lib/rights.ts'
import type { Repository } from '../../lib/types.ts'
import { Button } from '../../ui/button.tsx'
import { SectionHead } from '../../ui/card.tsx'
import { Input, TextArea } from '../../ui/field.tsx'
import { ErrorNote, Skeleton } from '../../ui/notes.tsx'
import { toast } from '../../ui/toast.tsx'
import { Moment } from '../../ui/words.tsx'
import { BringIn } from './bring-in.tsx'

/** What an archive that was sent holds, and what opens it. */
export function Uploaded({ repository }: { repository: Repository }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { name } = repository
  const navigate = useNavigate()
  const mayRestore = useRefusal('create', 'restores')
  const { items } = useBackups({ repository: name })
  return (
    <>
      <section>
        <SectionHead>{t('uploads.holds')}</SectionHead>
        {items === undefined && <Skeleton className="h-16" />}
        <ul className="grid gap-2">
          {(items ?? []).map(factsOf).map((one) => (
            <li
              key={one.id}
              className="relative grid gap-1 rounded-lg border bg-surface p-4 hover:bg-sunken/60"
            >
              <Link
                to="/backups/$id"
                params={{ id: one.id }}
                search={{ repository: name }}
                className="text-lg font-semibold after:absolute after:inset-0"
              >
                <Moment at={one.moment} />
              </Link>
              <p className="text-ink-2">
                {one.name !== null && (
                  <>
                    <bdi>{one.name}</bdi>
                    {' · '}
                  </>
                )}
                {t('units.tables', { count: one.tables, value: format.number(one.tables) })}
                {' · '}
                {t('units.rows', { count: one.rows, value: format.number(one.rows) })}
                {' · '}
                <bdi>{format.bytes(one.plainBytes)}</bdi>
              </p>
            </li>
          ))}
        </ul>
      </section>
      <div>
        <Button
          look="main"
          icon="restores"
          refused={mayRestore}
          onClick={() => void navigate({ to: '/restores/new', search: { repository: name } })}
        >
          {t('uploads.restore')}
        </Button>
      </div>
      {items !== undefined && <BringIn name={name} backups={items.map(({ id }) => id)} />}
      <GiveIdentity name={name} />
    </>
  )
}

/** It opens the archive: until it is given, only how much there is can be told. */
function GiveIdentity({ name }: { name: string }) {
  const { t } = useTranslation()
  const refused = useRefusal('change', 'repositories')
  const [given, setGiven] = useState({ identity: '', passphrase: '' })
  const change = useChange(
    (body: { identity: string; passphrase?: string }) => request('PATCH', `/repositories/${name}`, { body }),
    ['repositories'],
  )

  function submit(event: FormEvent): void {
    event.preventDefault()
    const { identity, passphrase } = given
    change.mutate(
      { identity, ...(passphrase === '' ? {} : { passphrase }) },
      {
        onSuccess() {
          setGiven({ identity: '', passphrase: '' })
          toast(t('uploads.identitySet'))
        },
      },
    )
  }

  return (
    <section>
      <SectionHead>{t('uploads.open')}</SectionHead>
      <form className="grid gap-4 rounded-lg border bg-surface p-4" onSubmit={submit}>
        <p className="text-ink-2">{t('uploads.openText')}</p>
        <TextArea
          required
          label={t('storage.identity')}
          hint={t('uploads.identityHint')}
          value={given.identity}
          onChange={(event) => setGiven({ ...given, identity: event.target.value })}
        />
        <Input
          type="password"
          dir="ltr"
          autoComplete="off"
          label={t('uploads.passphrase')}
          optional={t('common.optional')}
          hint={t('uploads.passphraseHint')}
          value={given.passphrase}
          onChange={(event) => setGiven({ ...given, passphrase: event.target.value })}
        />
        {change.error !== null && <ErrorNote error={change.error} />}
        <div>
          <Button type="submit" icon="key" refused={refused} busy={change.isPending}>
            {t('uploads.giveIdentity')}
          </Button>
        </div>
      </form>
    </section>
  )
}
