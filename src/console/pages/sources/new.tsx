import { Link, useNavigate } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { isApiError, request } from '../../lib/api.ts'
import { useChange, useRepositories } from '../../lib/queries.ts'
import { useRefusal } from '../../lib/rights.ts'
import type { Source, SourceInput } from '../../lib/types.ts'
import { Button } from '../../ui/button.tsx'
import { Input, Select } from '../../ui/field.tsx'
import { EmptyState, ErrorNote } from '../../ui/notes.tsx'
import { Sheet } from '../../ui/overlay.tsx'
import { TestConnection } from './test-connection.tsx'

export function NewSource() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const refused = useRefusal('create', 'sources')
  const repositories = useRepositories().data
  const [given, setGiven] = useState({ name: '', address: '', password: '', repository: '' })
  const repository = given.repository === '' ? (repositories?.[0]?.name ?? '') : given.repository
  const add = useChange((body: SourceInput) => request<Source>('POST', '/sources', { body }), ['sources'])
  const close = (): void => void navigate({ to: '/sources' })
  const set = (name: keyof typeof given) => (event: { target: { value: string } }) =>
    setGiven({ ...given, [name]: event.target.value })

  function submit(event: FormEvent): void {
    event.preventDefault()
    const { name, address, password } = given
    add.mutate(
      { name, address, repository, ...(password === '' ? {} : { password }) },
      { onSuccess: (made) => void navigate({ to: '/sources/$name', params: { name: made.name } }) },
    )
  }

  return (
    <Sheet title={t('sources.new.title')} about={t('sources.new.about')} onClose={close}>
      {repositories?.length === 0 ? (
        <EmptyState
          icon="storage"
          title={t('sources.new.noStorage')}
          action={
            <Button asChild look="main">
              <Link to="/storage/new">{t('storage.new.title')}</Link>
            </Button>
          }
        >
          {t('sources.new.noStorageText')}
        </EmptyState>
      ) : (
        <form className="grid gap-5" onSubmit={submit}>
          <Input
            required
            code
            label={t('sources.name')}
            hint={t('sources.new.nameHint')}
            problem={isApiError(add.error, 'name_taken') ? t('sources.new.taken') : null}
            value={given.name}
            onChange={set('name')}
          />
          <Input
            required
            code
            label={t('sources.address')}
            hint={t('sources.new.addressHint')}
            placeholder="postgres://backup@db.example.com/shop"
            value={given.address}
            onChange={set('address')}
          />
          <Input
            type="password"
            dir="ltr"
            autoComplete="off"
            label={t('sources.password')}
            optional={t('common.optional')}
            hint={t('sources.new.passwordHint')}
            value={given.password}
            onChange={set('password')}
          />
          <Select
            label={t('storage.one')}
            hint={t('sources.new.storageHint')}
            value={repository}
            choices={(repositories ?? []).map(({ name }) => ({ value: name, text: name }))}
            onChoose={(next) => setGiven({ ...given, repository: next })}
          />
          <TestConnection address={given.address} password={given.password} />
          {add.error !== null && !isApiError(add.error, 'name_taken') && <ErrorNote error={add.error} />}
          <div className="flex gap-2">
            <Button type="submit" look="main" busy={add.isPending} refused={refused}>
              {t('sources.new.submit')}
            </Button>
            <Button onClick={close}>{t('common.cancel')}</Button>
          </div>
        </form>
      )}
    </Sheet>
  )
}
