import type { Database } from '../catalog/database.ts'
import type { Uploads } from './uploads.ts'

/** So long an upload is kept: it is there to be restored from, and whoever sent it has the file. */
export const uploadDays = 30

/** Forgets uploads that are old, with their files; those that a job works on later. Each process those that it has itself. */
export async function removeOldUploads(
  { query }: Pick<Database, 'query'>,
  uploads: Pick<Uploads, 'holds' | 'remove'>,
): Promise<void> {
  const old = await query<{ id: string; address: string }>(
    `SELECT id, address FROM holdfast.repositories
     WHERE kind = 'upload' AND created_at < pg_catalog.now() - pg_catalog.make_interval(days => $1)`,
    [uploadDays],
  )
  for (const { id, address } of old) {
    if (!uploads.holds(address)) continue
    const gone = await query(
      `DELETE FROM holdfast.repositories AS r WHERE id = $1
         AND NOT EXISTS (SELECT FROM holdfast.jobs WHERE repository_id = r.id AND status IN ('pending', 'waiting', 'running'))
         AND NOT EXISTS (SELECT FROM holdfast.sources WHERE repository_id = r.id) RETURNING id`,
      [id],
    )
    // What is left of a process that dies here is swept away later.
    if (gone.length > 0) await uploads.remove(address)
  }
}
