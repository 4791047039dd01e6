import { HoldfastError } from '../lib/errors.ts'
import { heldBackRows } from '../repository/held-back.ts'
import { partsOf, toldProblems } from '../restore/problems.ts'
import type { RestorePlan, RestoreReport } from '../restore/types.ts'
import { formatCountOf, formatDuration, formatRate } from './format.ts'
import type { Output } from './output.ts'
import { quarantineText } from './quarantine-text.ts'
import { comparedText, rowsText } from './summary.ts'
import { printable } from './width.ts'
import { teller, tellLabelled } from './wrap.ts'

/** Prints a plan: what would be made, what would not, and what stands in its way. */
export function tellPlan(out: Output, plan: RestorePlan): void {
  const { database } = plan
  const tell = teller(out)
  out.line(`Plan: restore backup ${plan.backup}, taken ${plan.moment}, into ${plan.target}`)
  tell('database', database === null ? 'is there' : 'will be created')
  tellParts(out, planSummary(plan))
  for (const warning of plan.warnings) tell('note', printable(warning))
  for (const { message } of plan.problems)
    tellLabelled(out, { label: 'PROBLEM', text: printable(message), style: 'bad' })
  if (plan.problems.length === 0) out.line('Nothing stands in its way. Nothing was touched.')
}

/** What the database will hold, and what of that will be off. */
export function tellParts(out: Output, plan: PlanSummary): void {
  const { totals } = plan
  const tell = teller(out)
  const created = plan.createsRoles.map(printable)
  tell('roles', created.length === 0 ? 'none to create' : `create ${created.join(', ')}`)
  tell('schema', kindsText(plan))
  tell('rows', rowsText(totals.rows, totals.tables, totals.plainBytes))
  for (const { kind, name } of plan.quarantine) tell('off', `${kind} ${printable(name)}`)
  for (const { type, name, why } of plan.leftOut)
    tell('left out', `${type.toLowerCase()} ${printable(name)}: ${printable(why)}`)
}

/** `12 tables, 30 indexes, ...`: the objects of the schema by kind, most first. */
function kindsText({ kinds }: PlanSummary): string {
  const told = kinds.map(({ type, count }) => `${count} ${type.toLowerCase()}`)
  const total = kinds.reduce((sum, { count }) => sum + count, 0)
  return `${formatCountOf(total, 'object')}: ${told.join(', ')}`
}

export type PlanSummary = ReturnType<typeof planSummary>

/** A plan for `--json`: without SQL, which may hold password verifiers. */
export function planSummary(plan: RestorePlan) {
  const counts = new Map<string, number>()
  for (const { type } of plan.entries) counts.set(type, (counts.get(type) ?? 0) + 1)
  return {
    backup: plan.backup,
    moment: plan.moment,
    target: plan.target,
    createsDatabase: plan.database !== null,
    createsRoles: plan.roles.create.map(({ name }) => name),
    /** Where a plan is kept, the list of objects may be cut; this is not. */
    kinds: [...counts].sort(([, a], [, b]) => b - a).map(([type, count]) => ({ type, count })),
    objects: plan.entries.map(({ type, schema, name }) => ({ type, schema, name })),
    tables: plan.tables.map(({ schema, name, rows, plainBytes }) => ({ schema, name, rows, plainBytes })),
    leftOut: plan.leftOut,
    quarantine: plan.quarantine.map(({ kind, name }) => ({ kind, name })),
    heldBack: plan.heldBack,
    totals: plan.totals,
    warnings: plan.warnings,
    problems: toldProblems(plan.problems),
  }
}

/** The error for a plan that can't be run; its code is the first problem's. */
export function problemsError(plan: RestorePlan): HoldfastError {
  const [first] = plan.problems
  return new HoldfastError(first?.code ?? 'internal', plan.problems.map(({ message }) => message).join(' '), {
    details: { plan: planSummary(plan), parts: partsOf(plan.problems) },
  })
}

/** Prints what a restore has done. */
export function tellReport(out: Output, report: RestoreReport): void {
  const milliseconds = report.seconds * 1000
  out.line(`Restored backup ${report.backup} into ${report.target}`)
  const tell = teller(out)
  tell('restored', rowsText(report.rows, report.tables.length, report.plainBytes))
  tell('compared', `${comparedText(report.tables)}: equal`)
  for (const held of report.heldBack) tell('erased', `${printable(heldBackRows(held))} held back`)
  tell('took', `${formatDuration(milliseconds)}, ${formatRate(report.plainBytes, milliseconds)}`)
  if (report.rolesCreated.length > 0)
    tell('roles', `created ${report.rolesCreated.map(printable).join(', ')}`)
  if (report.quarantined.length > 0)
    tell('off', `${quarantineText(report.quarantined)}, until holdfast release`)
}
