import { readDamaged } from '../repository/damaged.ts'
import type { ManifestSummary } from '../repository/format/manifest.ts'
import { listBackups as listStored, readBackups } from '../repository/listing.ts'
import { readPins } from '../repository/pins.ts'
import type { SummaryStore } from '../repository/summaries.ts'
import type { Repository } from '../repository/types.ts'
import { summaryOf } from './summary.ts'

/** The backups of a repository, newest first, with what is known of each, and what was refused. */
export type Listed = Awaited<ReturnType<typeof listBackups>>

/** `store`: where to look for manifests that were read before; null: all are read. */
export async function listBackups(o: {
  repository: Repository
  store: SummaryStore | null
  signal: AbortSignal
}) {
  const { store } = o
  const found = store === null ? await readBackups(o) : await listStored({ ...o, store })
  const damage = await readDamaged(o.repository, o)
  const pins = await readPins(o)
  return { ...found, pins, damaged: new Set(damage.backups), refusedDamage: damage.refused }
}

/** One of them for `--json`, and for the catalog. */
export function listedJson(
  { verified, pins, damaged }: Pick<Listed, 'verified' | 'pins' | 'damaged'>,
  backup: ManifestSummary,
): Record<string, unknown> {
  return {
    ...summaryOf(backup),
    verified: verified.marks.get(backup.id) ?? null,
    damaged: damaged.has(backup.id),
    pins: (pins.get(backup.id) ?? []).map(({ pin }) => pin),
  }
}
