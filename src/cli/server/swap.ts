import type { KeptSchemas } from '../../restore/schemas/state.ts'
import type { SchemasReport } from '../../restore/schemas/run.ts'
import type { BesideDatabase } from '../../restore/swap/state.ts'
import type { SwapReport } from '../../restore/swap/run.ts'
import type { CommandContext } from '../command.ts'
import {
  tellGivingSchemasBack,
  tellSchemas,
  tellSchemasGivenBack,
  tellSchemasPlan,
  type SchemasSummary,
} from '../schemas-text.ts'
import {
  tellGivenBack,
  tellGivingBack,
  tellSwap,
  tellSwapPlan,
  type SwapBack,
  type SwapSummary,
} from '../swap-text.ts'
import { printable } from '../width.ts'

type Json = Readonly<Record<string, unknown>>

/** What a service keeps of the plan of a swap, or of the undoing of one. */
type Planned = SwapSummary | SchemasSummary | { readonly old: BesideDatabase | KeptSchemas }

/** Sound because it is what the command printed. */
const plannedOf = (plan: Json): Planned => plan as unknown as Planned

/** Prints what would take the place of what. */
export function tellSwapPlanned({ out, clock }: CommandContext, plan: Json): void {
  const planned = plannedOf(plan)
  if ('old' in planned) {
    const { old } = planned
    if ('name' in old) tellGivingBack(out, old, clock.now())
    else tellGivingSchemasBack(out, old, clock.now())
    return
  }
  if ('restoredTo' in planned) tellSwapPlan(out, planned)
  else tellSchemasPlan(out, planned)
  const ready = 'readyAt' in planned && planned.readyAt !== null
  if (!ready) out.note('The eight digits in these names are drawn anew when it is done.')
}

/**
 * Prints what took the place of what, and gives it as `--json` has it. Where somebody died before the command could say it, the report is
 * what the repository has of it, which says less.
 */
export function tellSwapDone({ out }: CommandContext, plan: Json, report: Json, database: string): Json {
  const planned = plannedOf(plan)
  if (!('old' in planned)) {
    if (report['restore'] === undefined) {
      out.line(`Backup ${planned.backup} is ${printable(planned.target)} now`)
      return { swap: report }
    }
    const done = report as unknown as SwapReport | SchemasReport
    const warnings = [...(done.restore?.warnings ?? []), ...('warnings' in done ? done.warnings : [])]
    for (const warning of warnings) if (!planned.warnings.includes(warning)) out.warn(printable(warning))
    if ('restoredTo' in planned) tellSwap(out, done as SwapReport)
    else tellSchemas(out, done as SchemasReport)
    return { swap: report }
  }
  const { old } = planned
  const told = report['restored'] !== undefined
  if ('name' in old) {
    const done = told ? (report as unknown as SwapBack) : { restored: old.name, kept: null }
    tellGivenBack(out, done, database)
  } else tellSchemasGivenBack(out, old, told ? (report['kept'] as SchemasReport['kept']) : [])
  return { swapBack: report }
}
