import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

/** A lock as S3 speaks of it. */
export interface S3Lock {
  readonly mode: 'GOVERNANCE' | 'COMPLIANCE'
  readonly until: Date
}

/** Why a request about locks is refused: the name of the failure in S3. Null: it is not. */
export type LockFault = 'InvalidRequest' | 'InvalidDigest' | 'MalformedXML' | 'AccessDenied' | null

/** The lock that a put asks for; null: none. */
export function askedLock(headers: IncomingHttpHeaders): S3Lock | null {
  return lockOf(headers['x-amz-object-lock-mode'], headers['x-amz-object-lock-retain-until-date'])
}

/** The lock that the body of a request for a retention asks for. */
export function retentionOf(xml: string): S3Lock | null {
  return lockOf(/<Mode>(.*?)</.exec(xml)?.[1], /<RetainUntilDate>(.*?)</.exec(xml)?.[1])
}

function lockOf(mode: string | string[] | undefined, until: string | string[] | undefined): S3Lock | null {
  if (mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE') return null
  const moment = new Date(String(until))
  return Number.isNaN(moment.getTime()) ? null : { mode, until: moment }
}

/** A body that is to be locked has its MD5 in the request. */
export function digestFault(headers: IncomingHttpHeaders, body: Buffer): LockFault {
  const given = headers['content-md5']
  if (given === undefined) return 'InvalidRequest'
  return given === createHash('md5').update(body).digest('base64') ? null : 'InvalidDigest'
}

/** A lock may be made longer by anybody who may lock at all, and neither shorter nor stricter. */
export function changeFault(before: S3Lock | null, after: S3Lock | null, now: Date): LockFault {
  if (after === null) return 'MalformedXML'
  if (after.until <= now) return 'InvalidRequest'
  if (before === null || before.until <= now) return null
  return after.mode !== before.mode || after.until < before.until ? 'AccessDenied' : null
}
