/** What `list` and `head` tell of an object. */
export interface ObjectInfo {
  /** Path inside the storage: segments of [A-Za-z0-9._-] joined by '/', no leading slash. */
  readonly key: string
  /** Size in bytes. */
  readonly size: number
  /** When it was written, by the storage's clock. */
  readonly modified: Date
}

/**
 * A dumb object store: what a repository needs of one, and no more. Objects are written once and never changed.
 *
 * Every method takes an AbortSignal, throws HoldfastError with a `storage_*` code, and may be called
 * concurrently, also from other processes and machines.
 */
export interface Storage {
  /** Where this is, for messages: never contains a credential. */
  readonly address: string

  /** True where nothing ever changes, as in an archive: `put` and `delete` throw `storage_denied`, and nobody else writes or prunes. */
  readonly fixed?: true | undefined

  /**
   * Stores `data` under `key` unless the key is taken. When it resolves the object is durable and whole
   * (on local disk: file and directory are synced). Nobody ever sees a part of an object under its key, also
   * after a crash. Resolves to `'exists'` without touching it if the key is taken; of several
   * concurrent writers exactly one gets `'stored'` unless an answer was lost, when a retry gets `'exists'` for
   * its own object. Safe to retry. Once it has resolved, `data` is the caller's again.
   */
  put(
    key: string,
    data: Uint8Array,
    options?: CallOptions & {
      /** The object is locked from its first moment. Only where there are `locks`. It does not lock one that was there. Throws `storage_no_locks`. */
      readonly lock?: Lock | undefined
    },
  ): Promise<'stored' | 'exists'>

  /** The whole object, or `length` bytes from `offset`. Throws `storage_not_found`. Safe to retry. */
  get(key: string, options?: CallOptions & { offset?: number; length?: number }): Promise<Uint8Array>

  /** Size and time, or null if there is no such object. Safe to retry. */
  head(key: string, options?: CallOptions): Promise<ObjectInfo | null>

  /**
   * All objects whose key begins with `prefix` (which ends with '/' or is empty), in no particular order, streamed. Objects
   * written or deleted meanwhile may or may not be seen; partial writes are never seen.
   */
  list(prefix: string, options?: CallOptions): AsyncIterable<ObjectInfo>

  /**
   * Removes an object, so that none of this name is listed, read, or in the way of a `put`. Not an error if there is none. Of one that is
   * locked either throws `storage_denied`, or takes it out of sight and keeps it. Only prune and key removal call it. Safe to retry.
   */
  delete(key: string, options?: CallOptions): Promise<void>

  /** Not there where objects can't be locked. */
  readonly locks?: ObjectLocks | undefined
}

/** `governance`: those who have a right of its own for it can end the lock. `compliance`: nobody can. */
export type LockMode = 'governance' | 'compliance'

/** Keeps an object from being removed or changed. */
export interface Lock {
  /** By the storage's clock; to the second. */
  readonly until: Date
  readonly mode: LockMode
}

/** Locks on objects, where a storage has such. Every method may be called again. */
export interface ObjectLocks {
  /** Throws `storage_no_locks` if nothing can be locked in this storage, as far as that can be told without trying. */
  require(options?: CallOptions): Promise<void>

  /** The lock of an object; null: there is no object or no lock, or this credential is not told. It may be over. */
  of(key: string, options?: CallOptions): Promise<Lock | null>

  /**
   * Locks an object that is there for at least as long, and as strictly. What is locked for longer or more strictly stays so. Throws
   * `storage_no_locks`, and `storage_denied`, also where a lock of the mode `governance` can't become one of `compliance`.
   */
  extend(key: string, lock: Lock, options?: CallOptions): Promise<void>

  /** True if what is deleted stays in the storage, unseen and taking room. False also where it does not say. */
  keepsDeleted(options?: CallOptions): Promise<boolean>
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
}
