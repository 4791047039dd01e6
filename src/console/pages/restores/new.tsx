import { useNavigate, useSearch } from '@tanstack/react-router'
import { useMemo, useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { request } from '../../lib/api.ts'
import { factsOf } from '../../lib/backup-facts.ts'
import { useBackupTables } from '../../lib/backup-tables.ts'
import { useBackups, useChange, useRepositories, useSources, useSourceTables } from '../../lib/queries.ts'
import { useRefusal } from '../../lib/rights.ts'
import type { Restore, RestoreInput } from '../../lib/types.ts'
import { Button } from '../../ui/button.tsx'
import { PageHead } from '../../ui/card.tsx'
import { EmptyState, ErrorNote, Skeleton } from '../../ui/notes.tsx'
import { inputOf, isInPlace, missingIn, placeOf, serverOf, type Choice } from './choice.ts'
import { NewPlan } from './new-plan.tsx'
import { StepBar, steps, type Step } from './steps.tsx'
import { What } from './what.tsx'
import { When } from './when.tsx'
import { Where } from './where.tsx'

/** When, what and where: what is chosen so far is in the address, so that the way back and a reload lose nothing. */
export function NewRestore() {
  const { t } = useTranslation()
  const choice: Choice = useSearch({ from: '/app/restores/new' })
  const navigate = useNavigate({ from: '/restores/new' })
  const [password, setPassword] = useState('')
  const [identity, setIdentity] = useState('')
  const repositories = useRepositories()
  const upload = repositories.data?.find(({ name }) => name === choice.repository)
  const sources = useSources()
  // An upload is of no source.
  const source =
    choice.repository === undefined
      ? (sources.data?.find(({ name }) => name === choice.source) ?? sources.data?.[0])
      : undefined
  const backups = useBackups(upload === undefined ? { source: source?.name } : { repository: upload.name })
  const facts = useMemo(
    () =>
      (backups.items ?? [])
        .map(factsOf)
        .filter((one) =>
          upload === undefined ? one.sourceId === source?.id : one.repositoryId === upload.id,
        ),
    [backups.items, source?.id, upload],
  )
  // The newest that is whole, unless another was chosen.
  const chosen = facts.find(({ id }) => id === choice.backup) ?? facts.find(({ damaged }) => !damaged) ?? facts[0] // prettier-ignore
  const own = useBackupTables(chosen)
  const { data: counted, isLoading } = useSourceTables(source?.name)
  const start = useChange((body: RestoreInput) => request<Restore>('POST', '/restores', { body }), ['restores', 'jobs']) // prettier-ignore
  const [mayCreate, mayChange] = [useRefusal('create', 'restores'), useRefusal('change', 'restores')]

  const names = upload === undefined ? { source: source?.name } : { repository: upload.name }
  const step: Step = steps.find((one) => one === choice.step) ?? 'when'
  const set = (changed: Choice): void =>
    void navigate({ search: (old) => ({ ...old, ...changed }), replace: true })
  const go = (to: Step): void => {
    start.reset()
    void navigate({ search: (old) => ({ ...old, step: to, ...names, backup: chosen?.id }) })
  }

  if (sources.error !== null) return <ErrorNote error={sources.error} retry={() => void sources.refetch()} />
  const from = upload ?? source
  if (
    sources.data === undefined ||
    repositories.data === undefined ||
    (from !== undefined && backups.items === undefined)
  )
    return <Skeleton className="h-80" />
  if (choice.repository !== undefined && upload === undefined)
    return (
      <EmptyState icon="storage" title={t('storage.gone.title')}>
        {t('storage.gone.text')}
      </EmptyState>
    )
  if (from === undefined) {
    return (
      <EmptyState
        icon="sources"
        title={t('sources.empty.title')}
        action={
          <Button look="main" icon="plus" onClick={() => void navigate({ to: '/sources/new' })}>
            {t('sources.new.title')}
          </Button>
        }
      >
        {t('sources.empty.text')}
      </EmptyState>
    )
  }
  const place = placeOf(choice, source?.address ?? '')
  const inPlace = isInPlace(choice)
  const missing = step === 'when' ? (chosen === undefined ? 'restores.when.choose' : null) : missingIn(choice)
  // The tables would push away what stands under them.
  const shows = step === 'what' || step === 'look'
  const waits = shows && own.tables === null && counted === undefined && (isLoading || own.reading)
  const right = step === 'where' || step === 'look' ? (inPlace ? mayChange : mayCreate) : null

  function begin(): void {
    if (from === undefined || chosen === undefined) return
    const of = upload === undefined ? { source: from.name } : { repository: from.name }
    start.mutate(inputOf(choice, { from: of, backup: chosen.id, place, password, identity }), {
      onSuccess: ({ id }) => void navigate({ to: '/restores/$id', params: { id } }),
    })
  }

  function submit(event: FormEvent): void {
    event.preventDefault()
    if (step === 'when') go('what')
    else if (step === 'what') go('where')
    else if (step === 'where' && !inPlace) go('look')
    else begin()
  }

  return (
    <>
      <PageHead title={t('restores.new.title')} about={t(`restores.about.${step}`)} />
      <StepBar at={step} choice={{ ...choice, ...names, backup: chosen?.id }} />
      <form className="grid max-w-[860px] gap-5" onSubmit={submit}>
        {step === 'when' && (
          <When
            sources={sources.data.map(({ name }) => name)}
            source={source?.name ?? ''}
            upload={upload?.name ?? null}
            backups={facts}
            chosen={chosen}
            onSource={(name) => void navigate({ search: { source: name }, replace: true })}
            onBackup={(id) => set({ backup: id })}
          />
        )}
        {step === 'what' && (
          <What
            choice={choice}
            set={set}
            tables={own.tables ?? counted?.tables ?? null}
            modules={counted?.modules ?? []}
            onlyAll={
              upload !== undefined && own.tables === null && !own.reading ? t('restores.what.sealed') : null
            }
            noRows={upload === undefined ? null : t('restores.what.rowsOfUpload')}
            ofNewest={own.tables === null && counted?.backup !== chosen?.id}
          />
        )}
        {step === 'where' && (
          <Where
            choice={choice}
            set={set}
            place={place}
            password={password}
            onPassword={setPassword}
            database={source === undefined ? null : serverOf(source.address).database}
            identity={upload === undefined ? null : identity}
            onIdentity={setIdentity}
            refused={mayChange}
          />
        )}
        {step === 'look' && chosen !== undefined && (
          <NewPlan
            choice={choice}
            backup={chosen}
            place={place}
            tables={own.tables ?? counted?.tables ?? null}
            modules={counted?.modules ?? []}
          />
        )}
        {start.error !== null && <ErrorNote error={start.error} />}
        {!waits && (
          <div className="flex flex-wrap gap-2 border-t pt-4">
            {step !== 'when' && (
              <Button onClick={() => go(steps[steps.indexOf(step) - 1] ?? 'when')}>{t('common.back')}</Button>
            )}
            <Button
              type="submit"
              look="main"
              busy={start.isPending}
              refused={right ?? (missing === null ? null : t(missing))}
            >
              {step === 'look'
                ? t('restores.new.start', { database: place.database })
                : step === 'where'
                  ? t('restores.new.look')
                  : t('restores.new.next')}
            </Button>
          </div>
        )}
      </form>
    </>
  )
}
