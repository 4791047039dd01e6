import { useNavigate, useParams } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { request } from '../../lib/api.ts'
import { useChange, useDeliveries } from '../../lib/queries.ts'
import { useRefusal } from '../../lib/rights.ts'
import type { Delivery, Destination, DestinationWithKey } from '../../lib/types.ts'
import { State, type Meaning } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { SectionHead } from '../../ui/card.tsx'
import type { IconName } from '../../ui/icons.tsx'
import { EmptyState, ErrorNote, Skeleton } from '../../ui/notes.tsx'
import { Sheet } from '../../ui/overlay.tsx'
import { Secret } from '../../ui/secret.tsx'
import { toast } from '../../ui/toast.tsx'
import { Code, Moment, Name } from '../../ui/words.tsx'
import { AddressFields } from './address-fields.tsx'
import { addressOf, draftOf } from './draft.ts'
import { Followed } from './follow.tsx'
import { Hearings } from './hearings.tsx'
import { useShownDestinations } from './shown.ts'
import { useTrying } from './trying.tsx'

export function DestinationDetails() {
  const { t } = useTranslation()
  const { name } = useParams({ from: '/app/destinations/$name' })
  const navigate = useNavigate()
  const { destinations, error } = useShownDestinations()
  const data = useDeliveries(name).isLoading ? undefined : destinations
  const found = data?.find((one) => one.name === name)
  // Its line is there from the start: nothing moves when it is known.
  const comes = data === undefined && error === null ? '\u00a0' : undefined
  return (
    <Sheet
      title={<Name>{name}</Name>}
      about={found === undefined ? comes : <Where of={found} />}
      onClose={() => void navigate({ to: '/destinations' })}
    >
      {error !== null && <ErrorNote error={error} />}
      {data === undefined && error === null && <Skeleton />}
      {data !== undefined && found === undefined && (
        <EmptyState icon="bell" title={t('destinations.gone.title')}>
          {t('destinations.gone.text')}
        </EmptyState>
      )}
      {found !== undefined && (
        <>
          {found.kind === 'ping' ? <Follows of={found} /> : <Hearings of={found} />}
          <Readdress key={found.changedAt} of={found} />
          <Lately of={found} />
        </>
      )}
    </Sheet>
  )
}

/** What it is and where it leads, as far as that is no secret. */
export function Where({ of }: { of: Destination }) {
  const { t } = useTranslation()
  const to = of.settings['to'] ?? of.settings['host']
  return (
    <>
      {t(`destinations.kinds.${of.kind}`)}{' '}
      <Code>{Array.isArray(to) ? to.join(', ') : typeof to === 'string' ? to : ''}</Code>
    </>
  )
}

/** Whose jobs a ping tells of; for others there is another ping. */
function Follows({ of }: { of: Destination }) {
  const { t } = useTranslation()
  const { verb, problem } = useTrying(of)
  return (
    <section className="grid gap-2">
      <SectionHead>{t('destinations.pings.follows')}</SectionHead>
      <p>
        <Followed of={of} />
      </p>
      <p className="text-sm text-ink-2">{t('destinations.pings.testHint')}</p>
      {problem}
      <div>{verb}</div>
    </section>
  )
}

/** Another address, as a whole: what is secret of the present one is not shown, and has to be given again. */
function Readdress({ of }: { of: Destination }) {
  const { t } = useTranslation()
  const [draft, setDraft] = useState(draftOf(of))
  const [open, setOpen] = useState(false)
  const refused = useRefusal('change', 'destinations')
  const change = useChange(
    () => request<DestinationWithKey>('PATCH', `/destinations/${of.name}`, { body: addressOf(draft) }),
    ['destinations'],
  )
  const key = change.data?.key ?? null

  function submit(event: FormEvent): void {
    event.preventDefault()
    change.mutate(undefined, {
      onSuccess() {
        setOpen(false)
        toast(t('destinations.addressSaved'))
      },
    })
  }

  if (key !== null)
    return <Secret label={t('destinations.new.key')} value={key} about={t('destinations.new.keyAbout')} />
  return (
    <section>
      <SectionHead>{t('destinations.address')}</SectionHead>
      {open ? (
        <form className="grid gap-4 rounded-lg border bg-surface p-4" onSubmit={submit}>
          <p className="text-ink-2">{t('destinations.addressText')}</p>
          <AddressFields draft={draft} onDraft={setDraft} />
          {change.error !== null && <ErrorNote error={change.error} />}
          <div className="flex gap-2">
            <Button type="submit" look="main" busy={change.isPending} refused={refused}>
              {t('common.save')}
            </Button>
            <Button onClick={() => setOpen(false)}>{t('common.cancel')}</Button>
          </div>
        </form>
      ) : (
        <Button icon="edit" refused={refused} onClick={() => setOpen(true)}>
          {t('destinations.readdress')}
        </Button>
      )}
    </section>
  )
}

const looks: Readonly<Record<Delivery['status'], readonly [Meaning, IconName]>> = {
  pending: ['busy', 'waiting'],
  sent: ['good', 'check'],
  given_up: ['bad', 'failed'],
  dropped: ['none', 'cancelled'],
}

/** What was sent there and what came of it: the alarm's own way is looked at, too. */
function Lately({ of }: { of: Destination }) {
  const { t } = useTranslation()
  const { data } = useDeliveries(of.name)
  const titleOf = (title: string): string => {
    const [, ping] = /^ping: (start|success|fail)$/.exec(title) ?? []
    return ping === undefined ? title : t(`destinations.pings.${ping}`)
  }
  if (data === undefined || data.length === 0) return null
  return (
    <section>
      <SectionHead>{t('destinations.lately')}</SectionHead>
      <ul className="grid gap-px overflow-hidden rounded-lg border bg-line">
        {data.map(({ id, title, status, createdAt, error }) => (
          <li key={id} className="grid gap-1 bg-surface px-3 py-2">
            <div className="flex items-baseline justify-between gap-3">
              <bdi className="min-w-0 break-words">{titleOf(title)}</bdi>
              <State meaning={looks[status][0]} icon={looks[status][1]}>
                {t(`destinations.deliveries.${status}`)}
              </State>
            </div>
            <p className="text-sm text-ink-2">
              <Moment at={createdAt} />
            </p>
            {error !== null && (
              <p className="text-sm break-words text-ink-2">
                <bdi>{error}</bdi>
              </p>
            )}
          </li>
        ))}
      </ul>
    </section>
  )
}
