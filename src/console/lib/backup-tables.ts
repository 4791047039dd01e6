import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { request } from './api.ts'
import { fresh } from './live.ts'
import { isOver, useBackupDetail, useChange, useRepositories } from './queries.ts'
import type { Backup, JobDetail } from './types.ts'
import { useMay } from '../session.ts'

export interface BackupTable {
  readonly schema: string
  readonly name: string
  readonly rows: number
  readonly plainBytes: number
}

export interface BackupTables {
  /** Null: they are not known (yet). */
  readonly tables: readonly BackupTable[] | null
  readonly reading: boolean
  readonly error: unknown
}

/**
 * The tables of a backup. They are sealed in the repository: where nobody has read them before, a job does, if the role may start one.
 */
export function useBackupTables(backup: Pick<Backup, 'id' | 'repositoryId'> | undefined): BackupTables {
  const may = useMay('create', 'jobs')
  const repositories = useRepositories()
  const named = repositories.data?.find((one) => one.id === backup?.repositoryId)?.name
  const repository = useMay('read', 'repositories') ? named : null
  const read = useChange((path: string) => request<JobDetail>('POST', path), ['jobs'])
  const id = backup?.id
  const path = `/backups/${id}/details${repository === null ? '' : `?repository=${repository}`}`
  const own = read.variables === path
  const job = useQuery({
    queryKey: ['jobs', read.data?.id, 'reading'],
    queryFn: ({ signal }) => request<JobDetail>('GET', `/jobs/${read.data?.id}`, { signal }),
    enabled: own && read.data !== undefined,
    refetchInterval: ({ state }) => (state.data !== undefined && isOver(state.data) ? false : fresh.always()),
  })
  const over = own && job.data !== undefined && isOver(job.data)
  const detail = useBackupDetail({ id, repository, reading: own && !over })
  const unread = detail.data !== undefined && detail.data.details === null
  const { mutate } = read
  useEffect(() => {
    if (unread && may && !own) mutate(path)
  }, [unread, may, path, own, mutate])
  const { refetch } = detail
  useEffect(() => {
    if (over) void refetch()
  }, [over, refetch])

  const failed = over && job.data?.status !== 'completed'
  return {
    tables: tablesOf(detail.data?.details ?? null),
    reading:
      (id !== undefined && repository === undefined) ||
      detail.isLoading ||
      (unread && may && !failed && read.error === null),
    error: detail.error ?? (own ? (read.error ?? (failed ? job.data?.error : null)) : null),
  }
}

function tablesOf(details: Readonly<Record<string, unknown>> | null): readonly BackupTable[] | null {
  const tables = details?.['tables']
  if (!Array.isArray(tables)) return null
  return (tables as Partial<BackupTable>[]).map(({ schema = '', name = '', rows = 0, plainBytes = 0 }) => ({
    schema,
    name,
    rows,
    plainBytes,
  }))
}
