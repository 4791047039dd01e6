import type { Renaming } from '../restore/schemas/move.ts'
import type { KeptSchemas } from '../restore/schemas/state.ts'
import type { SchemasPlan } from '../restore/schemas/plan.ts'
import type { SchemasReport } from '../restore/schemas/run.ts'
import { formatBytes, formatWhen } from './format.ts'
import type { Output } from './output.ts'
import { planSummary, tellParts, tellReport } from './restore-text.ts'
import { printable } from './width.ts'
import { partsOf, toldProblems } from '../restore/problems.ts'

/** Prints which schemas will take the places of which, and what that means for who uses them. */
export function tellSchemasPlan(out: Output, plan: SchemasSummary): void {
  const tell = (word: string, text: string): void => out.line(`  ${word.padEnd(9)} ${printable(text)}`)
  out.line(
    `Plan: put backup ${plan.backup}, taken ${plan.moment}, in place of the schemas of ${printable(plan.target)}, in one transaction`,
  )
  for (const one of plan.noRename) tell('no rename', one)
  if (plan.renamed.length > 0) tell('replace', `${keptText(plan.renamed)}, which are kept`)
  if (plan.made.length > 0) tell('make', `${plan.made.join(', ')}: not there now`)
  for (const { schema, why } of plan.left) tell('leave', `${schema}: ${why}`)
  if (plan.untouched.length > 0) tell('leave', `${plan.untouched.join(', ')}: not in the backup`)
  for (const { name, schema } of plan.extensions) tell('extension', `${name} goes into the new ${schema}`)
  tell('room', `about as much again as they have; ${plan.database} has ${formatBytes(plan.bytes)} in all`)
  if (plan.problems.length === 0) tell('locks', `about ${plan.locks} at the end, for which there is room`)
  tell('sessions', 'go on in the old schemas until it is done, then in the new ones; those that keep one of')
  tell('', 'the old tables in a transaction are waited for at the end, and ended after some seconds')
  tell('lost', `what was written since ${plan.moment} is in the kept schemas only`)
  tellParts(out, plan.restore)
  for (const warning of plan.warnings) tell('note', warning)
  for (const { message } of plan.problems) tell('PROBLEM', message)
}

export type SchemasSummary = ReturnType<typeof schemasSummary>

/** A plan for `--json`. `noRename`: why the database can't be renamed, if that was to be done. */
export function schemasSummary(plan: SchemasPlan, noRename: readonly string[]) {
  const { choice, live, restore } = plan
  return {
    backup: plan.backup,
    moment: plan.moment,
    target: plan.target,
    database: plan.name,
    noRename,
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
    problems: toldProblems(plan.problems),
    parts: [...partsOf(plan.problems), ...plan.parts],
  }
}

export function tellSchemas(out: Output, report: SchemasReport): void {
  tellReport(out, report.restore)
  if (report.kept.length === 0) return
  out.line(`  kept      the old ${printable(keptText(report.kept))}`)
  out.line('            holdfast release --swap-back gives them their names back, --drop-old drops them')
}

/** e.g. `crm, shop as holdfast_old_*_1f2e3d4c` */
export function keptText(renamings: readonly Renaming[]): string {
  const [first] = renamings
  if (renamings.length === 1 && first !== undefined) return `${first.from} as ${first.to}`
  const names = renamings.map((r) => r.from).join(', ')
  return `${names} as ${first?.to.replace(/^(holdfast_(?:old|new)_).*(_[0-9a-f]{8})$/su, '$1*$2')}`
}

/** Prints schemas that were put aside, with their size and age. */
export function tellKept(out: Output, kept: readonly KeptSchemas[], now: Date): void {
  for (const one of kept) {
    const names = keptText(one.schemas.map((s) => ({ from: s.of, to: s.name })))
    out.line(
      `  ${printable(names)}  ${formatBytes(one.bytes)}, put aside ${formatWhen(new Date(one.at), now)}, for backup ${printable(one.backup)}`,
    )
  }
}

/** Prints which schemas get their names back. */
export function tellGivingSchemasBack(out: Output, old: KeptSchemas, now: Date): void {
  out.line('Get their names back, and those that have them now are kept:')
  tellKept(out, [old], now)
}

/** `kept`: what those that had the names until now are called. */
export function tellSchemasGivenBack(
  out: Output,
  { schemas }: Pick<KeptSchemas, 'schemas'>,
  kept: readonly Renaming[],
): void {
  out.line(`${printable(schemas.map((s) => s.of).join(', '))}: as they were before`)
  if (kept.length > 0) out.line(`  kept      what they were until now: ${printable(keptText(kept))}`)
}
