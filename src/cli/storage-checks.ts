import type { HoldfastError } from '../lib/errors.ts'
import type { LocalFacts } from '../storage/local-facts.ts'
import type { Outcome, ProbeFacts } from '../storage/probe.ts'
import type { Asked, CloudFacts, PlaceFacts, Retention } from '../storage/remote/facts.ts'
import type { S3Facts } from '../storage/s3/facts.ts'
import { formatAgo, formatBytes, formatCountOf, formatRate } from './format.ts'
import { clock, good, note, unknown, withoutStop, type SourceCheck } from './source-checks.ts'

/** What `storage test` tells of any storage: whether it does what a repository asks of it. */
export function probeChecks(facts: ProbeFacts): SourceCheck[] {
  const { latency, rate } = facts
  return [
    step('write', facts.write, 'objects can be written'),
    onceCheck(facts.writesOnce),
    step('read', facts.read, 'what was written is read back the same'),
    step('list', facts.list, 'what was written is listed'),
    deleteCheck(facts),
    latency === null
      ? unknown('latency', 'could not be measured')
      : good(
          'latency',
          `${milliseconds(latency.writeMs)} to write a small object, ${milliseconds(latency.readMs)} to read one`,
        ),
    rate === null
      ? unknown('rate', 'could not be measured')
      : good(
          'rate',
          `${formatRate(rate.write, 1000)} written, ${formatRate(rate.read, 1000)} read, one object at a time`,
        ),
  ]
}

/** What is told of a bucket besides. */
export function s3Checks(facts: S3Facts, now: Date): SourceCheck[] {
  return [
    ...placeChecks(facts),
    asked('object lock', facts.lock, lockCheck),
    asked('parts', facts.completesConditionally, (heeded) =>
      heeded
        ? good('parts', 'large objects go up in parts')
        : good('parts', 'large objects go up whole: a condition on completing parts is not heeded'),
    ),
    asked('uploads', facts.uploads, (uploads) => uploadsCheck(uploads, facts, now)),
  ]
}

/** What is told of a place at Azure or Google besides. */
export function cloudChecks(facts: CloudFacts): SourceCheck[] {
  const { softDeleteDays, versioning } = facts
  const kept = 'answer' in softDeleteDays && softDeleteDays.answer !== null
  const versions = 'answer' in versioning && versioning.answer === 'on'
  return [
    ...placeChecks(facts, kept),
    asked('soft delete', softDeleteDays, (days) => {
      if (days !== null)
        return good('soft delete', `on: what is deleted can be had back for ${formatCountOf(days, 'day')}`)
      if (versions) return good('soft delete', 'off; there are versions')
      return note('soft delete', 'off: what is deleted is gone', 'Turn it on, or keep a second copy.')
    }),
    asked('retention', facts.retention, retentionCheck),
  ]
}

/** What is told of a directory besides. */
export function localChecks({ freeBytes, network, mode }: LocalFacts): SourceCheck[] {
  const open = mode !== null && (mode & 0o077) !== 0
  return [
    good('room', `${formatBytes(freeBytes)} free`),
    network === null
      ? good('file system', "one of this machine's own; files and directories can be synced")
      : note(
          'file system',
          `${network}, over a network or a program in between`,
          'Whether what is synced is on a disk depends on its server: look at how it is exported and mounted.',
        ),
    open
      ? note(
          'permissions',
          `other users of this machine may enter the directory (${mode.toString(8)})`,
          'What is in it is sealed; chmod 700 it all the same.',
        )
      : good('permissions', 'for its owner only'),
  ]
}

/** `kept`: what is deleted can be had back also where there are no versions. */
function placeChecks({ encrypted, clockAheadMs, versioning }: PlaceFacts, kept = false): SourceCheck[] {
  return [
    encrypted
      ? good('encrypted', 'by TLS; it is certain that this is the storage')
      : note(
          'encrypted',
          'no: what is stored is sealed all the same, but who listens can send the requests again',
        ),
    clockAheadMs === null
      ? unknown('clock', 'the storage does not tell its time')
      : clock(clockAheadMs, "the storage's"),
    asked('versioning', versioning, (state) => {
      if (state === 'on')
        return good(
          'versioning',
          'on: what is deleted can be had back, and takes room, until old versions are cleared away',
        )
      if (kept) return good('versioning', `${state}; what is deleted is kept for a while`)
      return note('versioning', `${state}: what is deleted is gone`, 'Turn it on, or keep a second copy.')
    }),
  ]
}

function step(name: string, outcome: Outcome, well: string): SourceCheck {
  if (outcome === null) return unknown(name, 'could not be tried')
  return outcome.failure === null ? good(name, well) : failed(name, outcome.failure)
}

function failed(name: string, { code, message, hint }: HoldfastError): SourceCheck {
  return { name, result: 'bad', text: withoutStop(message), hint, code }
}

function onceCheck(writesOnce: boolean | null): SourceCheck {
  if (writesOnce === null) return unknown('write once', 'could not be tried')
  if (writesOnce) return good('write once', 'an object that is there is not overwritten')
  return {
    name: 'write once',
    result: 'bad',
    text: 'an object that was there was overwritten: the storage does not heed the condition that its key be free',
    hint: 'Use another storage: in this one, one backup could overwrite another.',
    code: 'storage_overwrites',
  }
}

/** Not being able to delete is an advantage of a credential that only backs up. */
function deleteCheck({ delete: outcome, left }: ProbeFacts): SourceCheck {
  if (outcome === null) return unknown('delete', 'could not be tried')
  if (outcome.failure === null) {
    return note(
      'delete',
      'objects can be deleted, so who takes over this machine or its credential can delete the backups',
      'Keep a second copy; in a bucket, use a credential that can not delete, object lock or versions.',
    )
  }
  if (outcome.failure.code !== 'storage_denied') return failed('delete', outcome.failure)
  const what = `${formatCountOf(left.length, 'object')} of this test stay under probe/`
  return good('delete', `this credential can not delete, nor can who steals it; ${what}`)
}

function asked<T>(name: string, answer: Asked<T>, tell: (value: T) => SourceCheck): SourceCheck {
  if ('answer' in answer) return tell(answer.answer)
  return unknown(name, `could not be asked: ${withoutStop(answer.failure.message)}`)
}

function lockCheck(lock: { mode: string | null; days: number | null } | null): SourceCheck {
  if (lock === null) {
    return note(
      'object lock',
      'off: who may delete can delete everything',
      'It can be turned on for new buckets.',
    )
  }
  if (lock.days === null) return good('object lock', 'on: backup --lock-for locks what a backup needs')
  return good(
    'object lock',
    `on: what is stored can not be deleted for ${formatCountOf(lock.days, 'day')} (${lock.mode})`,
  )
}

function retentionCheck(retention: Retention | null): SourceCheck {
  if (retention === null) {
    return note(
      'retention',
      'none: who may delete can delete everything',
      'Let the storage keep what is stored for a time, by a policy.',
    )
  }
  const { days, locked } = retention
  const how = days === null ? 'as long as its policy or hold says' : `for ${formatCountOf(days, 'day')}`
  const open = locked === false ? '; the policy is not locked, so who manages it can end it' : ''
  return good('retention', `what is stored can not be deleted ${how}${open}`)
}

function uploadsCheck(
  { open, oldest }: { open: number; oldest: Date | null },
  { clearsUploadsAfterDays: clears }: S3Facts,
  now: Date,
): SourceCheck {
  const rule = 'answer' in clears && clears.answer !== null ? clears.answer : null
  const cleared = rule === null ? '' : `; the bucket clears them away after ${formatCountOf(rule, 'day')}`
  const since = oldest === null ? '' : `, the oldest begun ${formatAgo(now.getTime() - oldest.getTime())}`
  if (open === 0 && rule !== null) return good('uploads', `none is unfinished${cleared}`)
  const text = open === 0 ? 'none is unfinished' : `${formatCountOf(open, 'upload')} unfinished${since}`
  return rule === null
    ? note(
        'uploads',
        text,
        'What killed processes leave takes room unseen: add a lifecycle rule, AbortIncompleteMultipartUpload after 7 days.',
      )
    : good('uploads', text + cleared)
}

function milliseconds(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`
}
