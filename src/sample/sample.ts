import { readdirSync, readFileSync } from 'node:fs'
import type { OnProgress } from '../lib/progress.ts'
import type { Wire } from '../postgres/wire.ts'

const folder = new URL('./sql/', import.meta.url)

/** A name for the sample's database. */
export const sampleName = 'bazaar'

/**
 * Fills an empty database with Bazaar: a shop and CRM that twenty small companies share, some 200,000 rows, with what makes such
 * databases hard to copy. Every value follows from its row's number, so the content is the same on every server from 15 on.
 * `wire` must be a superuser's; its session is not to be used for anything else afterwards. Roles are left alone if they are there.
 */
export async function createSample(o: { wire: Wire; onProgress?: OnProgress | undefined }): Promise<void> {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort()
  for (const [done, name] of names.entries()) {
    o.onProgress?.({ phase: 'filling the sample', done, total: names.length, unit: 'objects' })
    await o.wire.query(readFileSync(new URL(name, folder), 'utf8'))
  }
}
