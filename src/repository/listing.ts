import { isHoldfastError } from '../lib/errors.ts'
import type { CallOptions } from '../storage/storage.ts'
import { summarize, type Manifest } from './format/manifest.ts'
import { contentOf } from './format/verified.ts'
import { listManifests, newestFirst, readManifests } from './manifests.ts'
import { keepSummaries, readSummaries, type KeptSummary, type SummaryStore } from './summaries.ts'
import type { Repository } from './types.ts'
import { latestVerified, listDrilled, type LatestMarks } from './verified.ts'

type Backups = Awaited<ReturnType<Repository['manifests']>> & { readonly verified: LatestMarks }

/** Fewer are read as quickly as looked up. */
const worthKeeping = 100

/** All backups, and of each the newest mark of a drill of the whole: what is decided by. Every manifest is read. */
export async function readBackups(o: { repository: Repository } & CallOptions): Promise<Backups> {
  const { repository, signal } = o
  // Hashing the names of all chunks takes a while, and most backups were never drilled.
  const drilled = await listDrilled(o)
  const contents = new Map<string, string>()
  const found = await repository.manifests({
    signal,
    visit(manifest) {
      if (drilled.has(manifest.id)) contents.set(manifest.id, contentOf(manifest))
    },
  })
  // Listed once more, or a drill that ended meanwhile would not count.
  const late = await listDrilled(o)
  for (const { id } of found.backups) {
    if (contents.has(id) || !late.has(id)) continue
    const manifest = await findIfPresent(repository, id, { signal })
    if (manifest !== null) contents.set(id, contentOf(manifest))
  }
  return { ...found, verified: await latestVerified({ ...o, contents }) }
}

/**
 * The same to be looked at, and not to be decided by: manifests that were read before and have the same key, size and time are not read again.
 * What is kept of them is made anew wherever it is missing or not to be relied on.
 */
export async function listBackups(
  o: { repository: Repository; store: SummaryStore } & CallOptions,
): Promise<Backups> {
  const { repository, store, signal } = o
  const { storage, keyset } = repository
  const objects = await listManifests(storage, { signal })
  const known = objects.length < worthKeeping ? new Map() : await readSummaries(repository, store)
  const kept: KeptSummary[] = []
  const unknown = objects.filter(({ key, size, modified }) => {
    const before = known.get(key)
    if (before === undefined || before.size !== size || before.modified !== modified.getTime()) return true
    kept.push(before)
    return false
  })
  const facts = new Map(unknown.map((object) => [object.key, object]))
  const fresh: KeptSummary[] = []
  const { refused } = await readManifests({
    storage,
    hosts: keyset.hosts,
    objects: unknown,
    visit(manifest, { key, sha256 }) {
      const { size = 0, modified = new Date(0) } = facts.get(key) ?? {}
      const content = contentOf(manifest)
      fresh.push({ key, size, modified: modified.getTime(), sha256: sha256(), content, summary: summarize(manifest) }) // prettier-ignore
    },
    signal,
  })
  const all = [...kept, ...fresh]
  const changed = fresh.length > 0 || kept.length < known.size
  if (changed && objects.length >= worthKeeping) await keepSummaries(repository, store, all)
  const contents = new Map(all.map(({ summary, content }) => [summary.id, content]))
  return {
    backups: all.map(({ summary }) => summary).sort(newestFirst),
    refused,
    verified: await latestVerified({ repository, contents, signal }),
  }
}

async function findIfPresent(
  repository: Repository,
  id: string,
  options: CallOptions,
): Promise<Manifest | null> {
  try {
    return await repository.find(id, options)
  } catch (error) {
    if (isHoldfastError(error, 'backup_not_found')) return null
    throw error
  }
}
