import { visitErasures } from '../repository/check-restores.ts'
import { chunkNameOfKey } from '../repository/format/chunk-names.ts'
import type { Manifest, ManifestLock, ManifestSummary } from '../repository/format/manifest.ts'
import { listRestores } from '../repository/restores.ts'
import { listChunks } from '../repository/stored-chunks.ts'
import type { Repository } from '../repository/types.ts'
import type { CallOptions } from '../storage/storage.ts'
import type { Amount, Refused } from './types.ts'

/** What backups hold and what they take in the storage. Bytes are those of objects, unless they are called plain. */
export interface RepositoryStats {
  readonly sources: readonly SourceStats[]
  /** Newest first. */
  readonly backups: readonly BackupStats[]
  /** All chunks that are stored. */
  readonly stored: Amount
  /** Those that backups of several sources need, or that restores and erasures need. */
  readonly others: Amount
  /** Those that nothing needs: of backups that are running or were broken off, or that were pruned. */
  readonly unneeded: Amount
  readonly refused: readonly Refused[]
}

export interface SourceStats {
  readonly source: string
  readonly backups: number
  /** Rows of the newest backup as COPY text. */
  readonly plainBytes: number
  /** Of all of its backups together. */
  readonly allPlainBytes: number
  /** Chunks that this source alone needs. */
  readonly stored: Amount
  /** What its backups have stored first, in the 7 and 30 days before the newest of them. */
  readonly grown: { readonly days7: number; readonly days30: number }
}

export interface BackupStats {
  readonly id: string
  readonly source: string
  readonly moment: string
  readonly name: string | null
  /** Null: what it needs was not locked. */
  readonly lock: ManifestLock | null
  /** Its rows as COPY text. */
  readonly plainBytes: number
  /** All chunks that it needs. */
  readonly storedBytes: number
  /** What it was the first to store. */
  readonly newStoredBytes: number
  /** Chunks that no other backup needs: what removing only this one would free. */
  readonly unique: Amount
}

/** Who needs a chunk: one backup by its number; several of one source, as that source's number, negative, from -2 down; or others. */
type Need = number
const others: Need = -1

/** Measures a repository. Reads manifests and lists chunks; holds one number for each chunk that is needed. */
export async function measureRepository(
  o: { repository: Repository } & CallOptions,
): Promise<RepositoryStats> {
  const { repository, signal } = o
  const needs = new Map<string, Need>()
  const ids: string[] = []
  const sources: string[] = []
  const sourceOf: number[] = []
  const visit = ({ id, source, chunks }: Manifest): void => {
    const at = ids.push(id) - 1
    const known = sources.indexOf(source)
    const own = known === -1 ? sources.push(source) - 1 : known
    sourceOf.push(own)
    for (const [name] of chunks) needs.set(name, withNeed(needs.get(name), at, own, sourceOf))
  }
  const { backups, refused } = await repository.manifests({ signal, visit })
  const needByOthers = ({ chunks }: Pick<Manifest, 'chunks'>): void => {
    for (const [name] of chunks) needs.set(name, others)
  }
  const restores = await listRestores(repository, { signal, visit: needByOthers })
  const erasures = await visitErasures(repository, { signal })
  erasures.documents.forEach(needByOthers)

  const unique = ids.map(() => amount())
  const bySource = sources.map(() => amount())
  const [stored, byOthers, unneeded] = [amount(), amount(), amount()]
  for await (const { key, size } of listChunks(repository.storage, { signal })) {
    const name = chunkNameOfKey(key)
    if (name === null) continue
    const need = needs.get(name)
    stored.add(size)
    if (need === undefined) unneeded.add(size)
    else if (need === others) byOthers.add(size)
    else bySource[need < 0 ? -2 - need : (sourceOf[need] ?? -1)]?.add(size)
    if (need !== undefined && need >= 0) unique[need]?.add(size)
  }
  const place = new Map(ids.map((id, at) => [id, at]))
  return {
    sources: sources.map((source, at) =>
      statsOf(source, backups.filter((backup) => backup.source === source), plainAmount(bySource[at])),
    ), // prettier-ignore
    backups: backups.map(({ id, source, moment, name, lock = null, totals }) => ({
      id,
      source,
      moment,
      name,
      lock,
      plainBytes: totals.plainBytes,
      storedBytes: totals.storedBytes,
      newStoredBytes: totals.newStoredBytes,
      unique: plainAmount(unique[place.get(id) ?? -1]),
    })),
    stored: plainAmount(stored),
    others: plainAmount(byOthers),
    unneeded: plainAmount(unneeded),
    refused: [...refused, ...restores.refused, ...erasures.refused],
  }
}

function withNeed(before: Need | undefined, at: number, own: number, sourceOf: readonly number[]): Need {
  if (before === undefined) return at
  const source = before < 0 ? -2 - before : sourceOf[before]
  return source === own ? -2 - own : others
}

function statsOf(source: string, backups: readonly ManifestSummary[], stored: Amount): SourceStats {
  const newest = backups.reduce((latest, { moment }) => Math.max(latest, Date.parse(moment)), 0)
  const grownIn = (days: number): number =>
    backups
      .filter(({ moment }) => newest - Date.parse(moment) < days * 86_400_000)
      .reduce((sum, { totals }) => sum + totals.newStoredBytes, 0)
  return {
    source,
    backups: backups.length,
    plainBytes: backups[0]?.totals.plainBytes ?? 0,
    allPlainBytes: backups.reduce((sum, { totals }) => sum + totals.plainBytes, 0),
    stored,
    grown: { days7: grownIn(7), days30: grownIn(30) },
  }
}

interface Counter extends Amount {
  add(size: number): void
}

function amount(): Counter {
  const counter = { objects: 0, bytes: 0, add: (size: number) => void ((counter.objects += 1), (counter.bytes += size)) } // prettier-ignore
  return counter
}

function plainAmount({ objects, bytes }: Amount = { objects: 0, bytes: 0 }): Amount {
  return { objects, bytes }
}
