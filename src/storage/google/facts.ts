import { ask, type CloudFacts } from '../remote/facts.ts'
import type { GoogleLocation } from './address.ts'
import { googleError } from './errors.ts'
import type { GoogleStorage } from './google.ts'

/** What the service tells of a bucket, as far as it is asked. Durations are texts there, in seconds. */
interface Described {
  readonly versioning?: { readonly enabled?: boolean }
  readonly softDeletePolicy?: { readonly retentionDurationSeconds?: string }
  readonly retentionPolicy?: { readonly retentionPeriod?: string; readonly isLocked?: boolean }
}

/** Asks a bucket what it is like. Writes nothing. */
export async function googleFacts(o: {
  readonly storage: GoogleStorage
  readonly location: GoogleLocation
  readonly signal: AbortSignal
}): Promise<CloudFacts> {
  const { signal } = o
  const { bucket, endpoint } = o.location
  const { request, clockAheadMs } = await o.storage.connect()
  const explain = (thrown: unknown) =>
    googleError(thrown, {
      action: 'read',
      place: `gs://${bucket}`,
      bucket,
      clockAheadMs: clockAheadMs(),
      signal,
    })
  const asked = await ask(explain, async () => {
    const query = { fields: 'versioning,softDeletePolicy,retentionPolicy' }
    const { body } = await request({ method: 'GET', to: `/storage/v1/b/${bucket}`, query, signal })
    return JSON.parse(Buffer.from(body).toString()) as Described
  })
  const encrypted = endpoint?.protocol !== 'http:'
  const common = { encrypted, clockAheadMs: clockAheadMs() }
  if (!('answer' in asked)) return { ...common, versioning: asked, softDeleteDays: asked, retention: asked }
  const { versioning, softDeletePolicy, retentionPolicy } = asked.answer
  const deletedDays = days(softDeletePolicy?.retentionDurationSeconds)
  const keptDays = days(retentionPolicy?.retentionPeriod)
  return {
    ...common,
    versioning: { answer: versioning?.enabled === true ? 'on' : 'off' },
    softDeleteDays: { answer: deletedDays === 0 ? null : deletedDays },
    retention: {
      answer: keptDays === 0 ? null : { days: keptDays, locked: retentionPolicy?.isLocked === true },
    },
  }
}

function days(seconds = '0'): number {
  return Math.round(Number(seconds) / (24 * 60 * 60))
}
