import type { RestoreNote, RestorePlace, RestoreStep } from '../../catalog/restores.ts'
import { codes } from '../../lib/error-codes.ts'
import type { JobError, Outcome } from '../types.ts'
import { bounded } from './bounded.ts'
import { totalsOf } from './totals.ts'

type Json = Readonly<Record<string, unknown>>

/** A restore, as far as the end of one of its steps is judged by it. */
export interface RestoreState {
  readonly kind: string
  readonly place: RestorePlace
  readonly step: RestoreStep
  readonly restore: string | null
  readonly digest: string | null
  readonly why: Json | null
}

/** What is said of the job, and what of the restore. */
export interface StepEnd {
  readonly outcome: Outcome
  readonly note: RestoreNote
}

/** An agreement is asked for so long. */
const agreementSeconds = 24 * 3600
/** How often it is asked how something ended, where that can't be asked yet. */
const inquiries = 10

/**
 * Failures that come before anything is done: with any other it is asked how it ended, since the answer to a commit may have been
 * lost, or somebody may have died after it.
 */
const before: readonly string[] = [
  'preview_outdated',
  'confirmation_missing',
  'restore_undecided',
  'target_lacks',
  'job_target_gone',
  'catalog_key_wrong',
  'login_failed',
  'database_missing',
  'identity_missing',
  'usage',
]

/**
 * What the end of a step comes to. Pure. `said`: the error that its command printed; null if it printed none, such as one that was
 * killed. A change is never made a second time by itself: whatever is not known of it is found out instead (`inquiry`).
 */
export function stepEnd(
  state: RestoreState,
  outcome: Outcome,
  o: { said: JobError | null; afterSeconds: number },
): StepEnd {
  const { step } = state
  if (outcome.status === 'goes on') return { outcome, note: {} }
  if (step === 'inquiry') return inquiryEnd(state, outcome)
  if (outcome.status === 'completed')
    return step === 'preview' ? previewEnd(outcome.result) : done(state, outcome.result)
  if (step === 'preview') return { outcome, note: {} }
  const { said } = o
  const failed: Outcome = outcome.status === 'failed' ? { ...outcome, again: false } : outcome
  if (state.kind === 'release') return { outcome: failed, note: { changed: said === null ? null : false } }
  if (said !== null && before.includes(said.code)) return { outcome: failed, note: { changed: false } }
  // Into a new database: what was restored until then is removed again, and that was told.
  if (step === 'run' && said !== null) {
    const sure = codes[said.code].exit !== 6 && said.code !== 'connection_lost' && said.code !== 'internal'
    return { outcome: failed, note: { changed: sure ? false : null } }
  }
  const cancelled = outcome.status === 'cancelled'
  const why = { ...(cancelled ? cancellation : outcome.error), cancelled }
  const { afterSeconds } = o
  return { outcome: { status: 'goes on', afterSeconds, attempts: inquiries }, note: { step: 'inquiry', why } }
}

const cancellation: JobError = { code: 'cancelled', message: 'It was cancelled.', hint: codes.cancelled.hint }

function previewEnd(result: Json): StepEnd {
  const plan = (result['preview'] ?? result['plan'] ?? {}) as Json
  const { value: preview, cut: previewCut } = bounded(plan)
  const digest = typeof result['digest'] === 'string' ? result['digest'] : null
  const database = typeof plan['database'] === 'string' ? plan['database'] : databaseIn(plan['target'])
  const note = { preview, previewCut, digest, database }
  const problems = texts(plan['problems'])
  if (problems.length > 0) return refused('target_lacks', problems, note)
  const questions = texts(plan['questions'])
  if (questions.length > 0) return refused('restore_undecided', questions, note)
  if (isEmpty(plan)) return { outcome: { status: 'completed', result: { changed: false } }, note: { ...note, changed: false } } // prettier-ignore
  return {
    outcome: { status: 'goes on', afterSeconds: null, attempts: 1 },
    note: { ...note, step: 'agreement', expiresInSeconds: agreementSeconds },
  }
}

function refused(
  code: 'target_lacks' | 'restore_undecided',
  what: readonly string[],
  note: RestoreNote,
): StepEnd {
  const error = { code, message: what.join(' '), hint: codes[code].hint }
  return { outcome: { status: 'failed', error, again: false }, note: { ...note, changed: false } }
}

/** Problems and questions are texts, or have one. */
function texts(value: unknown): string[] {
  if (!Array.isArray(value)) return []
  return value.map((one: unknown) => (typeof one === 'string' ? one : String((one as Json)['text'] ?? (one as Json)['message']))) // prettier-ignore
}

/** Of a plan of a swap this is never said: it always changes something. */
function isEmpty({ totals, makes, drops, changes }: Json): boolean {
  if (Array.isArray(changes)) return changes.every((one: Json) => one['action'] === null)
  if (typeof totals !== 'object' || totals === null) return false
  const { create, update, delete: removed } = totals as Record<string, number>
  const comes = [makes, drops].some((list) => Array.isArray(list) && list.length > 0)
  return !comes && (create ?? 0) + (update ?? 0) + (removed ?? 0) === 0
}

/** The last part of `postgres://user@host/database`. */
function databaseIn(target: unknown): string | null {
  const found = typeof target === 'string' ? /\/([^/?]+)$/.exec(target)?.[1] : undefined
  return found === undefined ? null : decodeURIComponent(found)
}

function done(state: RestoreState, result: Json): StepEnd {
  const changed = result['changed'] !== false
  const report = result['restore'] ?? result['swap'] ?? result['swapBack'] ?? result['release']
  const whole = withoutSecrets((report ?? {}) as Json)
  const { value } = bounded({ ...whole, totals: totalsOf(whole) })
  const { restore } = state
  return { outcome: { status: 'completed', result: { restore, changed } }, note: { changed, report: value } }
}

/** What is off in a copy, or was, is told without how it was: options of foreign servers may hold passwords. */
function withoutSecrets(report: Json): Json {
  const bare = ({ was: _was, ...rest }: Json): Json => ('what' in rest ? { ...rest, what: bare(rest['what'] as Json) } : rest) // prettier-ignore
  const lists = ['quarantined', 'released', 'gone', 'kept'].flatMap((name) => {
    const list = report[name]
    return Array.isArray(list) ? [[name, list.map(bare)]] : []
  })
  const { restore } = report
  const inside = typeof restore === 'object' && restore !== null ? { restore: withoutSecrets(restore as Json) } : {} // prettier-ignore
  return { ...report, ...(Object.fromEntries(lists) as Json), ...inside }
}

function inquiryEnd(state: RestoreState, outcome: Exclude<Outcome, { status: 'goes on' }>): StepEnd {
  if (outcome.status === 'cancelled') return { outcome, note: {} }
  if (outcome.status === 'completed') {
    const { record, safety, transaction } = outcome.result
    if (record !== null && record !== undefined) return done(state, { restore: record })
    if (transaction === 'committed') return done(state, { restore: safety })
    if (transaction === 'in progress')
      return { outcome: { status: 'goes on', afterSeconds: 10, attempts: inquiries }, note: {} }
    return ended(state, transaction === 'aborted' ? false : null)
  }
  // What is to be changed is stored before it is: where there is nothing, nothing was changed. Of a swap nothing is stored before.
  if (outcome.error.code === 'restore_not_found')
    return ended(state, state.place === 'in place' && state.digest !== null ? false : null)
  const error = toldAs(state, `${sentences.unknown} ${outcome.error.message}`)
  return { outcome: { status: 'failed', error, again: outcome.again }, note: {} }
}

const sentences = {
  unchanged: 'Nothing was changed.',
  unknown: 'Whether anything was changed is not known.',
  part: 'What was restored until then may be in the target: restore into it once more with restart, which clears that first.',
} as const

function ended(state: RestoreState, changed: boolean | null): StepEnd {
  const unknown = state.place === 'new' ? sentences.part : sentences.unknown
  const error = toldAs(state, changed === false ? sentences.unchanged : unknown)
  const outcome: Outcome =
    state.why?.['cancelled'] === true && changed === false
      ? { status: 'cancelled' }
      : { status: 'failed', error, again: false }
  return { outcome, note: { changed } }
}

function toldAs({ why }: RestoreState, sentence: string): JobError {
  // Sound because only this file writes it.
  const { code, message, hint } = (why ?? cancellation) as unknown as JobError
  return { code, message: `${message} ${sentence}`, hint }
}
