import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useEffect, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { request } from '../../lib/api.ts'
import { factsOf, type BackupFacts } from '../../lib/backup-facts.ts'
import { BackupProof } from '../../lib/backup-words.tsx'
import { useFormat } from '../../lib/format.ts'
import { useBackups, useChange, useSources } from '../../lib/queries.ts'
import { useRefusal } from '../../lib/rights.ts'
import type { JobDetail } from '../../lib/types.ts'
import { Button } from '../../ui/button.tsx'
import { Facts } from '../../ui/card.tsx'
import { Choices } from '../../ui/field.tsx'
import { EmptyState, ErrorNote, Skeleton, Warning } from '../../ui/notes.tsx'
import { Sheet } from '../../ui/overlay.tsx'
import { Bytes, Code, Count, Moment, Name } from '../../ui/words.tsx'
import { Comparison } from './comparison.tsx'
import { Download } from './download.tsx'
import { Keeping } from './keeping.tsx'
import { Reuse } from './reuse.tsx'
import { BackupTablesList } from './tables.tsx'

export function BackupDetails() {
  const { t } = useTranslation()
  const { id } = useParams({ from: '/app/backups/$id' })
  const { source, repository } = useSearch({ from: '/app/backups' })
  const navigate = useNavigate({ from: '/backups/$id' })
  const backups = useBackups({ source, repository })
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = backups
  const rows = useMemo(() => (backups.items ?? []).map(factsOf), [backups.items])
  const found = rows.find((one) => one.id === id)
  // An address may name one that is further back than what the list has read so far.
  useEffect(() => {
    if (found === undefined && hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [found, hasNextPage, isFetchingNextPage, fetchNextPage])
  const close = (): void => void navigate({ to: '/backups', search: ({ with: _with, ...rest }) => rest })
  if (found !== undefined)
    return <Details of={found} others={rows.filter((one) => one !== found)} onClose={close} />
  return (
    <Sheet title={<Code>{id}</Code>} onClose={close}>
      {backups.error !== null ? (
        <ErrorNote error={backups.error} />
      ) : backups.items === undefined || hasNextPage ? (
        <Skeleton />
      ) : (
        <EmptyState icon="backups" title={t('backups.gone.title')}>
          {t('backups.gone.text')}
        </EmptyState>
      )}
    </Sheet>
  )
}

interface DetailsProps {
  readonly of: BackupFacts
  readonly others: readonly BackupFacts[]
  readonly onClose: () => void
}

function Details({ of, others, onClose }: DetailsProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const { data: sources = [], isLoading } = useSources()
  const source = sources.find(({ id }) => id === of.sourceId)
  const same = others.filter(({ sourceId }) => sourceId === of.sourceId)
  const { with: other } = useSearch({ from: '/app/backups/$id' })
  const compared = same.find(({ id }) => id === other)
  const facts = [
    { name: t('backups.moment'), value: <Moment at={of.moment} /> },
    {
      name: t('sources.one'),
      value: isLoading ? '\u00a0' : <Name>{source?.name ?? t('backups.otherSource')}</Name>,
    },
    { name: t('backups.kind'), value: t(`backups.kinds.${of.kind}`, { defaultValue: of.kind }) },
    {
      name: t('backups.rows'),
      value: (
        <>
          <Count of={of.rows} /> · {t('units.tables', { count: of.tables, value: format.number(of.tables) })}
        </>
      ),
    },
    {
      name: t('backups.size'),
      value: (
        <>
          <Bytes of={of.plainBytes} /> · {t('backups.stored', { size: format.bytes(of.storedBytes) })}
        </>
      ),
    },
    ...(of.seconds === null ? [] : [{ name: t('jobs.duration'), value: format.seconds(of.seconds) }]),
    ...(of.verified === null
      ? []
      : [{ name: t('backups.lastDrill'), value: <Moment at={of.verified.when} /> }]),
    ...(of.pins.length === 0
      ? []
      : [{ name: t('timeline.pinned'), value: <bdi>{of.pins.map(({ reason }) => reason).join(', ')}</bdi> }]),
    ...(of.copies.length === 0
      ? []
      : [
          {
            name: t('backups.copies'),
            value: of.copies.map((copy) => (
              <div key={copy}>
                <Code>{copy}</Code>
              </div>
            )),
          },
        ]),
    ...(of.major === null
      ? []
      : [{ name: t('backups.server'), value: <Code>{`PostgreSQL ${of.major}`}</Code> }]),
    ...(of.lsn === null ? [] : [{ name: t('backups.lsn'), value: <Code>{of.lsn}</Code> }]),
    { name: t('backups.id'), value: <Code>{of.id}</Code> },
  ]
  return (
    <Sheet
      title={
        of.name === null ? t('backups.of', { time: format.exact(new Date(of.moment)) }) : <bdi>{of.name}</bdi>
      }
      about={<BackupProof of={of} as="badge" />}
      onClose={onClose}
      actions={
        <>
          <RestoreIt of={of} source={source?.name} />
          <Drill of={of} source={source?.name} />
          <Download of={of} />
          <Keeping of={of} />
        </>
      }
    >
      {of.damaged && <Warning>{t('backups.damagedText')}</Warning>}
      {of.gaps > 0 && (
        <Warning>{t('backups.gaps', { count: of.gaps, value: format.number(of.gaps) })}</Warning>
      )}
      {of.partial && <Warning>{t('backups.partial')}</Warning>}
      {of.description !== null && (
        <p className="whitespace-pre-line">
          <bdi>{of.description}</bdi>
        </p>
      )}
      <Reuse of={of} />
      <Facts facts={facts} />
      {same.length > 0 && <Compare of={of} others={same} compared={compared} />}
      {/* The last, since it may be read for a while and is long then. */}
      <BackupTablesList of={of} />
    </Sheet>
  )
}

function RestoreIt({ of, source }: { of: BackupFacts; source: string | undefined }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const refused = useRefusal('create', 'restores')
  return (
    <Button
      look="main"
      icon="restores"
      refused={refused ?? (source === undefined ? t('backups.noSource') : null)}
      onClick={() => void navigate({ to: '/restores/new', search: { source, backup: of.id, step: 'what' } })}
    >
      {t('restores.new.title')}
    </Button>
  )
}

/** Proves it: a restore into a scratch server, compared with what the source said of itself. */
function Drill({ of, source }: { of: BackupFacts; source: string | undefined }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const right = useRefusal('create', 'jobs')
  const drill = useChange(
    () => request<JobDetail>('POST', '/jobs', { body: { kind: 'drill', source, params: { backup: of.id } } }),
    ['jobs', 'backups'],
  )
  return (
    <>
      <Button
        icon="proven"
        refused={right ?? (source === undefined ? t('backups.noSource') : null)}
        busy={drill.isPending}
        onClick={() =>
          drill.mutate(undefined, {
            onSuccess: ({ id }) => void navigate({ to: '/jobs/$id', params: { id } }),
          })
        }
      >
        {t('backups.drill')}
      </Button>
      {drill.error !== null && <ErrorNote error={drill.error} />}
    </>
  )
}

interface CompareProps {
  readonly of: BackupFacts
  readonly others: readonly BackupFacts[]
  readonly compared: BackupFacts | undefined
}

function Compare({ of, others, compared }: CompareProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const navigate = useNavigate({ from: '/backups/$id' })
  return (
    <section className="grid gap-3">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h2 className="text-sm font-semibold text-ink-2">{t('backups.compare')}</h2>
        <Choices
          aria-label={t('backups.compareWith')}
          value={compared?.id ?? ''}
          className="max-w-72"
          choices={[
            { value: '', text: t('backups.compareWith') },
            ...others.slice(0, 100).map(({ id, moment, name }) => {
              const at = format.exact(new Date(moment))
              return { value: id, text: name === null ? at : `${name} · ${at}` }
            }),
          ]}
          onChoose={(next) =>
            void navigate({
              search: (old) => ({ ...old, with: next === '' ? undefined : next }),
              replace: true,
            })
          }
        />
      </div>
      {compared !== undefined && <Comparison a={compared} b={of} />}
    </section>
  )
}
