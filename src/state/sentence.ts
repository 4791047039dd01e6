import { codes, type ErrorCode } from '../lib/error-codes.ts'
import type { Level, Part, PartKey, Proof, Reason, SourceFacts, SourceState } from './facts.ts'
import { count, span, time } from './words.ts'

/**
 * How safe a source is, in a sentence that says no more than is known. Pure. `zone`: in which times are told. Others may say it in
 * their language, from the keys and values of its parts; times among these are ISO 8601, spans are seconds.
 */
export function stateOf(facts: SourceFacts, zone: string): SourceState {
  const { level, parts } = safety(facts, zone)
  const all = [...parts, ...proofParts(facts), ...next(facts, zone)]
  return { level: levelOf(level, facts), parts: all, sentence: all.map(({ text }) => text).join(' ') }
}

function safety(facts: SourceFacts, zone: string): { level: Level; parts: Part[] } {
  const { newest, failures, lateSince, running, partly, now } = facts
  const why = failures === null ? [] : [reason(failures)]
  if (newest === null) {
    if (failures !== null)
      return { level: 'danger', parts: [part('never', {}, 'Not safe: nothing has been backed up yet.'), ...why] } // prettier-ignore
    if (lateSince !== null)
      return { level: 'danger', parts: [part('never', {}, 'Not safe: nothing has been backed up yet.')] }
    return running === null
      ? { level: 'new', parts: [part('nothing_yet', {}, 'Nothing has been backed up yet.')] }
      : { level: 'new', parts: [part('first_running', {}, 'Nothing has been backed up yet; the first backup is running.')] } // prettier-ignore
  }
  const said = time(newest, { now, zone })
  const values = { until: newest.toISOString() }
  if (lateSince !== null) {
    const lateSeconds = Math.max(0, Math.floor((now.getTime() - lateSince.getTime()) / 1000))
    const text = `Not safe: nothing has been backed up since ${said}.`
    return { level: 'danger', parts: [part('late', { ...values, lateSeconds }, text), ...why] }
  }
  const safe = facts.proof === null ? backedUp(partly, values, said) : canComeBack(partly, values, said)
  if (failures === null) return { level: facts.proof === null ? 'attention' : 'safe', parts: [safe] }
  const times = failures.count === 1 ? 'The last backup has failed.' : `The last ${count(failures.count, 'backup')} have failed.` // prettier-ignore
  return { level: 'attention', parts: [safe, part('failing', { count: failures.count }, times), ...why] }
}

function canComeBack(partly: boolean, values: Part['values'], said: string): Part {
  return partly
    ? part('safe_chosen', values, `What is chosen of it can be brought back, up to ${said}.`)
    : part('safe', values, `Everything up to ${said} can be brought back.`)
}

/** Before the first proof no more is known than this. */
function backedUp(partly: boolean, values: Part['values'], said: string): Part {
  return partly
    ? part('backed_up_chosen', values, `What is chosen of it is backed up, up to ${said}.`)
    : part('backed_up', values, `Everything up to ${said} is backed up.`)
}

/** What makes it worse, whatever the backups say. */
function levelOf(level: Level, { damaged, drillFailed }: SourceFacts): Level {
  if (damaged) return 'danger'
  return drillFailed !== null && level === 'safe' ? 'attention' : level
}

function proofParts({ now, newest, proof, drillFailed, damaged }: SourceFacts): Part[] {
  if (newest === null) return []
  const ago = (at: Date): number => Math.max(0, now.getTime() - at.getTime())
  const hurt = damaged ? [part('damaged', {}, 'Damage was found in its repository, and not mended.')] : []
  const failed =
    drillFailed === null
      ? []
      : [part('drill_failed', { agoSeconds: seconds(ago(drillFailed)) }, `A drill failed ${span(ago(drillFailed))} ago.`)] // prettier-ignore
  if (proof === null)
    return [
      ...hurt,
      ...failed,
      part('never_proven', {}, 'That it can be brought back was never proven: a drill does that.'),
    ]
  return [...hurt, ...failed, proven(proof, ago(proof.at))]
}

function proven({ tables, rows, hashed, notVerified, moment }: Proof, agoMs: number): Part {
  const values = {
    agoSeconds: seconds(agoMs),
    tables,
    rows,
    hashed,
    notVerified,
    moment: moment.toISOString(),
  }
  const restored = `Last proven ${span(agoMs)} ago: restored ${count(tables, 'table')}, ${count(rows, 'row')}`
  if (hashed >= tables && notVerified === 0) return part('proven', values, `${restored}, all equal.`)
  const open = notVerified === 0 ? '' : `, ${count(notVerified, 'thing')} left open`
  const compared = `all counts are right, ${count(hashed, 'table')} compared row by row${open}`
  return part('proven_partly', values, `${restored}; ${compared}.`)
}

function next({ running, nextRun, newest, now }: SourceFacts, zone: string): Part[] {
  if (running !== null && newest !== null) {
    const { percent } = running
    const far = percent === null ? '' : ` (${Math.floor(percent)} %)`
    return [part('running', percent === null ? {} : { percent }, `A backup is running${far}.`)]
  }
  if (running !== null) return []
  if (nextRun === null) return [part('not_scheduled', {}, 'No backup is scheduled.')]
  return [part('next', { at: nextRun.toISOString() }, `The next backup is at ${time(nextRun, { now, zone })}.`)] // prettier-ignore
}

const reasons: Readonly<Record<Exclude<Reason, 'other'>, string>> = {
  login: 'The server refuses the role or its password.',
  unreachable: 'The server can not be reached.',
  rights: 'The role may not read everything.',
  storage: 'The storage of the repository can not be used.',
  storage_full: 'The storage of the repository is full.',
  key: 'A key or secret that backing up needs is missing.',
  worker: 'The machine that ran it went away.',
}

const byCode: Partial<Record<ErrorCode, Exclude<Reason, 'other'>>> = {
  login_failed: 'login',
  password_missing: 'login',
  connection_failed: 'unreachable',
  connection_lost: 'unreachable',
  database_missing: 'unreachable',
  source_denied: 'rights',
  source_row_security: 'rights',
  storage_full: 'storage_full',
  catalog_key_wrong: 'key',
  worker_lost: 'worker',
  worker_stopped: 'worker',
}

/** Why backups fail: in words of ours where there are some, else in those of the error. */
function reason({ code, message }: { code: ErrorCode; message: string }): Part {
  const known = byCode[code] ?? (code.startsWith('storage_') ? 'storage' : 'other')
  const text = known === 'other' ? (message === '' ? codes[code].meaning : message) : reasons[known]
  return part(`reason_${known}`, { code, message }, text)
}

const seconds = (ms: number): number => Math.floor(ms / 1000)

function part(key: PartKey, values: Part['values'], text: string): Part {
  return { key, values, text }
}
