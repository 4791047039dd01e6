import type { BackupDetail } from '../catalog/one-backup.ts'
import { knownAgainst } from '../catalog/one-backup.ts'
import type { Queries } from '../catalog/database.ts'
import type { RepositoryRecord } from '../catalog/repositories.ts'
import type { ScheduleRecord } from '../catalog/schedules.ts'
import type { SourceRecord } from '../catalog/sources.ts'

/** A sentence, and what it is made of, for other languages. Times among the values are ISO 8601. */
interface Part {
  readonly key: string
  readonly values: Readonly<Record<string, string | number>>
  readonly text: string
}

/** What happens if something is removed, for whoever is to type its name. */
export interface Consequences {
  readonly confirm: string
  readonly consequences: string[]
  /** Why it will be refused, as far as the catalog knows. */
  readonly against: string[]
  readonly parts: { readonly consequences: Part[]; readonly against: Part[] }
}

export async function ofSource(queries: Queries, { id, name }: SourceRecord): Promise<Consequences> {
  const schedules = await countOf(queries, 'schedules', 'source_id', id)
  const backups = await countOf(queries, 'backups', 'source_id', id)
  return told(name, [
    part('source_unprotected', 'It is not backed up any more, and its password is forgotten.'),
    ...(schedules === 0
      ? []
      : [part('schedules_removed', `${counted(schedules, 'schedule')} of it ${schedules === 1 ? 'is' : 'are'} removed.`, { count: schedules })]), // prettier-ignore
    backups === 0
      ? part('no_backups', 'It has no backups.')
      : part('backups_stay', `${counted(backups, 'backup')} of it ${backups === 1 ? 'stays' : 'stay'}.`, { count: backups }), // prettier-ignore
  ])
}

export async function ofRepository(
  queries: Queries,
  { id, name, address, kind }: RepositoryRecord,
): Promise<Consequences> {
  const sources = await countOf(queries, 'sources', 'repository_id', id)
  const backups = await countOf(queries, 'backups', 'repository_id', id)
  const unlisted = `Its secrets are forgotten, and ${counted(backups, 'backup')} ${backups === 1 ? 'is' : 'are'} not listed any more.`
  return told(
    name,
    [
      kind === 'upload'
        ? part('file_removed', 'The file that was sent is removed. What it was made of stays where it is.')
        : part('stored_stays', `What is stored at ${address} stays, and can be restored with its key.`, { address }), // prettier-ignore
      part('backups_unlisted', unlisted, { count: backups }),
    ],
    sources === 0
      ? []
      : [part('sources_use', `${counted(sources, 'source')} still ${sources === 1 ? 'uses' : 'use'} it.`, { count: sources })], // prettier-ignore
  )
}

export function ofSchedule({ name, nextRun }: ScheduleRecord): Consequences {
  const next =
    nextRun === null
      ? part('no_next_run', 'It has no next run.')
      : part('never_again', `It does not run at ${nextRun}, nor ever again.`, { at: nextRun })
  return told(name, [next, part('results_stay', 'Its jobs and backups stay.')])
}

export async function ofBackup(queries: Queries, backup: BackupDetail): Promise<Consequences> {
  const { pinned, newest, proved } = await knownAgainst(queries, backup)
  const { id, moment } = backup
  return told(
    id,
    [
      part('state_gone', `The state of ${moment} can not be brought back any more.`, { at: moment }),
      part('chunks_pruned', 'What only this backup needs is removed from the storage by the next prunes.'),
    ],
    [
      ...(pinned ? [part('pinned', 'It is pinned.')] : []),
      ...(newest ? [part('newest', 'It is the newest of its source: that takes evenLast.')] : []),
      ...(proved ? [part('proved', 'It is the last that a drill has proved: that takes evenLast.')] : []),
    ],
  )
}

function part(key: string, text: string, values: Part['values'] = {}): Part {
  return { key, values, text }
}

function told(confirm: string, consequences: Part[], against: Part[] = []): Consequences {
  const texts = (parts: readonly Part[]): string[] => parts.map(({ text }) => text)
  return {
    confirm,
    consequences: texts(consequences),
    against: texts(against),
    parts: { consequences, against },
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
