import { createHash } from 'node:crypto'
import type { ErrorCode } from '../lib/error-codes.ts'
import { eachLimited } from '../lib/async.ts'
import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import type { CallOptions, Storage } from '../storage/storage.ts'
import { abandonedSize, isAbandoned } from './format/abandoned.ts'
import { manifestKey, manifestPrefix } from './format/fields.ts'
import { summarize, type Manifest, type ManifestSummary } from './format/manifest.ts'
import { manifestCheck } from './format/manifest-shape.ts'
import { ShapeError } from './format/shape.ts'
import { damaged, decodeJson, encodeSigned, forged, splitSigned, verifySigned } from './format/signed.ts'
import { signingSeedOf } from './hostfile.ts'
import type { Host, HostCredentials } from './types.ts'

/** A manifest whose signature holds, with what identifies the very object it was read from. */
export interface StoredManifest {
  readonly manifest: Manifest
  readonly key: string
  /** SHA-256 of the whole object, hex. */
  readonly sha256: string
}

/** What is kept of a manifest that was read and accepted. */
export interface AcceptedManifest {
  readonly summary: ManifestSummary
  readonly sha256: string
}

/** An object under `manifests/` that is not accepted as a backup. */
export interface RefusedManifest {
  readonly key: string
  readonly code: ErrorCode
  readonly reason: string
  /** True if the only fault is that its host was revoked. */
  readonly revoked: boolean
}

/** Stores are slow to answer, but a manifest of a large backup has many megabytes: this many are asked for at once. */
const readsAtOnce = 4

/** The signed object of a manifest. Throws `internal` for one that no reader would accept. */
export function encodeManifest(manifest: Manifest, credentials: HostCredentials): Uint8Array {
  try {
    requireConsistent(manifestKey(manifest.id), manifestCheck(manifest, 'the manifest'))
  } catch (cause) {
    if (!(cause instanceof ShapeError) && !isHoldfastError(cause)) throw cause
    throw new HoldfastError('internal', `The manifest of ${manifest.id} is not valid: ${cause.message}`, {
      cause,
    })
  }
  if (manifest.host !== credentials.host) {
    throw new HoldfastError(
      'internal',
      `The manifest of ${manifest.id} names another host than the one that signs it`,
    )
  }
  const seed = signingSeedOf(credentials)
  return encodeSigned({ kind: 'manifest', value: manifest, signer: credentials.host, seed })
}

/**
 * Reads a manifest that was stored under `key`, trusting these hosts. Throws `manifest_forged`, `object_damaged`,
 * `repository_too_new`.
 */
export function decodeManifest(options: {
  key: string
  bytes: Uint8Array
  hosts: readonly Host[]
}): StoredManifest {
  const { key, bytes, hosts } = options
  const document = splitSigned(key, 'manifest', bytes)
  const host = hosts.find((entry) => entry.id === document.signer)
  if (host === undefined) throw forged(key, `the host ${document.signer} that signed it was never admitted`)
  if (!verifySigned(document, host.publicKey)) {
    throw forged(key, `it was changed, or not signed by the host ${host.name} that it names`)
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  if (host.revoked !== null && !host.revoked.accepts.includes(sha256))
    throw new RevokedHost(key, host, host.revoked.at)

  const manifest = decodeJson(key, document.json, manifestCheck, 2)
  if (manifest.host !== document.signer)
    throw forged(key, 'it names another host than the one that signed it')
  if (manifestKey(manifest.id) !== key) {
    throw damaged(key, `it holds the backup ${manifest.id}, so it was stored under another name`)
  }
  requireConsistent(key, manifest)
  return { manifest, key, sha256 }
}

/** Stores a manifest: the moment a backup comes to exist. A retry of the same bytes is no error. */
export async function putManifest(
  storage: Storage,
  manifest: Manifest,
  credentials: HostCredentials,
  options?: CallOptions,
): Promise<void> {
  const key = manifestKey(manifest.id)
  if (await putOnce(storage, key, encodeManifest(manifest, credentials), options)) return
  throw new HoldfastError('storage_failed', `${key} is taken by another object`, {
    hint: 'Run the backup again; it gets another id.',
  })
}

/** True if the object is now stored with these very bytes, also if it was an earlier try whose answer was lost. Throws `writer_overtaken`. */
export async function putOnce(
  storage: Storage,
  key: string,
  bytes: Uint8Array,
  options?: CallOptions,
): Promise<boolean> {
  if ((await storage.put(key, bytes, options)) === 'stored') return true
  const there = await storage.get(key, options)
  if (isAbandoned(there)) {
    throw new HoldfastError(
      'writer_overtaken',
      `A prune has taken this run for dead and gone on without it: ${key} can't be stored any more.`,
    )
  }
  return Buffer.from(there).equals(bytes)
}

/** Keys of all objects under `manifests/`, but of those that will never be manifests. */
export async function listManifestKeys(storage: Storage, options?: CallOptions): Promise<string[]> {
  const keys: string[] = []
  for await (const { key, size } of storage.list(manifestPrefix, options))
    if (size !== abandonedSize) keys.push(key)
  return keys
}

/**
 * Reads and verifies these manifests; accepted ones newest first. Objects that are gone by now are left out: a prune may
 * run meanwhile. A storage that fails is an error, never a shorter list. Only `visit` sees lists of chunks, one after the
 * other and in no order: those of all backups together may be more than fits in memory.
 */
export async function readManifests(options: {
  storage: Storage
  hosts: readonly Host[]
  keys: readonly string[]
  visit?: ((manifest: Manifest) => void) | undefined
  signal?: AbortSignal | undefined
}): Promise<{ accepted: AcceptedManifest[]; refused: RefusedManifest[] }> {
  const accepted: AcceptedManifest[] = []
  const refused: RefusedManifest[] = []
  await eachLimited(options.keys, readsAtOnce, async (key) => {
    const bytes = await getIfPresent(options.storage, key, { signal: options.signal })
    if (bytes === null) return
    let stored: StoredManifest
    try {
      stored = decodeManifest({ key, bytes, hosts: options.hosts })
    } catch (error) {
      refused.push(refusal(key, error))
      return
    }
    options.visit?.(stored.manifest)
    accepted.push({ summary: summarize(stored.manifest), sha256: stored.sha256 })
  })
  accepted.sort((a, b) => newestFirst(a.summary, b.summary))
  refused.sort((a, b) => compare(b.key, a.key))
  return { accepted, refused }
}

/** The object, or null if there is none of this name, or in its place what says that there will be none. */
export async function getIfPresent(
  storage: Storage,
  key: string,
  options?: CallOptions,
): Promise<Uint8Array | null> {
  try {
    const bytes = await storage.get(key, options)
    return isAbandoned(bytes) ? null : bytes
  } catch (error) {
    if (isHoldfastError(error, 'storage_not_found')) return null
    throw error
  }
}

/** Sequence decides, because clocks may be wrong; then the moment, then the id. */
export function newestFirst(a: ManifestSummary, b: ManifestSummary): number {
  return b.sequence - a.sequence || compare(b.moment, a.moment) || compare(b.id, a.id)
}

class RevokedHost extends HoldfastError {
  constructor(key: string, host: Host, at: string) {
    super(
      'manifest_forged',
      `${key} is not to be trusted: its host ${host.name} was revoked as of ${at}, and this was not among its backups then`,
      { details: { key } },
    )
  }
}

function refusal(key: string, error: unknown): RefusedManifest {
  if (!isHoldfastError(error)) throw error
  return { key, code: error.code, reason: error.message, revoked: error instanceof RevokedHost }
}

function requireConsistent(key: string, manifest: Manifest): void {
  const names = new Set(manifest.chunks.map(([name]) => name))
  if (names.size !== manifest.chunks.length) throw damaged(key, 'a chunk is in it twice')
  if (!names.has(manifest.contents)) throw damaged(key, 'its contents are not among its chunks')
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
