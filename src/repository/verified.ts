import { randomBytes } from 'node:crypto'
import { eachLimited } from '../lib/async.ts'
import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import type { CallOptions } from '../storage/storage.ts'
import { backupId } from './format/fields.ts'
import type { Manifest } from './format/manifest.ts'
import {
  contentOf,
  decodeVerified,
  encodeVerified,
  verifiedKey,
  verifiedPrefix,
  type VerifiedMark,
} from './format/verified.ts'
import { getIfPresent, putOnce } from './manifests.ts'
import type { Repository, Vault } from './types.ts'

/** An object under `verified/` that is not accepted as a mark. */
export interface RefusedMark {
  readonly key: string
  readonly code: string
  readonly reason: string
}

export interface Marks {
  /** Newest first, by the clocks of those who drilled. */
  readonly marks: readonly VerifiedMark[]
  readonly refused: readonly RefusedMark[]
}

const readsAtOnce = 4

/** Marks a backup with what came of a drill that ended at `when`. Needs the owner's seed, which whoever can drill has. */
export async function putVerified(
  o: {
    repository: Repository
    vault: Vault
    manifest: Manifest
    when: Date
    found: Omit<VerifiedMark, 'format' | 'backup' | 'drill' | 'content' | 'when'>
  } & CallOptions,
): Promise<VerifiedMark> {
  const { repository, vault, manifest, when, found } = o
  const mark: VerifiedMark = {
    format: 1,
    backup: manifest.id,
    drill: `${when.toISOString().replace(/[-:]|\.\d+/g, '')}-${randomBytes(4).toString('hex')}`,
    content: contentOf(manifest),
    when: when.toISOString(),
    ...found,
  }
  const key = verifiedKey(mark)
  const bytes = encodeVerified(mark, vault.ownerSeed)
  if (await putOnce(repository.storage, key, bytes, { signal: o.signal })) return mark
  throw new HoldfastError('storage_failed', `${key} is taken by another object`)
}

/** All marks of one backup whose signature holds. */
export async function readVerified(
  o: { repository: Repository; manifest: Pick<Manifest, 'id' | 'contents' | 'chunks'> } & CallOptions,
): Promise<Marks> {
  const { id } = o.manifest
  const keys = await listMarks(o.repository, `${verifiedPrefix}${id}/`, o.signal)
  return await readMarks({ ...o, keys, content: contentOf(o.manifest) })
}

/** The newest mark of a drill of the whole, by the id of the backup. */
export interface LatestMarks {
  readonly marks: ReadonlyMap<string, VerifiedMark>
  readonly refused: readonly RefusedMark[]
}

/**
 * Of each backup the newest mark of a drill of the whole: no more is read than finds it. `contents` has what `contentOf` gives, by
 * the backup's id; marks of other backups are left alone.
 */
export async function latestVerified(
  o: { repository: Repository; contents: ReadonlyMap<string, string> } & CallOptions,
): Promise<LatestMarks> {
  const keys = await listDrilled(o)
  const found = new Map<string, VerifiedMark>()
  const refused: RefusedMark[] = []
  await eachLimited(o.contents, readsAtOnce, async ([id, content]) => {
    for (const key of keys.get(id) ?? []) {
      const read = await readMarks({ ...o, keys: [key], content })
      refused.push(...read.refused)
      const whole = read.marks.find(({ level }) => level === 'whole')
      if (whole === undefined) continue
      found.set(id, whole)
      return
    }
  })
  return { marks: found, refused }
}

/** Keys of marks, the newest drill first, by the id of the backup. */
export async function listDrilled(
  o: { repository: Repository } & CallOptions,
): Promise<ReadonlyMap<string, readonly string[]>> {
  return Map.groupBy(
    await listMarks(o.repository, verifiedPrefix, o.signal),
    (key) => key.split('/')[1] ?? '',
  )
}

/** Keys of the shape of a mark's, the newest drill first. */
async function listMarks(
  { storage }: Repository,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of storage.list(prefix, { signal })) {
    const [, backup = '', drill = '', ...more] = key.split('/')
    if (backupId.test(backup) && backupId.test(drill) && more.length === 0) keys.push(key)
  }
  const drillOf = (key: string): string => key.slice(key.lastIndexOf('/'))
  return keys.sort((a, b) => (drillOf(a) < drillOf(b) ? 1 : -1))
}

async function readMarks(
  o: { repository: Repository; keys: readonly string[]; content: string } & CallOptions,
): Promise<Marks> {
  const { storage, keyset } = o.repository
  const marks: VerifiedMark[] = []
  const refused: RefusedMark[] = []
  for (const key of o.keys) {
    const bytes = await getIfPresent(storage, key, { signal: o.signal })
    if (bytes === null) continue
    try {
      const mark = decodeVerified({ key, ownerKey: keyset.ownerKey, bytes })
      if (mark.content === o.content) marks.push(mark)
      else
        refused.push({ key, code: 'manifest_forged', reason: `${key} is of another backup that had this id` })
    } catch (error) {
      if (!isHoldfastError(error)) throw error
      refused.push({ key, code: error.code, reason: error.message })
    }
  }
  return { marks, refused }
}
