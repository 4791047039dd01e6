import type { BackupDetail } from '../catalog/one-backup.ts'
import { knownAgainst } from '../catalog/one-backup.ts'
import type { Queries } from '../catalog/database.ts'
import type { RepositoryRecord } from '../catalog/repositories.ts'
import type { ScheduleRecord } from '../catalog/schedules.ts'
import type { SourceRecord } from '../catalog/sources.ts'

/** What happens if something is removed, for whoever is to type its name. */
export interface Consequences {
  readonly confirm: string
  readonly consequences: string[]
  /** Why it will be refused, as far as the catalog knows. */
  readonly against: string[]
}

export async function ofSource(queries: Queries, { id, name }: SourceRecord): Promise<Consequences> {
  const schedules = await countOf(queries, 'schedules', 'source_id', id)
  const backups = await countOf(queries, 'backups', 'source_id', id)
  return {
    confirm: name,
    consequences: [
      'It is not backed up any more, and its password is forgotten.',
      ...(schedules === 0
        ? []
        : [`${counted(schedules, 'schedule')} of it ${schedules === 1 ? 'is' : 'are'} removed.`]),
      backups === 0
        ? 'It has no backups.'
        : `${counted(backups, 'backup')} of it ${backups === 1 ? 'stays' : 'stay'}.`,
    ],
    against: [],
  }
}

export async function ofRepository(
  queries: Queries,
  { id, name, address, kind }: RepositoryRecord,
): Promise<Consequences> {
  const sources = await countOf(queries, 'sources', 'repository_id', id)
  const backups = await countOf(queries, 'backups', 'repository_id', id)
  return {
    confirm: name,
    consequences: [
      kind === 'upload'
        ? 'The file that was sent is removed. What it was made of stays where it is.'
        : `What is stored at ${address} stays, and can be restored with its key.`,
      `Its secrets are forgotten, and ${counted(backups, 'backup')} ${backups === 1 ? 'is' : 'are'} not listed any more.`,
    ],
    against:
      sources === 0 ? [] : [`${counted(sources, 'source')} still ${sources === 1 ? 'uses' : 'use'} it.`],
  }
}

export function ofSchedule({ name, nextRun }: ScheduleRecord): Consequences {
  const next = nextRun === null ? 'It has no next run.' : `It does not run at ${nextRun}, nor ever again.`
  return { confirm: name, consequences: [next, 'Its jobs and backups stay.'], against: [] }
}

export async function ofBackup(queries: Queries, backup: BackupDetail): Promise<Consequences> {
  const { pinned, newest, proved } = await knownAgainst(queries, backup)
  return {
    confirm: backup.id,
    consequences: [
      `The state of ${backup.moment} can not be brought back any more.`,
      'What only this backup needs is removed from the storage by the next prunes.',
    ],
    against: [
      ...(pinned ? ['It is pinned.'] : []),
      ...(newest ? ['It is the newest of its source: that takes evenLast.'] : []),
      ...(proved ? ['It is the last that a drill has proved: that takes evenLast.'] : []),
    ],
  }
}

async function countOf(
  { query }: Queries,
  table: 'schedules' | 'backups' | 'sources',
  column: 'source_id' | 'repository_id',
  id: string,
): Promise<number> {
  const [row] = await query<{ count: number }>(
    `SELECT count(*)::int4 AS count FROM holdfast.${table} WHERE ${column} = $1`,
    [id],
  )
  return row?.count ?? 0
}

function counted(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`
}
