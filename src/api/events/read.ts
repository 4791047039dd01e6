import type { z } from '@hono/zod-openapi'
import { listAlarms } from '../../alarms/inbox.ts'
import { findBackups } from '../../catalog/backups.ts'
import { visibleChanges, type Change } from '../../catalog/changes.ts'
import type { Queries } from '../../catalog/database.ts'
import { findJobs, type JobRecord } from '../../catalog/jobs.ts'
import type { Event } from '../contract/events.ts'

/** What a stream tells of a change. */
export interface ToldChange {
  readonly number: bigint
  readonly event: z.infer<typeof Event>
  /** The event as it is sent: once for all readers. */
  readonly text: string
  readonly sourceId: string | null
}

/** Of several changes of one thing, the last: it is told as it is now. */
export function lastOfEach(changes: readonly Change[]): Change[] {
  const last = new Map(changes.map((one) => [`${one.kind} ${one.repositoryId} ${one.id}`, one.number]))
  const wanted = new Set(last.values())
  return changes.filter(({ number }) => wanted.has(number))
}

/** What the caller may see of these changes, in their order, each thing as it is now. */
export async function readEvents(queries: Queries, changes: readonly Change[]): Promise<ToldChange[]> {
  const numbers = changes.map(({ number }) => number)
  const visible = await visibleChanges(queries, numbers)
  const mine = changes.filter(({ number }) => visible.has(number))
  const ids = (kind: Change['kind']): string[] => mine.filter((one) => one.kind === kind).map(({ id }) => id)
  const [jobIds, alarmIds, backupIds] = [ids('jobs'), ids('alarms'), ids('backups')]
  const page = { limit: alarmIds.length, after: null }
  const jobs = jobIds.length === 0 ? [] : await findJobs(queries, jobIds)
  const alarms =
    alarmIds.length === 0 ? [] : (await listAlarms(queries, { ids: alarmIds, person: '', page })).items
  const backups = backupIds.length === 0 ? [] : await findBackups(queries, backupIds)
  return mine.map((change) => {
    const { kind, id, repositoryId } = change
    if (kind === 'jobs') {
      const job = jobs.find((one) => one.id === id) ?? null
      return told(change, { kind: 'job', id, job })
    }
    if (kind === 'alarms') {
      const found = alarms.find((one) => one.id === id)
      if (found === undefined) return told(change, { kind: 'alarm', id, alarm: null })
      const { seen: _, ...alarm } = found
      return told(change, { kind: 'alarm', id, alarm })
    }
    const backup = backups.find((one) => one.id === id && one.repositoryId === repositoryId) ?? null
    return told(change, { kind: 'backup', id, repositoryId: repositoryId ?? '', backup })
  })
}

/** A job that has not changed. */
export function jobAsItIs(job: JobRecord): ToldChange {
  return told({ number: 0n, sourceId: job.sourceId }, { kind: 'job', id: job.id, job })
}

function told(
  { number, sourceId }: Pick<Change, 'number' | 'sourceId'>,
  event: ToldChange['event'],
): ToldChange {
  return { number, sourceId, event, text: JSON.stringify(event) }
}
