import { createHash } from 'node:crypto'
import type * as Sdk from '@aws-sdk/client-s3'
import { HoldfastError } from '../../lib/errors.ts'
import { both, covers } from '../locks.ts'
import type { CallOptions, Lock, ObjectLocks } from '../storage.ts'
import { sending, type S3Connection } from './client.ts'
import type { Action } from '../remote/errors.ts'
import { isAnswer } from './errors.ts'

/** What the parameters of a put are, of an object that is to be locked. */
export function lockParameters(
  lock: Lock | undefined,
): Pick<Sdk.PutObjectCommandInput, 'ObjectLockMode' | 'ObjectLockRetainUntilDate'> {
  if (lock === undefined) return {}
  const mode = lock.mode === 'compliance' ? 'COMPLIANCE' : 'GOVERNANCE'
  return { ObjectLockMode: mode, ObjectLockRetainUntilDate: lock.until }
}

/**
 * Lets a request carry the MD5 of its body in place of the checksum that the SDK adds: the one that servers ask for where objects are
 * locked, and that all of them know.
 */
export function withDigest<C extends { readonly middlewareStack: object }>(command: C): C {
  // The types tell commands apart, which this does not.
  const stack = command.middlewareStack as Sdk.PutObjectCommand['middlewareStack']
  stack.add(
    (next) => async (args) => {
      const request = args.request as { headers: Record<string, string>; body?: string | Uint8Array }
      const kept = Object.entries(request.headers).filter(
        ([name]) => !/^x-amz-(checksum-|sdk-checksum-)/i.test(name),
      )
      const digest = createHash('md5')
        .update(request.body ?? '')
        .digest('base64')
      request.headers = { ...Object.fromEntries(kept), 'content-md5': digest }
      return await next(args)
    },
    { step: 'build', priority: 'low', name: 'holdfastDigest' },
  )
  return command
}

/** True if the server refused a put since it wants a digest of the bytes, as in a bucket that locks all objects. */
export function wantsDigest(thrown: unknown): boolean {
  return isAnswer(thrown, 'InvalidRequest', 'InvalidDigest') && /md5|checksum/i.test(String(thrown))
}

/** The error of a bucket in which nothing can be locked. */
export function noLocks(bucket: string, cause?: unknown): HoldfastError {
  return new HoldfastError('storage_no_locks', `The bucket ${bucket} locks no objects.`, { cause })
}

/** A server makes a lock stricter only for who could end it, which is a right that no backup should have. */
function staysGovernance(key: string, cause: unknown): HoldfastError {
  return new HoldfastError(
    'storage_denied',
    `${key} is locked as governance, and can't be locked as compliance.`,
    {
      cause,
      hint: 'Go on with --lock-mode governance, wait until those locks are over, or begin a new repository.',
    },
  )
}

/** Locks in a bucket. `run` connects, and tells failures as what they mean. */
export function s3Locks(o: {
  readonly bucket: string
  readonly prefix: string
  readonly run: <T>(
    action: Action,
    key: string,
    call: CallOptions | undefined,
    work: (connection: S3Connection) => Promise<T>,
  ) => Promise<T>
}): ObjectLocks {
  const { bucket: Bucket, prefix, run } = o
  /** Asked once: of a bucket that certainly locks nothing no object is asked. */
  let locking: Promise<boolean> | null = null

  /** False if the bucket certainly locks nothing. */
  async function mayLock(call: CallOptions | undefined): Promise<boolean> {
    locking ??= run('read', '', { ...call, signal: undefined }, async ({ sdk, client }) => {
      try {
        const found = await client.send(new sdk.GetObjectLockConfigurationCommand({ Bucket }))
        return found.ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled'
      } catch (error) {
        if (isAnswer(error, 'NoSuchBucket')) throw error
        if (isAnswer(error, 400, 404, 405, 501)) return false
        // Who may not ask finds out by trying.
        if (isAnswer(error, 403)) return true
        throw error
      }
    })
    try {
      return await locking
    } catch (error) {
      locking = null
      throw error
    }
  }

  async function lockOf(key: string, call: CallOptions | undefined): Promise<Lock | null> {
    return await run('read', key, call, async ({ sdk, client }) => {
      try {
        const head = await client.send(
          new sdk.HeadObjectCommand({ Bucket, Key: prefix + key }),
          sending(call),
        )
        const { ObjectLockMode: mode, ObjectLockRetainUntilDate: until } = head
        if (mode === undefined || until === undefined) return null
        return { until, mode: mode === 'COMPLIANCE' ? 'compliance' : 'governance' }
      } catch (error) {
        if (isAnswer(error, 404)) return null
        throw error
      }
    })
  }

  return {
    async require(call) {
      if (!(await mayLock(call))) throw noLocks(Bucket)
    },
    of: async (key, call) => ((await mayLock(call)) ? await lockOf(key, call) : null),
    async extend(key, lock, call) {
      const there = await lockOf(key, call)
      if (covers(there, lock)) return
      // Never a shorter one: a server may take that from who has the right to end locks.
      const { ObjectLockMode: Mode, ObjectLockRetainUntilDate: RetainUntilDate } = lockParameters(
        both(there, lock),
      )
      await run('lock', key, call, async ({ sdk, client }) => {
        const command = new sdk.PutObjectRetentionCommand({
          Bucket,
          Key: prefix + key,
          Retention: { Mode, RetainUntilDate },
        })
        try {
          await client.send(withDigest(command), sending(call))
        } catch (error) {
          if (there?.mode === 'governance' && lock.mode === 'compliance' && isAnswer(error, 403))
            throw staysGovernance(prefix + key, error)
          throw isAnswer(error, 'InvalidRequest') ? noLocks(Bucket, error) : error
        }
      })
    },
    async keepsDeleted(call) {
      return await run('read', '', call, async ({ sdk, client }) => {
        try {
          const { Status } = await client.send(new sdk.GetBucketVersioningCommand({ Bucket }), sending(call))
          return Status === 'Enabled'
        } catch (error) {
          if (isAnswer(error, 400, 403, 404, 405, 501)) return false
          throw error
        }
      })
    },
  }
}
