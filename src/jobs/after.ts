import {
  asSummary,
  forgetBackups,
  refreshBackups,
  rememberBackups,
  rememberDrill,
} from '../catalog/backups.ts'
import { asOwner } from '../catalog/claims.ts'
import type { Queries } from '../catalog/database.ts'
import { rememberDetails, rememberPins } from '../catalog/one-backup.ts'
import { noteStorage } from '../catalog/storage.ts'
import { codes, type ErrorCode } from '../lib/error-codes.ts'
import type { HeldJob } from './attempt.ts'
import { enqueue } from './enqueue.ts'
import { jobKind } from './kinds.ts'
import { measureSoon } from './measure.ts'
import type { Queue } from './queue.ts'

/**
 * What follows when a job is completed, in the transaction that completes it: the catalog knows the backup that was made, or that was
 * removed; and where rules say what is kept, they are applied.
 */
export async function afterCompleted(
  queries: Queries,
  o: { job: HeldJob; result: Readonly<Record<string, unknown>>; queue: Queue },
): Promise<void> {
  const { job, result } = o
  if (job.repositoryId === null) return
  const { repositoryId, sourceId } = job
  if (job.kind === 'prune') {
    const { backups } = (result['removed'] ?? {}) as { backups?: unknown }
    const ids = Array.isArray(backups) ? backups.filter((id) => typeof id === 'string') : []
    await forgetBackups(queries, { repositoryId, ids })
  }
  if (job.kind === 'drill') await rememberDrill(queries, { repositoryId, mark: result['verified'] })
  const backup = job.params['backup']
  if (typeof backup === 'string') {
    if (job.kind === 'remove') await forgetBackups(queries, { repositoryId, ids: [backup] })
    if (job.kind === 'pin') await rememberPins(queries, { repositoryId, backup, add: result['pin'] ?? null })
    if (job.kind === 'unpin') await rememberPins(queries, { repositoryId, backup, add: null })
    if (job.kind === 'show' && result['contents'])
      await rememberDetails(queries, { repositoryId, backup, details: result['contents'] })
  }
  if (job.kind === 'refresh' && Array.isArray(result['backups']))
    await refreshBackups(queries, { repositoryId, listed: result['backups'] })
  // What a copy holds now.
  if (job.kind === 'copy') await refreshSoon(queries, { ...o, by: 'name', value: job.params['to'] })
  if (job.kind === 'measure') await noteMeasured(queries, repositoryId, result)
  const summary = job.kind === 'backup' ? asSummary(result['backup']) : null
  if (summary === null) return
  await rememberBackups(queries, { repositoryId, sourceId, backups: [summary] })
  await noteSizes(queries, job.id, summary['totals'])
  await measureSoon(queries, { queue: o.queue, repositoryId, afterSeconds: 3600 })
  const keep = job.params['keep']
  if (keep === undefined || keep === null || sourceId === null) return
  await enqueue(asOwner(queries), o.queue, {
    kind: jobKind('prune'),
    sourceId,
    repositoryId,
    about: job.about,
    params: { keep },
    requestedBy: `job:${job.id}`,
    dedupeKey: `prune:${sourceId}`,
  })
}

/**
 * What follows when a job has failed: a backup that was to be removed and is not there is not listed any more, whoever has removed it; and what a drill
 * has found is in the repository, where it is read from, so that a backup that fails is not told as proven by the drill before.
 */
export async function afterFailed(
  queries: Queries,
  o: { job: HeldJob; code: ErrorCode; queue: Queue },
): Promise<void> {
  const { kind, params, repositoryId } = o.job
  if (repositoryId === null) return
  if (kind === 'remove' && o.code === 'backup_not_found')
    await forgetBackups(queries, { repositoryId, ids: [String(params['backup'])] })
  if (kind === 'drill' && codes[o.code].exit === foundWrong)
    await refreshSoon(queries, { ...o, by: 'id', value: repositoryId })
}

/** The exit status of commands that found a backup to be other than it should be. */
const foundWrong = 4

/** What the repository of this id or name holds is read again. */
async function refreshSoon(
  queries: Queries,
  { job, queue, by, value }: { job: HeldJob; queue: Queue; by: 'id' | 'name'; value: unknown },
): Promise<void> {
  const [place] = await queries.query<{ id: string; name: string }>(
    `SELECT id, name FROM holdfast.repositories WHERE ${by} = $1`,
    [value],
  )
  if (place === undefined) return
  await enqueue(asOwner(queries), queue, {
    kind: jobKind('refresh'),
    sourceId: null,
    repositoryId: place.id,
    about: place.name,
    params: {},
    requestedBy: `job:${job.id}`,
    dedupeKey: `refresh:${place.id}`,
  })
}

/** Beside the result, so that sums over many jobs need not open it. */
async function noteSizes({ query }: Queries, id: string, totals: unknown): Promise<void> {
  const { plainBytes, newStoredBytes } = (totals ?? {}) as Readonly<Record<string, unknown>>
  if (typeof plainBytes !== 'number' || typeof newStoredBytes !== 'number') return
  await query('UPDATE holdfast.jobs SET plain_bytes = $2, stored_bytes = $3 WHERE id = $1', [
    id,
    plainBytes,
    newStoredBytes,
  ])
}

/** The alarm of a storage that fills up follows from it. Its end is what is taken and what is free: others may use the same disk. */
async function noteMeasured(
  queries: Queries,
  repositoryId: string,
  result: Readonly<Record<string, unknown>>,
): Promise<void> {
  const stats = (result['stats'] ?? {}) as { stored?: { bytes?: unknown } }
  const usedBytes = stats.stored?.bytes
  const { freeBytes } = result
  if (typeof usedBytes !== 'number') return
  const capacityBytes =
    typeof freeBytes === 'number' && usedBytes + freeBytes > 0 ? usedBytes + freeBytes : null
  await noteStorage(queries, { repositoryId, at: null, usedBytes, capacityBytes })
}
