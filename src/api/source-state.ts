import type { z } from '@hono/zod-openapi'
import type { SourceFactsRow } from '../catalog/source-facts.ts'
import { iso } from '../catalog/rows.ts'
import { codes, type ErrorCode } from '../lib/error-codes.ts'
import type { Proof, SourceFacts } from '../state/facts.ts'
import { stateOf } from '../state/sentence.ts'
import type { SourceState } from './contract.ts'

type Json = Readonly<Record<string, unknown>>

/** How safe a source is, as the API tells it. */
export function sourceState(row: SourceFactsRow, now: Date, zone: string): z.infer<typeof SourceState> {
  const facts = factsOf(row, now)
  const { level, sentence, parts } = stateOf(facts, zone)
  const { newest, proof, failures, lateSince, nextRun } = facts
  return {
    source: row.name,
    level,
    sentence,
    parts: parts.map((part) => ({ ...part, values: { ...part.values } })),
    safeUntil: iso(newest),
    lateSeconds: lateSince === null ? null : Math.max(0, (now.getTime() - lateSince.getTime()) / 1000),
    backups: row.backups,
    newestBackup: row.newest_id,
    proof: proof === null ? null : { ...proof, at: iso(proof.at), moment: iso(proof.moment) },
    failures: failures === null ? null : { ...failures, at: iso(failures.at) },
    jobs: row.running.map(({ id, kind, status, progress }) => ({ id, kind, status, progress: progress === null ? null : { ...progress } })), // prettier-ignore
    nextRun: iso(nextRun),
  }
}

const choices = ['schemas', 'tables', 'excludeTables', 'excludeData'] as const

function factsOf(row: SourceFactsRow, now: Date): SourceFacts {
  const { failed_at: at, failed_error: error } = row
  const { code, message } = (error ?? {}) as { code?: string; message?: string }
  const known: ErrorCode = code !== undefined && code in codes ? (code as ErrorCode) : 'internal'
  const backup = row.running.find(({ kind, status }) => kind === 'backup' && status === 'running')
  return {
    now,
    added: row.created_at,
    partly: choices.some((name) => Array.isArray(row.settings[name]) && row.settings[name].length > 0),
    newest: row.newest,
    lateSince: row.late_since,
    failures: at === null ? null : { count: row.failed_count, at, code: known, message: message ?? '' },
    damaged: row.damaged,
    proof: proofOf(row),
    drillFailed: row.drill_failed,
    running: backup === undefined ? null : { percent: numberIn(backup.progress, 'percent') },
    nextRun: row.next_run,
  }
}

/** By the mark that the drill has left, which names no row: how many there were, the backup itself says. */
function proofOf({
  verified,
  verified_moment: moment,
  verified_totals: totals,
}: SourceFactsRow): Proof | null {
  const when = verified?.['when']
  if (verified === null || moment === null || typeof when !== 'string') return null
  const compared = verified['compared'] as Json | undefined
  return {
    at: new Date(when),
    moment,
    tables: numberIn(totals, 'tables') ?? 0,
    rows: numberIn(totals, 'rows') ?? 0,
    hashed: numberIn(compared, 'hashed') ?? 0,
    notVerified: numberIn(verified, 'notVerified') ?? 0,
  }
}

function numberIn(value: Json | null | undefined, name: string): number | null {
  const found = value?.[name]
  return typeof found === 'number' ? found : null
}
