import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { request } from '../../lib/api.ts'
import { factsOf } from '../../lib/backup-facts.ts'
import { useFormat } from '../../lib/format.ts'
import {
  useBackups,
  useChange,
  useRepositories,
  useRepositoryStorage,
  useSources,
  useSchedules,
} from '../../lib/queries.ts'
import { useRefusal } from '../../lib/rights.ts'
import type { JobDetail, JobKind, Repository } from '../../lib/types.ts'
import { Button } from '../../ui/button.tsx'
import { Facts, SectionHead } from '../../ui/card.tsx'
import { Destroy } from '../../ui/destroy.tsx'
import { SparkLine } from '../../ui/charts.tsx'
import { EmptyState, ErrorNote, Skeleton } from '../../ui/notes.tsx'
import { Sheet } from '../../ui/overlay.tsx'
import { toast } from '../../ui/toast.tsx'
import { Bytes, Code, Moment, Name } from '../../ui/words.tsx'
import { Capacity } from './capacity.tsx'
import { RepositoryKeys } from './keys.tsx'
import { PrunePreview } from './prune.tsx'
import { Uploaded } from './uploaded.tsx'

export function RepositoryDetails() {
  const { t } = useTranslation()
  const { name } = useParams({ from: '/app/storage/$name' })
  const navigate = useNavigate()
  const repositories = useRepositories()
  const found = repositories.data?.find((one) => one.name === name)
  const close = (): void => void navigate({ to: '/storage' })
  if (found !== undefined) return <Details repository={found} onClose={close} />
  return (
    <Sheet title={<Name>{name}</Name>} onClose={close}>
      {repositories.error !== null ? (
        <ErrorNote error={repositories.error} />
      ) : repositories.data === undefined ? (
        <Skeleton />
      ) : (
        <EmptyState icon="storage" title={t('storage.gone.title')}>
          {t('storage.gone.text')}
        </EmptyState>
      )}
    </Sheet>
  )
}

function Details({ repository, onClose }: { repository: Repository; onClose: () => void }) {
  const { t } = useTranslation()
  const format = useFormat()
  const known = useSources()
  const sources = (known.data ?? []).filter(({ repositoryId }) => repositoryId === repository.id)
  const found = useBackups({ repository: repository.name })
  const waits = [known, found, useSchedules(), useRepositoryStorage(repository.name)].some(
    ({ isLoading }) => isLoading,
  )
  const backups = (found.items ?? []).map(factsOf)
  // Sums only where all of them were read.
  const whole = found.items !== undefined && !found.hasNextPage
  const added = backups.reduce((sum, { newBytes }) => sum + newBytes, 0)
  const upload = repository.kind === 'upload'
  const facts = [
    ...(upload
      ? [{ name: t('uploads.ownerKey'), value: <Code className="break-all">{repository.ownerKey}</Code> }]
      : [{ name: t('storage.address'), value: <Code>{repository.address}</Code> }]),
    ...(whole && !upload
      ? [
          {
            name: t('nav.backups'),
            value: t('units.backups', { count: backups.length, value: format.number(backups.length) }),
          },
          { name: t('storage.written'), value: <Bytes of={added} /> },
        ]
      : []),
    { name: t(upload ? 'uploads.sent' : 'common.added'), value: <Moment at={repository.createdAt} /> },
    ...(sources.length === 0
      ? []
      : [
          {
            name: t('nav.sources'),
            value: sources.map(({ name }) => (
              <div key={name}>
                <Link
                  to="/sources/$name"
                  params={{ name }}
                  className="block py-0.5 underline-offset-2 hover:underline"
                >
                  <Name>{name}</Name>
                </Link>
              </div>
            )),
          },
        ]),
  ]
  return (
    <Sheet
      title={<Name>{repository.name}</Name>}
      about={upload ? t('uploads.archive') : undefined}
      onClose={onClose}
      actions={
        <>
          <Run kind="check" repository={repository.name} />
          {!upload && <Run kind="refresh" repository={repository.name} />}
          <Forget repository={repository} onDone={onClose} />
        </>
      }
    >
      {waits ? (
        <Skeleton className="h-80" />
      ) : (
        <>
          {upload ? <Uploaded repository={repository} /> : <Capacity name={repository.name} />}
          <Facts facts={facts} />
          {!upload && backups.length > 1 && (
            <section>
              <SectionHead aside={<Bytes of={backups[0]?.newBytes ?? 0} />}>
                {t('storage.perBackup')}
              </SectionHead>
              <div className="rounded-lg border bg-surface p-3">
                <SparkLine
                  label={t('storage.perBackupWords', {
                    last: format.bytes(backups[0]?.newBytes ?? 0),
                    count: backups.length,
                    value: format.number(backups.length),
                  })}
                  values={backups
                    .slice(0, 90)
                    .map(({ newBytes }) => newBytes)
                    .reverse()}
                  height={56}
                />
              </div>
            </section>
          )}
          {!upload && <PrunePreview repository={repository} />}
          {!upload && <RepositoryKeys name={repository.name} />}
        </>
      )}
    </Sheet>
  )
}

function Run({ kind, repository }: { kind: JobKind; repository: string }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const refused = useRefusal('create', 'jobs')
  const run = useChange(() => request<JobDetail>('POST', '/jobs', { body: { kind, repository } }), ['jobs'])
  return (
    <Button
      icon={kind === 'check' ? 'proven' : 'refresh'}
      refused={refused}
      busy={run.isPending}
      onClick={() =>
        run.mutate(undefined, {
          onSuccess: ({ id }) => void navigate({ to: '/jobs/$id', params: { id } }),
          onError: ({ message }) => toast(message, 'bad'),
        })
      }
    >
      {t(`storage.run.${kind}`)}
    </Button>
  )
}

function Forget({ repository, onDone }: { repository: Repository; onDone: () => void }) {
  const { t } = useTranslation()
  const [asked, setAsked] = useState(false)
  const refused = useRefusal('remove', 'repositories')
  const { name } = repository
  return (
    <>
      <Button look="quiet" icon="trash" refused={refused} onClick={() => setAsked(true)}>
        {t('storage.forget')}
      </Button>
      {asked && (
        <Destroy
          title={t('storage.forgetTitle', { name })}
          typed={name}
          verb={t('storage.forget')}
          method="DELETE"
          path={`/repositories/${name}`}
          stale={['repositories']}
          onClose={() => setAsked(false)}
          onDone={() => {
            toast(t('storage.forgotten', { name }))
            onDone()
          }}
        >
          <p>{t(repository.kind === 'upload' ? 'uploads.forgetText' : 'storage.forgetText')}</p>
        </Destroy>
      )}
    </>
  )
}
