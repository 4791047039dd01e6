import { printable } from '../width.ts'
import type { Output } from '../output.ts'

type Json = Readonly<Record<string, unknown>>

/** Prints what would take the place of what, by the summary that a service keeps of such a plan. */
export function tellSwapPlanned(out: Output, plan: Json): void {
  const { backup, moment, target, restores, restoredTo, kept, warnings, problems } = plan
  const tell = (word: string, text: string): void => out.line(`  ${word.padEnd(9)} ${printable(text)}`)
  if (typeof restores === 'string')
    out.line(`Plan: give ${printable(restores)} its name back in ${textOf(target)}`)
  else out.line(`Plan: put backup ${textOf(backup)}, taken ${textOf(moment)}, in place of ${textOf(target)}`)
  if (typeof restoredTo === 'string') tell('restore', `into ${restoredTo}, beside it, and compare`)
  if (typeof kept === 'string') tell('kept', `what is there now, as ${kept}`)
  if (typeof moment === 'string') tell('lost', `what was written since ${moment} is only in what is kept`)
  for (const warning of listOf(warnings)) tell('note', textOf(warning))
  for (const problem of listOf(problems)) tell('PROBLEM', textOf((problem as Json)['message'] ?? problem))
}

/** Prints what took the place of what. */
export function tellSwapDone(out: Output, report: Json): void {
  const { backup, target, kept } = report
  const what = backup === undefined || backup === null ? 'What was there before' : `Backup ${textOf(backup)}`
  out.line(`${what} is ${textOf(target)} now`)
  if (typeof kept === 'string') out.line(`  kept      what was there before, as ${printable(kept)}`)
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function textOf(value: unknown): string {
  return printable(typeof value === 'string' ? value : JSON.stringify(value ?? ''))
}
