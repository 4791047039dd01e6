import { Link, Outlet, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useRefusal } from '../lib/rights.ts'
import type { Destination, Subscription } from '../lib/types.ts'
import { Button } from '../ui/button.tsx'
import { Card, PageHead } from '../ui/card.tsx'
import { Destroy } from '../ui/destroy.tsx'
import { EmptyState, ErrorNote, Skeleton } from '../ui/notes.tsx'
import { Name } from '../ui/words.tsx'
import { Where } from './destinations/details.tsx'
import { Followed } from './destinations/follow.tsx'
import { Heard } from './destinations/hearings.tsx'
import { useShownDestinations } from './destinations/shown.ts'
import { useTrying } from './destinations/trying.tsx'

/** Where alarms go besides the console, and what of them. */
export function DestinationsPage() {
  const { t } = useTranslation()
  const { destinations: data, subscriptions, error } = useShownDestinations()
  return (
    <>
      <PageHead title={t('nav.destinations')} about={t('destinations.pageAbout')} actions={<Add />} />
      {error !== null && <ErrorNote error={error} />}
      {data === undefined && error === null && <Skeleton />}
      {data?.length === 0 && (
        <EmptyState icon="bell" title={t('destinations.empty.title')} action={<Add />}>
          {t('destinations.empty.text')}
        </EmptyState>
      )}
      <ul className="grid gap-3">
        {(data ?? []).map((one) => (
          <li key={one.id}>
            <One of={one} heard={subscriptions.filter(({ destinationId }) => destinationId === one.id)} />
          </li>
        ))}
      </ul>
      <Outlet />
    </>
  )
}

function Add() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const refused = useRefusal('create', 'destinations')
  return (
    <Button
      look="main"
      icon="plus"
      refused={refused}
      onClick={() => void navigate({ to: '/destinations/new' })}
    >
      {t('destinations.new.title')}
    </Button>
  )
}

function One({ of, heard }: { of: Destination; heard: readonly Subscription[] }) {
  const { t } = useTranslation()
  const mayRemove = useRefusal('remove', 'destinations')
  const [asked, setAsked] = useState(false)
  const { toggle, verb, problem } = useTrying(of)
  const { name } = of
  return (
    <Card className="grid gap-3 p-4">
      <div className="flex items-start justify-between gap-3">
        <div className="grid min-w-0 gap-0.5">
          <h2 className="font-semibold">
            <Link to="/destinations/$name" params={{ name }} className="underline-offset-2 hover:underline">
              <Name>{name}</Name>
            </Link>
          </h2>
          <p className="break-words text-ink-2">
            <Where of={of} />
          </p>
        </div>
        {toggle}
      </div>
      {of.kind === 'ping' && (
        <p className="text-ink-2">
          <Followed of={of} />
        </p>
      )}
      {heard.map((one) => (
        <p key={one.id} className="text-ink-2">
          <Heard of={one} />
          {!one.enabled && ` · ${t('destinations.hearingOff')}`}
        </p>
      ))}
      {problem}
      <div className="flex flex-wrap gap-2">
        {verb}
        <Button asChild>
          <Link to="/destinations/$name" params={{ name }}>
            {t(of.kind === 'ping' ? 'common.change' : 'destinations.edit')}
          </Link>
        </Button>
        <Button look="quiet" icon="trash" refused={mayRemove} onClick={() => setAsked(true)}>
          {t('destinations.remove')}
        </Button>
      </div>
      {asked && (
        <Destroy
          title={t('destinations.removeTitle', { name })}
          typed={name}
          verb={t('destinations.remove')}
          method="DELETE"
          path={`/destinations/${name}`}
          stale={['destinations', 'subscriptions']}
          onClose={() => setAsked(false)}
          onDone={() => setAsked(false)}
        >
          <p>{t('destinations.removeText')}</p>
        </Destroy>
      )}
    </Card>
  )
}
