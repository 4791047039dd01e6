import { useNavigate } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { isApiError, request } from '../../lib/api.ts'
import { useChange } from '../../lib/queries.ts'
import { useRefusal } from '../../lib/rights.ts'
import type { DestinationInput, DestinationWithKey, Severity, SubscriptionInput } from '../../lib/types.ts'
import { Button } from '../../ui/button.tsx'
import { Input, Select } from '../../ui/field.tsx'
import { ErrorNote } from '../../ui/notes.tsx'
import { Sheet } from '../../ui/overlay.tsx'
import { Secret } from '../../ui/secret.tsx'

const kinds = ['email', 'slack', 'teams', 'discord', 'webhook'] as const
const securities = ['tls', 'starttls', 'none'] as const
const reaches = ['public', 'private', 'any'] as const
const severities = ['info', 'warning', 'error', 'critical'] as const
const modes = ['each', 'daily', 'weekly'] as const

const nothing = { name: '', kind: 'email', url: '', host: '', port: '465', security: 'tls', user: '', password: '', from: '', to: '', reach: 'public', minSeverity: 'warning', mode: 'each' } // prettier-ignore
type Given = typeof nothing

/** A destination and what it hears: one without a subscription would hear nothing. */
export function NewDestination() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const refused = useRefusal('create', 'destinations')
  const [given, setGiven] = useState(nothing)
  const add = useChange(addBoth, ['destinations', 'subscriptions'])
  const close = (): void => void navigate({ to: '/destinations' })
  const set = (name: keyof Given) => (value: string) => setGiven({ ...given, [name]: value })
  const key = add.data?.key ?? null

  function submit(event: FormEvent): void {
    event.preventDefault()
    add.mutate(given, { onSuccess: (made) => made.key === null && close() })
  }

  const field = (name: keyof Given, more: { type?: string; required?: boolean } = {}) => (
    <Input
      required
      code
      label={t(`destinations.fields.${name}`)}
      value={given[name]}
      onChange={(event) => set(name)(event.target.value)}
      {...more}
    />
  )
  const choice = (name: keyof Given, values: readonly string[], words: (value: string) => string) => (
    <Select
      label={t(`destinations.fields.${name}`)}
      value={given[name]}
      choices={values.map((value) => ({ value, text: words(value) }))}
      onChoose={set(name)}
    />
  )
  if (key !== null)
    return (
      <Sheet title={t('destinations.new.key')} onClose={close}>
        <Secret label={t('destinations.new.key')} value={key} about={t('destinations.new.keyAbout')} />
      </Sheet>
    )
  const mail = given.kind === 'email'
  return (
    <Sheet title={t('destinations.new.title')} onClose={close}>
      <form className="grid gap-5" onSubmit={submit}>
        {field('name')}
        {choice('kind', kinds, (value) => t(`destinations.kinds.${value}`))}
        {mail ? (
          <>
            {field('to')}
            {field('from')}
            {field('host')}
            {field('port', { type: 'number' })}
            {choice('security', securities, (value) => t(`destinations.securities.${value}`))}
            {field('user', { required: false })}
            {field('password', { type: 'password', required: false })}
          </>
        ) : (
          field('url', { type: 'url' })
        )}
        {choice('reach', reaches, (value) => t(`destinations.reaches.${value}`))}
        {choice('minSeverity', severities, (value) => t(`alarms.severities.${value}`))}
        {choice('mode', modes, (value) => t(`destinations.modes.${value}`))}
        {add.error !== null && <ErrorNote error={add.error} />}
        <div className="flex gap-2">
          <Button type="submit" look="main" busy={add.isPending} refused={refused}>
            {t('destinations.new.title')}
          </Button>
          <Button onClick={close}>{t('common.cancel')}</Button>
        </div>
      </form>
    </Sheet>
  )
}

async function addBoth(given: Given): Promise<DestinationWithKey> {
  const made = await request<DestinationWithKey>('POST', '/destinations', { body: inputOf(given) })
  const { timeZone: zone } = new Intl.DateTimeFormat().resolvedOptions()
  const subscription: SubscriptionInput = {
    destination: given.name,
    minSeverity: given.minSeverity as Severity,
    mode: given.mode as (typeof modes)[number],
    zone,
  }
  try {
    await request('POST', '/subscriptions', { body: subscription })
  } catch (error) {
    // Not half of it: the form can be sent again.
    if (isApiError(error)) await request('DELETE', `/destinations/${given.name}`)
    throw error
  }
  return made
}

function inputOf(given: Given): DestinationInput {
  const { name, user, password, host, from, url } = given
  const reach = given.reach as (typeof reaches)[number]
  const kind = given.kind as (typeof kinds)[number]
  if (kind !== 'email') return { name, reach, address: { kind, url } }
  const address = {
    kind,
    host,
    port: Number(given.port),
    security: given.security as (typeof securities)[number],
    from,
    to: given.to.split(',').map((one) => one.trim()),
    ...(user === '' ? {} : { user }),
    ...(password === '' ? {} : { password }),
  }
  return { name, reach, address }
}
