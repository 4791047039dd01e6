import type { BesideDatabase } from '../restore/swap/state.ts'
import type { SwapPlan } from '../restore/swap/plan.ts'
import type { SwapReport } from '../restore/swap/run.ts'
import { formatBytes, formatCountOf, formatWhen } from './format.ts'
import type { Output } from './output.ts'
import { planSummary, tellParts, tellReport } from './restore-text.ts'
import { printable } from './width.ts'
import { partsOf, toldProblems } from '../restore/problems.ts'

/** Prints what will take the place of what, and what that means for who uses it. */
export function tellSwapPlan(out: Output, plan: SwapSummary): void {
  const name = printable(plan.database)
  const [kept, beside] = [printable(plan.kept), printable(plan.restoredTo)]
  out.line(`Plan: put backup ${plan.backup}, taken ${plan.moment}, in place of ${printable(plan.target)}`)
  for (const left of plan.dropped) out.line(`  first     drop ${printable(left)}, left by an earlier run`)
  if (plan.readyAt === null) {
    out.line(`  restore   into ${beside}, beside it, and compare`)
    out.line(
      `  room      about as much again as ${name} has, ${sizeText(plan.bytes)}; how much is free can't be asked from here`,
    )
  } else {
    out.line(`  restore   done already: ${beside} was restored and compared ${plan.readyAt}`)
  }
  out.line(`  then      end ${sessionsText(plan)}`)
  for (const { user, application, client, count } of plan.sessions) {
    const where = client === null ? '' : ` from ${client}`
    out.line(`            ${count} of ${printable(user)}${where} ${printable(application)}`.trimEnd())
  }
  out.line(`  rename    ${name} to ${kept}, which is kept; ${beside} to ${name}`)
  out.line(`  lost      what was written since ${plan.moment} is in ${kept} only`)
  for (const one of plan.differing) out.line(`  differs   ${printable(one)}`)
  if (plan.restore !== null) tellParts(out, plan.restore)
  for (const warning of plan.warnings) out.line(`  note      ${printable(warning)}`)
  for (const { message } of plan.problems) out.line(`  PROBLEM   ${printable(message)}`)
}

function sessionsText({ sessions }: SwapSummary): string {
  return formatCountOf(
    sessions.reduce((sum, s) => sum + s.count, 0),
    'session',
  )
}

function sizeText(bytes: number | null): string {
  return bytes === null ? 'of unknown size' : formatBytes(bytes)
}

export type SwapSummary = ReturnType<typeof swapSummary>

/** A plan for `--json`. */
export function swapSummary(plan: SwapPlan) {
  const { live, restore, ready, cleared } = plan
  return {
    backup: plan.backup,
    moment: plan.moment,
    target: plan.target,
    database: plan.name,
    restoredTo: plan.besideName,
    kept: plan.keepAs,
    ready: ready !== null,
    readyAt: ready?.at ?? null,
    dropped: cleared.map((d) => d.name),
    bytes: live.bytes,
    sessions: live.sessions,
    subscriptions: live.subscriptions,
    slots: live.slots,
    differing: plan.differing,
    restore: restore === null ? null : planSummary(restore),
    warnings: plan.warnings,
    problems: toldProblems(plan.problems),
    parts: [...partsOf(plan.problems), ...plan.parts],
  }
}

export function tellSwap(out: Output, report: SwapReport): void {
  if (report.restore !== null) tellReport(out, report.restore)
  out.line(`Backup ${report.backup} is ${report.target} now`)
  out.line(`  kept      what was there before, as ${printable(report.kept)}; nobody can connect to it`)
  out.line('            holdfast release --swap-back gives it its name back, --drop-old drops it')
}

/** Prints which database would get its name back. */
export function tellGivingBack(out: Output, old: BesideDatabase, now: Date): void {
  out.line('Gets its name back, and sessions in the database that has it now are ended:')
  tellBeside(out, [old], now)
  out.line(
    `  lost      what was written since is only in the database that is ${printable(old.of)} now, which is kept`,
  )
}

/** Prints the databases that a swap has left, with their size and age. */
export function tellBeside(out: Output, beside: readonly BesideDatabase[], now: Date): void {
  for (const d of beside) {
    out.line(
      `  ${printable(d.name)}  ${sizeText(d.bytes)}, ${stateText(d)} ${formatWhen(new Date(d.at), now)}, for backup ${printable(d.backup)}`,
    )
  }
}

function stateText({ state, of }: BesideDatabase): string {
  switch (state) {
    case 'replaced':
      return `was ${printable(of)} until`
    case 'ready':
      return `restored, and ready to become ${printable(of)}, since`
    case 'filling':
      return `a restore in place of ${printable(of)} that is under way or was interrupted, begun`
  }
}

/** What `--json` says of a database that got its name back. */
export interface SwapBack {
  readonly restored: string
  readonly kept: string | null
}

export function tellGivenBack(out: Output, { restored, kept }: SwapBack, database: string): void {
  out.line(`${printable(restored)} is ${printable(database)} again`)
  if (kept !== null) out.line(`  kept      what it was until now, as ${printable(kept)}`)
}
