import type { Manifest, ManifestSummary } from '../repository/format/manifest.ts'
import { contentOf } from '../repository/format/verified.ts'
import { readPins } from '../repository/pins.ts'
import type { Repository } from '../repository/types.ts'
import { latestVerified } from '../repository/verified.ts'
import { summaryOf } from './summary.ts'

/** The backups of a repository, newest first, with what is known of each, and what was refused. */
export type Listed = Awaited<ReturnType<typeof listBackups>>

export async function listBackups(o: { repository: Repository; signal: AbortSignal }) {
  const contents = new Map<string, string>()
  const visit = (manifest: Manifest): unknown => contents.set(manifest.id, contentOf(manifest))
  const { backups, refused } = await o.repository.manifests({ signal: o.signal, visit })
  const verified = await latestVerified({ ...o, contents })
  return { backups, refused, verified, pins: await readPins(o) }
}

/** One of them for `--json`, and for the catalog. */
export function listedJson(
  { verified, pins }: Pick<Listed, 'verified' | 'pins'>,
  backup: ManifestSummary,
): Record<string, unknown> {
  return {
    ...summaryOf(backup),
    verified: verified.marks.get(backup.id) ?? null,
    pins: (pins.get(backup.id) ?? []).map(({ pin }) => pin),
  }
}
