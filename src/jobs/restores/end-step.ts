import type { Queries } from '../../catalog/database.ts'
import { noteRestore, type RestorePlace, type RestoreStep } from '../../catalog/restores.ts'
import type { JobError, Outcome } from '../types.ts'
import { stepEnd } from './ending.ts'
import { restoreKinds } from './kinds.ts'

/**
 * What becomes of a job at the end of one of its steps: of jobs that are about no restore, what its command came to. In the transaction that
 * ends the attempt.
 */
export async function endStep(
  queries: Queries,
  job: { readonly id: string; readonly kind: string },
  outcome: Outcome,
  o: { said: JobError | null; afterSeconds: number },
): Promise<Outcome> {
  if (!(job.kind in restoreKinds)) return outcome
  const [row] = await queries.query<{
    place: RestorePlace
    step: RestoreStep
    restore: string | null
    digest: string | null
    why: Readonly<Record<string, unknown>> | null
  }>('SELECT place, step, restore, digest, why FROM holdfast.restores WHERE id = $1', [job.id])
  if (row === undefined) return outcome
  const end = stepEnd({ ...row, kind: job.kind }, outcome, o)
  await noteRestore(queries, job.id, end.note)
  return end.outcome
}
