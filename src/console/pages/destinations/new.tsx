import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { isApiError, request } from '../../lib/api.ts'
import { useChange } from '../../lib/queries.ts'
import { useRefusal } from '../../lib/rights.ts'
import type { DestinationWithKey } from '../../lib/types.ts'
import { Button } from '../../ui/button.tsx'
import { Input, Select } from '../../ui/field.tsx'
import { ErrorNote } from '../../ui/notes.tsx'
import { Sheet } from '../../ui/overlay.tsx'
import { Secret } from '../../ui/secret.tsx'
import { AddressFields } from './address-fields.tsx'
import { addressOf, changeOf, kinds, newHearing, noAddress, type AddressDraft, type HearingDraft } from './draft.ts' // prettier-ignore
import { FollowFields, newFollow, useFollowed, type Follows } from './follow.tsx'
import { HearingFields, useHearingRefusal } from './hearing-fields.tsx'

/** A destination and what it hears: one without a subscription would hear nothing, but for a ping, which follows jobs. */
export function NewDestination() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const refused = useRefusal('create', 'destinations')
  const { kind, source, schedule } = useSearch({ from: '/app/destinations/new' })
  const [name, setName] = useState(kind === 'ping' ? `${schedule ?? source ?? ''}-ping` : '')
  const [address, setAddress] = useState({ ...noAddress, ...(kind === 'ping' ? { kind } : {}) })
  const [follow, setFollow] = useState(newFollow({ source, schedule }))
  const [hearing, setHearing] = useState(newHearing)
  const add = useChange(addBoth, ['destinations', 'subscriptions'])
  /** Back to where it was wanted. */
  const close = (): void => {
    if (schedule !== undefined) void navigate({ to: '/schedules/$name', params: { name: schedule } })
    else if (source !== undefined) void navigate({ to: '/sources/$name', params: { name: source } })
    else void navigate({ to: '/destinations' })
  }
  const key = add.data?.key ?? null
  const follows = useFollowed(follow)
  const unheard = useHearingRefusal(hearing)
  const isPing = address.kind === 'ping'
  const lacks = isPing ? (follows === null ? t('destinations.pings.nothing') : null) : unheard

  function submit(event: FormEvent): void {
    event.preventDefault()
    const hears = isPing ? { follows } : { hearing }
    if (lacks === null) add.mutate({ name, address, ...hears }, { onSuccess: (made) => made.key === null && close() }) // prettier-ignore
  }

  if (key !== null)
    return (
      <Sheet title={t('destinations.new.key')} onClose={close}>
        <Secret label={t('destinations.new.key')} value={key} about={t('destinations.new.keyAbout')} />
      </Sheet>
    )
  return (
    <Sheet title={t('destinations.new.title')} onClose={close}>
      <form className="grid gap-5" onSubmit={submit}>
        <Input
          required
          code
          label={t('destinations.fields.name')}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <Select
          label={t('destinations.fields.kind')}
          {...(isPing ? { hint: t('destinations.pings.about') } : {})}
          value={address.kind}
          choices={kinds.map((value) => ({ value, text: t(`destinations.kinds.${value}`) }))}
          onChoose={(kind) => setAddress({ ...address, kind })}
        />
        <AddressFields draft={address} onDraft={setAddress} />
        {isPing ? (
          <FollowFields draft={follow} onDraft={setFollow} />
        ) : (
          <HearingFields draft={hearing} onDraft={setHearing} />
        )}
        {add.error !== null && <ErrorNote error={add.error} />}
        <div className="flex gap-2">
          <Button type="submit" look="main" busy={add.isPending} refused={refused ?? lacks}>
            {t('destinations.new.title')}
          </Button>
          <Button onClick={close}>{t('common.cancel')}</Button>
        </div>
      </form>
    </Sheet>
  )
}

async function addBoth(given: {
  readonly name: string
  readonly address: AddressDraft
  readonly hearing?: HearingDraft
  readonly follows?: Follows
}): Promise<DestinationWithKey> {
  const { name, hearing, follows = null } = given
  const made = await request<DestinationWithKey>('POST', '/destinations', {
    body: { name, ...addressOf(given.address), follows },
  })
  if (hearing === undefined) return made
  try {
    await request('POST', '/subscriptions', { body: { destination: name, ...changeOf(hearing) } })
  } catch (error) {
    // Not half of it: the form can be sent again.
    if (isApiError(error)) await request('DELETE', `/destinations/${name}`, { body: { confirm: name } })
    throw error
  }
  return made
}
