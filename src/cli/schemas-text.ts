import type { KeptSchemas } from '../restore/schemas/state.ts'
import type { SchemasPlan } from '../restore/schemas/plan.ts'
import type { SchemasReport } from '../restore/schemas/run.ts'
import { formatBytes, formatWhen } from './format.ts'
import type { Output } from './output.ts'
import { planSummary, tellParts, tellReport } from './restore-text.ts'
import { printable } from './width.ts'

/** Prints which schemas will take the places of which, and what that means for who uses them. `why`: the database can't be renamed. */
export function tellSchemasPlan(out: Output, plan: SchemasPlan, why: readonly string[]): void {
  const { choice, live } = plan
  const tell = (word: string, text: string): void => out.line(`  ${word.padEnd(9)} ${printable(text)}`)
  out.line(
    `Plan: put backup ${plan.backup}, taken ${plan.moment}, in place of the schemas of ${plan.target}, in one transaction`,
  )
  for (const one of why) tell('no rename', one)
  for (const { from, to } of plan.renamings) tell('rename', `${from} to ${to}, which is kept`)
  for (const name of choice.added) tell('make', `${name}, which is not there now`)
  for (const { schema, why: reason } of choice.left) tell('leave', `${schema}: ${reason}`)
  for (const name of choice.untouched) tell('leave', `${name}: it is not in the backup`)
  for (const { name, schema } of choice.moving) tell('extension', `${name} goes into the new ${schema}`)
  tell('room', `about as much again as they have; ${plan.name} has ${formatBytes(live.bytes)} in all`)
  tell('locks', `about ${plan.locks}, and the server has room for ${live.freeLocks} more`)
  tell('sessions', 'go on in the old schemas until it is done, then in the new ones; those that keep one of')
  tell('', 'the old tables in a transaction are waited for at the end, and ended after some seconds')
  tell('lost', `what was written since ${plan.moment} is in the kept schemas only`)
  tellParts(out, plan.restore)
  for (const warning of plan.warnings) tell('note', warning)
  for (const { message } of plan.problems) tell('PROBLEM', message)
}

/** A plan for `--json`. */
export function schemasSummary(plan: SchemasPlan): Record<string, unknown> {
  const { choice, live, restore } = plan
  return {
    backup: plan.backup,
    moment: plan.moment,
    target: plan.target,
    renamed: plan.renamings,
    made: choice.added,
    left: choice.left,
    untouched: choice.untouched,
    extensions: choice.moving,
    locks: plan.locks,
    freeLocks: live.freeLocks,
    bytes: live.bytes,
    restore: planSummary({ ...restore, problems: plan.problems }),
    warnings: plan.warnings,
    problems: plan.problems,
  }
}

export function tellSchemas(out: Output, report: SchemasReport): void {
  tellReport(out, report.restore)
  for (const { from, to } of report.kept)
    out.line(`  kept      the old ${printable(from)} as ${printable(to)}`)
  if (report.kept.length > 0)
    out.line('            holdfast release --swap-back gives them their names back, --drop-old drops them')
}

/** Prints schemas that were put aside, with their size and age. */
export function tellKept(out: Output, kept: readonly KeptSchemas[], now: Date): void {
  for (const one of kept) {
    const names = one.schemas.map((s) => printable(s.name)).join(', ')
    out.line(
      `  ${names}  ${formatBytes(one.bytes)}, put aside ${formatWhen(new Date(one.at), now)}, for backup ${printable(one.backup)}`,
    )
  }
}
