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

  /**
   * Stores `data` under `key` unless the key is taken. When it resolves the object is durable and whole
   * (on local disk: file and directory are synced). Nobody ever sees a part of an object under its key, also
   * after a crash. Resolves to `'exists'` without touching it if the key is taken; of several
   * concurrent writers exactly one gets `'stored'` unless an answer was lost, when a retry gets `'exists'` for
   * its own object. Safe to retry. Once it has resolved, `data` is the caller's again.
   */
  put(key: string, data: Uint8Array, options?: CallOptions): Promise<'stored' | 'exists'>

  /** The whole object, or `length` bytes from `offset`. Throws `storage_not_found`. Safe to retry. */
  get(key: string, options?: CallOptions & { offset?: number; length?: number }): Promise<Uint8Array>

  /** Size and time, or null if there is no such object. Safe to retry. */
  head(key: string, options?: CallOptions): Promise<ObjectInfo | null>

  /**
   * All objects whose key begins with `prefix` (which ends with '/' or is empty), in no particular order, streamed. Objects
   * written or deleted meanwhile may or may not be seen; partial writes are never seen.
   */
  list(prefix: string, options?: CallOptions): AsyncIterable<ObjectInfo>

  /** Removes an object. Not an error if there is none. Only prune and key removal call it. Safe to retry. */
  delete(key: string, options?: CallOptions): Promise<void>
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
}
