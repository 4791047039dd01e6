import type { HoldfastError } from '../../lib/errors.ts'
import { ask, type Asked, type PlaceFacts } from '../remote/facts.ts'
import type { S3Location } from './address.ts'
import { sending, type S3Connection } from './client.ts'
import { isAnswer, s3Error } from './errors.ts'
import { completesConditionally } from './multipart.ts'
import type { S3Storage } from './s3.ts'

export interface S3Facts extends PlaceFacts {
  /** Null: objects are not locked. `days` is null where there is no default, so that only locks asked for one by one hold. */
  readonly lock: Asked<{ readonly mode: string | null; readonly days: number | null } | null>
  /** Uploads in parts that were begun and not completed, at most a thousand, and the oldest of them. */
  readonly uploads: Asked<{ readonly open: number; readonly oldest: Date | null }>
  /** After how many days the bucket clears such uploads away; null: never. */
  readonly clearsUploadsAfterDays: Asked<number | null>
  /** Whether `If-None-Match` is heeded when an upload in parts is completed. */
  readonly completesConditionally: Asked<boolean>
}

/** Asks a bucket what it is like. Writes one object below `tmp/`, and deletes it again if it may. */
export async function s3Facts(o: {
  readonly storage: S3Storage
  readonly location: S3Location
  readonly signal: AbortSignal
}): Promise<S3Facts> {
  const { location, signal } = o
  const connection = await o.storage.connect()
  const { sdk, client, clockAheadMs } = connection
  const { bucket, prefix } = location
  const Bucket = bucket
  const options = sending({ signal })
  const explain = (thrown: unknown): HoldfastError =>
    s3Error(thrown, { action: 'read', place: `s3://${bucket}`, bucket, clockAheadMs: clockAheadMs(), signal })

  const versioning = await ask(explain, async () => {
    const { Status } = await client.send(new sdk.GetBucketVersioningCommand({ Bucket }), options)
    if (Status === undefined) return 'off'
    return Status === 'Enabled' ? 'on' : 'suspended'
  })
  const lock = await ask(explain, async () => {
    try {
      const found = await client.send(new sdk.GetObjectLockConfigurationCommand({ Bucket }), options)
      if (found.ObjectLockConfiguration?.ObjectLockEnabled !== 'Enabled') return null
      const { Mode = null, Days, Years } = found.ObjectLockConfiguration.Rule?.DefaultRetention ?? {}
      return { mode: Mode, days: Days ?? (Years === undefined ? null : Years * 365) }
    } catch (error) {
      if (isAnswer(error, 'ObjectLockConfigurationNotFoundError', 404)) return null
      throw error
    }
  })
  const uploads = await ask(explain, async () => {
    const found = await client.send(new sdk.ListMultipartUploadsCommand({ Bucket, Prefix: prefix }), options)
    const begun = (found.Uploads ?? []).flatMap(({ Initiated }) =>
      Initiated === undefined ? [] : [Initiated],
    )
    const oldest = begun.sort((a, b) => a.getTime() - b.getTime())[0] ?? null
    return { open: found.Uploads?.length ?? 0, oldest }
  })
  const clearsUploadsAfterDays = await ask(explain, async () => {
    try {
      const { Rules = [] } = await client.send(
        new sdk.GetBucketLifecycleConfigurationCommand({ Bucket }),
        options,
      )
      const days = Rules.filter(({ Status }) => Status === 'Enabled').flatMap((rule) => {
        const covers = prefix.startsWith(rule.Filter?.Prefix ?? rule.Prefix ?? '')
        const after = rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation
        return covers && after !== undefined ? [after] : []
      })
      return days.length === 0 ? null : Math.min(...days)
    } catch (error) {
      if (isAnswer(error, 'NoSuchLifecycleConfiguration', 404)) return null
      throw error
    }
  })
  const completes = await ask(explain, () => askCompletion({ connection, bucket, prefix, signal, explain }))
  return {
    encrypted: location.endpoint?.protocol !== 'http:',
    clockAheadMs: clockAheadMs(),
    versioning,
    lock,
    uploads,
    clearsUploadsAfterDays,
    completesConditionally: completes,
  }
}

async function askCompletion(o: {
  connection: S3Connection
  bucket: string
  prefix: string
  signal: AbortSignal
  explain: (thrown: unknown) => HoldfastError
}): Promise<boolean> {
  const { sdk, client } = o.connection
  const answer = await completesConditionally({
    ...o,
    key: '',
    retry: (work) => work(),
    call: o,
    digested: false,
  })
  const object = { Bucket: o.bucket, Key: `${o.prefix}tmp/conditional` }
  await client.send(new sdk.DeleteObjectCommand(object)).catch(() => undefined)
  return answer
}
