import { Outlet, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { request } from '../lib/api.ts'
import { useChange, useProviders } from '../lib/queries.ts'
import { useRefusal } from '../lib/rights.ts'
import type { Provider } from '../lib/types.ts'
import { Button } from '../ui/button.tsx'
import { Card, Facts, PageHead } from '../ui/card.tsx'
import { Destroy } from '../ui/destroy.tsx'
import { Switch } from '../ui/field.tsx'
import { EmptyState, ErrorNote, Skeleton } from '../ui/notes.tsx'
import { toast } from '../ui/toast.tsx'
import { Code, Name } from '../ui/words.tsx'

/** Who else may say who somebody is: people sign in there, or their tokens are taken. */
export function ProvidersPage() {
  const { t } = useTranslation()
  const { data, error } = useProviders()
  return (
    <>
      <PageHead title={t('nav.providers')} about={t('providers.pageAbout')} actions={<Add />} />
      {error !== null && <ErrorNote error={error} />}
      {data === undefined && error === null && <Skeleton />}
      {data?.length === 0 && (
        <EmptyState icon="door" title={t('providers.empty.title')} action={<Add />}>
          {t('providers.empty.text')}
        </EmptyState>
      )}
      <ul className="grid gap-3">
        {(data ?? []).map((one) => (
          <li key={one.id}>
            <One of={one} />
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
  const refused = useRefusal('create', 'providers')
  return (
    <Button look="main" icon="plus" refused={refused} onClick={() => void navigate({ to: '/providers/new' })}>
      {t('providers.new.title')}
    </Button>
  )
}

function One({ of }: { of: Provider }) {
  const { t } = useTranslation()
  const [asked, setAsked] = useState(false)
  const [mayChange, mayRemove] = [useRefusal('change', 'providers'), useRefusal('remove', 'providers')]
  const { name, enabled } = of
  const path = `/providers/${name}`
  const change = useChange(
    (next: boolean) => request('PATCH', path, { body: { enabled: next } }),
    ['providers', 'sign-in'],
  )
  const facts = [
    { name: t('providers.issuer'), value: <Code className="break-all">{of.issuer}</Code> },
    { name: t('providers.audience'), value: <Code className="break-all">{of.audience}</Code> },
    {
      name: t('providers.proof'),
      value: of.jwksUrl === null ? t('providers.bySecret') : <Code className="break-all">{of.jwksUrl}</Code>,
    },
    {
      name: t('providers.signIn'),
      value: of.clientId === null ? t('providers.tokensOnly') : t('providers.withButton'),
    },
  ]
  return (
    <Card className="grid gap-3 p-4">
      <div className="flex items-center justify-between gap-3">
        <h2 className="font-semibold">
          <Name>{name}</Name>
        </h2>
        <Switch
          label={t('providers.enabled', { name })}
          checked={enabled}
          disabled={mayChange !== null || change.isPending}
          onChange={(next) => change.mutate(next)}
        />
      </div>
      <Facts facts={facts} />
      {change.error !== null && <ErrorNote error={change.error} />}
      <div>
        <Button look="quiet" icon="trash" refused={mayRemove} onClick={() => setAsked(true)}>
          {t('providers.remove')}
        </Button>
      </div>
      {asked && (
        <Destroy
          title={t('providers.removeTitle', { name })}
          typed={name}
          verb={t('providers.remove')}
          method="DELETE"
          path={path}
          stale={['providers', 'sign-in']}
          onClose={() => setAsked(false)}
          onDone={() => {
            setAsked(false)
            toast(t('providers.removed', { name }))
          }}
        >
          <p>{t('providers.removeText')}</p>
        </Destroy>
      )}
    </Card>
  )
}
