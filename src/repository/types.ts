import type { HoldfastError } from '../lib/errors.ts'
import type { Manifest, ManifestLock, ManifestSummary } from './format/manifest.ts'
import type { CallOptions, Storage } from '../storage/storage.ts'

/** A repository that was opened: its address and key set are known and verified, no private key is needed yet. */
export interface Repository {
  readonly id: string
  readonly storage: Storage
  readonly keyset: Keyset
  /** True if the owner key was confirmed by a host file, an identity, or given by the user; false if taken on trust for listing only. */
  readonly ownerConfirmed: boolean

  /**
   * All backups whose signature holds, newest first (sequence, then moment, then id), and the objects that were refused, with the reason.
   * `visit` is given each manifest as it is read, in no order. Keep no list of chunks: all of them may be more than fits in memory.
   */
  manifests(options?: CallOptions & { readonly visit?: (manifest: Manifest) => void }): Promise<{
    readonly backups: readonly ManifestSummary[]
    readonly refused: readonly { readonly key: string; readonly code: string; readonly reason: string }[]
  }>

  /**
   * The backup with this id, unique beginning of an id, or `latest`. Throws `backup_not_found`, `backup_ambiguous`. `onOthers` is given, of
   * `latest`, the newest backup of each other database: one repository may hold those of several.
   */
  find(
    reference: string,
    options?: CallOptions & { readonly onOthers?: (newest: readonly ManifestSummary[]) => void },
  ): Promise<Manifest>

  /** Where `storage` reads several copies as one: which they are. */
  readonly copies?: Copies | undefined
}

/** Several copies of a repository that are read as one. */
export interface Copies {
  /** The one that is written to, where only one is. */
  readonly home: Storage
  /** All of them, in the order in which they are asked. */
  all(): readonly Storage[]
  /** Is told what a copy did not give that another one gave. */
  onFault(fault: CopyFault): void
}

/** What is wrong with an object in one copy of a repository. */
export interface CopyFault {
  readonly address: string
  readonly key: string
  readonly what: 'missing' | 'damaged' | 'failed'
  readonly reason: string
}

/** What the newest key set object says, after its signature was verified. docs/FORMAT.md "Key sets". */
export interface Keyset {
  readonly format: 1
  readonly version: number
  readonly created: string
  /** Ed25519 public key of the owner, base64url. */
  readonly ownerKey: string
  readonly epochs: readonly Epoch[]
  readonly recipients: readonly Recipient[]
  readonly hosts: readonly Host[]
}

export interface Epoch {
  readonly id: string
  /** `age1...`: objects are sealed to it. */
  readonly publicKey: string
  readonly created: string
}

/** Someone who can open the vault: the private halves of all epochs, the naming key and the owner's signing key. */
export interface Recipient {
  readonly name: string
  readonly kind: 'identity' | 'passphrase'
  /** `age1...`, or null for a passphrase. */
  readonly publicKey: string | null
  readonly added: string
  /** The vault as an age file encrypted to this recipient alone, base64. */
  readonly vault: string
  /** Proof to the holder of the identity that the owner key is the right one; null if it was added by public key only. */
  readonly anchor: string | null
}

/** A machine that may write backups. */
export interface Host {
  readonly id: string
  readonly name: string
  /** Ed25519 public key, base64url. */
  readonly publicKey: string
  readonly admitted: string
  /** Set when it was revoked: only manifests whose SHA-256 is listed are still accepted from it. */
  readonly revoked: { readonly at: string; readonly accepts: readonly string[] } | null
}

/** What a machine that only backs up holds, in a file of mode 0600. Nothing in it decrypts. */
export interface HostCredentials {
  readonly format: 1
  readonly repository: string
  readonly host: string
  readonly name: string
  readonly ownerKey: string
  /** Ed25519 seed, base64url. */
  readonly signingKey: string
  /** 32 bytes, base64url: names of chunks are HMAC-SHA256 with it. */
  readonly namingKey: string
}

/** The private half: what the identity or passphrase opens. */
export interface Vault {
  readonly namingKey: Uint8Array
  /** Ed25519 seed of the owner. */
  readonly ownerSeed: Uint8Array
  /** `AGE-SECRET-KEY-1...` by epoch id. */
  readonly epochs: ReadonlyMap<string, string>
}

/** Chunks that one document will name, as they are stored: in any order and concurrently. */
export interface WrittenChunks {
  /**
   * Stores the bytes as a chunk unless one of this name is stored already. The writer owns `bytes` (and its
   * ArrayBuffer) from now on. Resolves when the chunk is durable, to its index in the document's chunk list; equal bytes get the same index.
   */
  store(bytes: Uint8Array<ArrayBuffer>): Promise<number>

  /** What has been stored so far. */
  readonly stats: {
    readonly newChunks: number
    readonly newStoredBytes: number
    readonly reusedChunks: number
    readonly storedBytes: number
    readonly plainBytes: number
  }
  /** The chunk list so far, for the document. */
  chunks(): Manifest['chunks']
}

/** What has become of one copy of a repository in a backup. */
export interface CopyOutcome {
  readonly address: string
  /** Why it was given up, and has no such backup; null: nothing has failed in it. */
  readonly failed: HoldfastError | null
  /** What was stored in it that it did not have. */
  readonly newChunks: number
  readonly newStoredBytes: number
}

/** Writes one backup: chunks first, the manifest last. */
export interface BackupWriter extends WrittenChunks {
  /** Id of the backup that it writes: when it was begun, and 4 bytes: newId. */
  readonly id: string
  /** When it was begun, by the clock of who writes. */
  readonly started: Date
  readonly epoch: string
  readonly host: string
  /** Sequence number for the manifest: one more than the highest seen, in any copy, when the writer was opened. */
  readonly sequence: number

  /** Every copy of the repository that it was to write to, in their order, as things are now. */
  copies(): readonly CopyOutcome[]

  /** How everything that the backup needs will be locked when it is committed; null: not at all. */
  readonly lock: ManifestLock | null

  /** Keyed hash of any text, for `Manifest.source`. */
  keyedHash(text: string): string

  /**
   * Signs and stores the manifest, in every copy that has not failed: the moment the backup comes to exist there. Waits for nothing: every `store` must
   * have resolved. Throws if it is stored in no copy.
   */
  commit(manifest: Manifest): Promise<void>

  /** Stops the workers. Without `commit` before it there is no backup, only chunks that the next one reuses. */
  [Symbol.asyncDispose](): Promise<void>
}

/** Opens chunks: decrypts, decompresses, and compares the recomputed name. */
export interface ChunkReader {
  /** The plain bytes. Throws `object_missing`, `object_damaged`. Concurrent calls use several threads. */
  read(name: string, options?: CallOptions): Promise<Uint8Array<ArrayBuffer>>
  [Symbol.asyncDispose](): Promise<void>
}
