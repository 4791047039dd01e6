import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { request } from '../../lib/api.ts'
import { isOver, useBackups, useChange, useJob, useRepositories, useSources } from '../../lib/queries.ts'
import { useRefusal } from '../../lib/rights.ts'
import type { JobDetail, JobProgress } from '../../lib/types.ts'
import { Button } from '../../ui/button.tsx'
import { SectionHead } from '../../ui/card.tsx'
import { Select } from '../../ui/field.tsx'
import { ErrorNote, Warning } from '../../ui/notes.tsx'
import { Progress } from '../../ui/progress.tsx'

/** From an upload into storage of the same owner, where a source is restored from: `backups` are ids of what it holds. */
export function BringIn({ name, backups }: { name: string; backups: readonly string[] }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const [mayRun, mayRestore] = [useRefusal('create', 'jobs'), useRefusal('create', 'restores')]
  const places = (useRepositories().data ?? []).filter(({ kind }) => kind === 'ordinary')
  const [chosen, setChosen] = useState('')
  const to = chosen === '' ? places[0]?.name : chosen
  const sources = useSources().data ?? []
  const there = useBackups({ repository: to }).items?.find(({ id }) => backups.includes(id))
  const source = sources.find(({ id }) => id === there?.sourceId)?.name
  const bring = useChange(
    () => request<JobDetail>('POST', '/jobs', { body: { kind: 'copy', repository: name, params: { to } } }),
    ['jobs'],
  )
  if (to === undefined) return null
  return (
    <section>
      <SectionHead>{t('uploads.bringTitle')}</SectionHead>
      <div className="grid gap-4 rounded-lg border bg-surface p-4">
        <p className="text-ink-2">
          {there === undefined ? t('uploads.restoreText') : t('uploads.isThere', { name: to })}
        </p>
        <Select
          label={t('storage.one')}
          value={to}
          choices={places.map((one) => ({ value: one.name, text: one.name }))}
          onChoose={(next) => {
            bring.reset()
            setChosen(next)
          }}
        />
        {bring.error !== null && <ErrorNote error={bring.error} />}
        {there !== undefined && source === undefined && <Warning>{t('uploads.noSource')}</Warning>}
        {there === undefined && bring.data !== undefined && <Bringing id={bring.data.id} />}
        <div>
          {there === undefined ? (
            <Button
              icon="copy"
              refused={mayRun}
              busy={bring.isPending}
              onClick={() => bring.mutate(undefined)}
            >
              {t('uploads.bring', { name: to })}
            </Button>
          ) : (
            <Button
              icon="restores"
              refused={mayRestore ?? (source === undefined ? t('uploads.noSource') : null)}
              onClick={() => void navigate({ to: '/restores/new', search: { source, backup: there.id, step: 'what' } })} // prettier-ignore
            >
              {t('uploads.restoreThere')}
            </Button>
          )}
        </div>
      </div>
    </section>
  )
}

function Bringing({ id }: { id: string }) {
  const { data } = useJob(id)
  if (data === undefined) return null
  if (data.error !== null) return <ErrorNote error={data.error} />
  // After it the list of what is there is read anew, which takes a moment.
  return <Progress of={isOver(data) ? null : (data.progress as JobProgress | null)} />
}
