import { HoldfastError } from '../lib/errors.ts'
import type { RestoreProblem } from './types.ts'

/** A plan with problems is for showing, not for running. Throws all of them, under the code of the first. */
export function requireNoProblems(problems: readonly RestoreProblem[]): void {
  const [first] = problems
  if (first === undefined) return
  throw new HoldfastError(first.code, problems.map((p) => p.message).join(' '), { details: { problems } })
}
