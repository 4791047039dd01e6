import type { CallOptions, Lock, ObjectLocks } from './storage.ts'

/** True if an object that is locked like `there` needs no other lock to be locked as is `wanted`. */
export function covers(there: Lock | null, wanted: Lock): boolean {
  if (there === null || there.until < wanted.until) return false
  return there.mode === wanted.mode || there.mode === 'compliance'
}

/** The least lock that covers both. */
export function both(there: Lock | null, wanted: Lock): Lock {
  if (there === null) return wanted
  return {
    until: there.until > wanted.until ? there.until : wanted.until,
    mode: there.mode === 'compliance' ? there.mode : wanted.mode,
  }
}

/** `inner`, if there is one, with `run` around each call: for storages that wrap others. */
export function aroundLocks(
  inner: ObjectLocks | undefined,
  run: <T>(work: () => Promise<T>, call: CallOptions | undefined) => Promise<T>,
): { readonly locks?: ObjectLocks } {
  if (inner === undefined) return {}
  return {
    locks: {
      require: (call) => run(() => inner.require(call), call),
      of: (key, call) => run(() => inner.of(key, call), call),
      extend: (key, lock, call) => run(() => inner.extend(key, lock, call), call),
      keepsDeleted: (call) => run(() => inner.keepsDeleted(call), call),
    },
  }
}
