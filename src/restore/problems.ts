import { HoldfastError } from '../lib/errors.ts'
import type { Sentence } from '../lib/sentence.ts'
import type { RestoreProblem } from './types.ts'

/** A plan with problems is for showing, not for running. Throws all of them, under the code of the first. */
export function requireNoProblems(problems: readonly RestoreProblem[]): void {
  const [first] = problems
  if (first === undefined) return
  throw new HoldfastError(first.code, problems.map((p) => p.message).join(' '), {
    details: { problems: toldProblems(problems), parts: partsOf(problems) },
  })
}

export function problem(code: RestoreProblem['code'], said: Sentence): RestoreProblem {
  return { code, message: said.text, said }
}

/** What their messages are made of, in their order. */
export function partsOf(problems: readonly RestoreProblem[]): Sentence[] {
  return problems.map(({ said }) => said)
}

/** As programs read them: what the messages are made of is told beside. */
export function toldProblems(
  problems: readonly RestoreProblem[],
): Pick<RestoreProblem, 'code' | 'message'>[] {
  return problems.map(({ code, message }) => ({ code, message }))
}
