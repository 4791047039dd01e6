import { createHash, type KeyObject } from 'node:crypto'
import type { ErrorCode } from '../lib/error-codes.ts'
import { eachLimited } from '../lib/async.ts'
import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import type { CallOptions, Storage } from '../storage/storage.ts'
import { openPublicKey } from './crypto/ed25519.ts'
import { abandonedSize, isAbandoned } from './format/abandoned.ts'
import { manifestKey, manifestPrefix } from './format/fields.ts'
import { summarize, type Manifest, type ManifestSummary } from './format/manifest.ts'
import { manifestCheck } from './format/manifest-shape.ts'
import { ShapeError } from './format/shape.ts'
import {
  damaged,
  decodeJson,
  encodeSigned,
  forged,
  splitSigned,
  verifySignedInThread,
} from './format/signed.ts'
import { signingSeedOf } from './hostfile.ts'
import type { Host, HostCredentials } from './types.ts'

/** An object under `manifests/`. */
export interface ManifestObject {
  readonly key: string
  /** In bytes. */
  readonly size: number
  /** When it was stored, by the storage's clock. */
  readonly modified: Date
}

/** What a visited manifest was read from. */
export interface ManifestOrigin {
  readonly key: string
  /** Of the whole object, hex. */
  sha256(): string
}

/** An object under `manifests/` that is not accepted as a backup. */
export interface RefusedManifest {
  readonly key: string
  readonly code: ErrorCode
  readonly reason: string
  /** True if the only fault is that its host was revoked. */
  readonly revoked: boolean
}

/** Stores are slow to answer, and a disk too while signatures are verified: this many are asked for at once, ... */
const mostAtOnce = 16
/** ... but a manifest of a large backup has many megabytes: together no more than so many bytes, ... */
const bytesAtOnce = 16 * 1024 ** 2
/** ... or so many of any size. */
const leastAtOnce = 4

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

/** Who may have signed manifests, with their keys ready for use. */
export type TrustedHosts = ReadonlyMap<string, { readonly host: Host; readonly key: KeyObject | null }>

export function trustHosts(hosts: readonly Host[]): TrustedHosts {
  return new Map(hosts.map((host) => [host.id, { host, key: openPublicKey(host.publicKey) }]))
}

/**
 * Reads a manifest that was stored under `key`, trusting these hosts. Throws `manifest_forged`, `object_damaged`,
 * `repository_too_new`.
 */
export async function decodeManifest(o: {
  key: string
  bytes: Uint8Array
  hosts: TrustedHosts
}): Promise<Manifest> {
  const { key, bytes, hosts } = o
  const document = splitSigned(key, 'manifest', bytes)
  const trusted = hosts.get(document.signer)
  if (trusted === undefined)
    throw forged(key, `the host ${document.signer} that signed it was never admitted`)
  const { host } = trusted
  if (!(await verifySignedInThread(document, trusted.key))) {
    throw forged(key, `it was changed, or not signed by the host ${host.name} that it names`)
  }
  if (host.revoked !== null && !host.revoked.accepts.includes(sha256Of(bytes)))
    throw new RevokedHost(key, host, host.revoked.at)

  const manifest = decodeJson(key, document.json, manifestCheck, 3)
  if (manifest.host !== document.signer)
    throw forged(key, 'it names another host than the one that signed it')
  if (manifestKey(manifest.id) !== key) {
    throw damaged(key, `it holds the backup ${manifest.id}, so it was stored under another name`)
  }
  requireConsistent(key, manifest)
  return manifest
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

/** All objects under `manifests/`, but those that will never be manifests. */
export async function listManifests(storage: Storage, options?: CallOptions): Promise<ManifestObject[]> {
  const found: ManifestObject[] = []
  for await (const { key, size, modified } of storage.list(manifestPrefix, options))
    if (size !== abandonedSize) found.push({ key, size, modified })
  return found
}

/**
 * Reads and verifies these manifests; accepted ones newest first. Objects that are gone by now are left out: a prune may
 * run meanwhile. A storage that fails is an error, never a shorter list. Only `visit` sees lists of chunks, one after the
 * other and in no order: those of all backups together may be more than fits in memory.
 */
export async function readManifests(options: {
  storage: Storage
  hosts: readonly Host[]
  objects: readonly ManifestObject[]
  visit?: ((manifest: Manifest, origin: ManifestOrigin) => void) | undefined
  signal?: AbortSignal | undefined
}): Promise<{ accepted: ManifestSummary[]; refused: RefusedManifest[] }> {
  const { storage, objects, visit, signal } = options
  const hosts = trustHosts(options.hosts)
  const accepted: ManifestSummary[] = []
  const refused: RefusedManifest[] = []
  await eachLimited(objects, readsAtOnce(objects), async ({ key }) => {
    const bytes = await getIfPresent(storage, key, { signal })
    if (bytes === null) return
    let manifest: Manifest
    try {
      manifest = await decodeManifest({ key, bytes, hosts })
    } catch (error) {
      refused.push(refusal(key, error))
      return
    }
    visit?.(manifest, { key, sha256: () => sha256Of(bytes) })
    accepted.push(summarize(manifest))
  })
  accepted.sort(newestFirst)
  refused.sort((a, b) => compare(b.key, a.key))
  return { accepted, refused }
}

function readsAtOnce(objects: readonly ManifestObject[]): number {
  const largest = objects.reduce((most, { size }) => Math.max(most, size), 1)
  return Math.max(leastAtOnce, Math.min(mostAtOnce, Math.floor(bytesAtOnce / largest)))
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

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function requireConsistent(key: string, manifest: Manifest): void {
  if (!manifest.chunks.some(([name]) => name === manifest.contents))
    throw damaged(key, 'its contents are not among its chunks')
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
