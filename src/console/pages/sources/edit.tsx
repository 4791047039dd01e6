import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { isApiError, request } from '../../lib/api.ts'
import { useBackups, useChange, useRepositories, useSources } from '../../lib/queries.ts'
import { useRefusal } from '../../lib/rights.ts'
import type { Source, SourceChange } from '../../lib/types.ts'
import { Button } from '../../ui/button.tsx'
import { Facts } from '../../ui/card.tsx'
import { Input } from '../../ui/field.tsx'
import { EmptyState, ErrorNote, Skeleton } from '../../ui/notes.tsx'
import { Sheet } from '../../ui/overlay.tsx'
import { RadioCards } from '../../ui/radio-cards.tsx'
import { toast } from '../../ui/toast.tsx'
import { Code, Name } from '../../ui/words.tsx'
import { leadToOne, partsOf } from './address-parts.ts'
import { TestConnection } from './test-connection.tsx'

/** What is at an address that leads elsewhere; empty: it was not said. */
type Which = 'same' | 'other' | ''

export function EditSource() {
  const { t } = useTranslation()
  const { name } = useParams({ from: '/app/sources/$name/edit' })
  const navigate = useNavigate()
  const sources = useSources()
  const source = sources.data?.find((one) => one.name === name)
  const waits = [useRepositories(), useBackups({ source: name })].some(({ isLoading }) => isLoading)
  const close = (): void => void navigate({ to: '/sources/$name', params: { name } })
  return (
    <Sheet title={t('sources.edit.title', { name })} about={t('sources.edit.about')} onClose={close}>
      {sources.error !== null && <ErrorNote error={sources.error} />}
      {sources.error === null && (sources.data === undefined || waits) && <Skeleton className="h-80" />}
      {sources.data !== undefined && source === undefined && (
        <EmptyState icon="sources" title={t('sources.gone.title')}>
          {t('sources.gone.text')}
        </EmptyState>
      )}
      {source !== undefined && !waits && <Form key={source.id} source={source} onDone={close} />}
    </Sheet>
  )
}

function Form({ source, onDone }: { source: Source; onDone: () => void }) {
  const { t } = useTranslation()
  const { name } = source
  const [address, setAddress] = useState(source.address)
  const [password, setPassword] = useState('')
  const [which, setWhich] = useState<Which>('')
  const refused = useRefusal('change', 'sources')
  const backups = useBackups({ source: name }).items
  const repository = useRepositories().data?.find(({ id }) => id === source.repositoryId)
  const change = useChange(
    (body: SourceChange) => request<Source>('PATCH', `/sources/${name}`, { body }),
    ['sources', 'overview'],
  )
  const changed = address !== source.address
  const elsewhere =
    isApiError(change.error, 'source_elsewhere') ||
    (changed && backups?.length !== 0 && !leadToOne(source.address, address))
  const nothing = !changed && password === '' ? t('sources.edit.nothing') : null
  const unsaid = elsewhere && which !== 'same' ? t('sources.edit.elsewhere.unsaid') : null

  function submit(event: FormEvent): void {
    event.preventDefault()
    if ((nothing ?? unsaid) !== null) return
    const body = {
      ...(changed ? { address } : {}),
      ...(password === '' ? {} : { password }),
      ...(elsewhere ? { moved: true } : {}),
    }
    change.mutate(body, {
      onSuccess() {
        toast(t('sources.edit.saved', { name }))
        onDone()
      },
    })
  }

  return (
    <form className="grid gap-5" onSubmit={submit}>
      <div className="grid gap-3">
        <Input
          required
          code
          label={t('sources.address')}
          hint={t('sources.edit.addressHint')}
          value={address}
          onChange={(event) => setAddress(event.target.value)}
        />
        <ReadBack address={address} />
      </div>
      <Input
        type="password"
        dir="ltr"
        autoComplete="off"
        label={t('sources.edit.password')}
        {...(changed ? {} : { optional: t('common.optional') })}
        hint={t(changed ? 'sources.edit.passwordAgain' : 'sources.edit.passwordStays')}
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      {elsewhere && (
        <section className="grid gap-3">
          <h3 className="font-medium">{t('sources.edit.elsewhere.title')}</h3>
          <RadioCards<Which>
            label={t('sources.edit.elsewhere.title')}
            value={which}
            onChoose={setWhich}
            cards={[
              { value: 'same', title: t('sources.edit.elsewhere.same'), text: t('sources.edit.elsewhere.sameText', { name }) }, // prettier-ignore
              { value: 'other', title: t('sources.edit.elsewhere.other'), text: t('sources.edit.elsewhere.otherText') }, // prettier-ignore
            ]}
          />
          {which === 'other' && (
            <div>
              <Button asChild>
                <Link to="/sources/new">{t('sources.new.title')}</Link>
              </Button>
            </div>
          )}
        </section>
      )}
      {repository !== undefined && (
        <p className="text-sm text-ink-2">
          {t('sources.edit.storage')} <Name>{repository.name}</Name>. {t('sources.edit.storageStays')}
        </p>
      )}
      <TestConnection address={address} password={password} source={source} />
      {change.error !== null && !isApiError(change.error, 'source_elsewhere') && (
        <ErrorNote error={change.error} />
      )}
      <div className="flex gap-2">
        <Button type="submit" look="main" busy={change.isPending} refused={refused ?? nothing ?? unsaid}>
          {t('common.save')}
        </Button>
        <Button onClick={onDone}>{t('common.cancel')}</Button>
      </div>
    </form>
  )
}

/** What the address says, so that a slip is seen before it is tested. */
function ReadBack({ address }: { address: string }) {
  const { t } = useTranslation()
  const parts = partsOf(address)
  if (parts === null) return null
  const told = (value: string) => (value === '' ? <span className="text-ink-3">{t('sources.edit.parts.none')}</span> : <Code>{value}</Code>) // prettier-ignore
  return (
    <Facts
      facts={[
        { name: t('sources.edit.parts.host'), value: told(parts.host === '' ? '' : `${parts.host}:${parts.port}`) }, // prettier-ignore
        { name: t('sources.edit.parts.database'), value: told(parts.database) },
        { name: t('sources.edit.parts.user'), value: told(parts.user) },
        { name: t('sources.edit.parts.tls'), value: parts.tls === '' ? t('sources.edit.parts.tlsUsual') : <Code>{parts.tls}</Code> }, // prettier-ignore
      ]}
    />
  )
}
