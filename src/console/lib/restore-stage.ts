import type { RestoreSummary } from './types.ts'

/**
 * Where a restore is, as its page tells it:
 * `looking` what would change is being found out; `deciding` that is shown, and waits for somebody to agree; `working` the change is
 * being made; `done` it was; `nothing` there was nothing to change; `failed`; `expired` nobody agreed in time; `cancelled` somebody stopped it.
 */
export type Stage = 'looking' | 'deciding' | 'working' | 'done' | 'nothing' | 'failed' | 'expired' | 'cancelled' // prettier-ignore

type Known = Pick<RestoreSummary, 'status' | 'step' | 'changed' | 'expiresAt' | 'confirmedAt'>

export function stageOf({ status, step, changed, expiresAt, confirmedAt }: Known, now: Date): Stage {
  if (status === 'completed') return changed === false ? 'nothing' : 'done'
  if (status === 'failed') return 'failed'
  // The service cancels what nobody agreed to in time.
  const late = expiresAt !== null && confirmedAt === null && new Date(expiresAt) <= now
  if (status === 'cancelled') return late ? 'expired' : 'cancelled'
  if (status === 'waiting') return late ? 'expired' : 'deciding'
  return step === 'preview' ? 'looking' : 'working'
}
