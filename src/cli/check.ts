import { HoldfastError, isHoldfastError, messageOf } from '../lib/errors.ts'
import { checkRepository, type CheckResult } from '../repository/check.ts'
import { putChecked } from '../repository/checked.ts'
import { coverageOf, type Coverage } from '../repository/coverage.ts'
import { partsText, tellCoverage, tellReport } from './check-text.ts'
import type { CommandContext } from './command.ts'
import { formatCount } from './format.ts'
import { openForListing, openForReading, type OpenedVault } from './repository.ts'

type Input = Parameters<typeof openForReading>[1] & { readonly readData: ReadShare | null }

/** How much is to be read back. */
export interface ReadShare {
  /** Above 0, to 1. */
  readonly share: number
  /** How many checks it takes to read all of it. */
  readonly rounds: number
}

/** `check`: tells what is hurt, and leaves a mark of what was read back. */
export async function checkAll(context: CommandContext, input: Input): Promise<void> {
  const { out, signal, clock } = context
  const opened = input.readData === null ? null : await openForReading(context, input)
  await using reader = opened?.reader
  const repository = opened?.repository ?? (await openForListing(context, input)).repository
  const began = clock.now()
  const result = await checkRepository({
    repository,
    reader: reader ?? null,
    share: input.readData?.share ?? 0,
    now: began,
    signal,
    onProgress: out.progress,
  })
  out.progressDone('done')
  const { report, refused } = result
  for (const { key, reason } of refused) out.warn(`${key} is not accepted: ${reason}`)
  const hurt = tellReport(out, report)
  const coverage = opened === null ? null : await keepMark(context, opened, result, began)
  if (coverage !== null) tellCoverage(context, coverage, input.readData?.rounds ?? 1)
  const faults = hurt + refused.length
  if (faults > 0) {
    const refusedBackups = refused.filter(({ key }) => key.startsWith('manifests/')).length
    const refusedErasures = refused.filter(({ key }) => key.startsWith('erased/')).length
    const all = partsText({
      backups: report.backups.length + refusedBackups,
      restores: report.restores.length + refused.length - refusedBackups - refusedErasures,
      erasures: report.erasures.length + refusedErasures,
    })
    throw new HoldfastError('check_failed', `Of ${all} ${formatCount(faults)} can't be relied on.`, {
      details: { report, coverage, refused },
    })
  }
  out.result({ report, coverage, refused })
}

/**
 * Leaves the mark of what was read, from which the next check goes on, on whatever machine. What they all come to; null if nothing was read. A storage that takes no
 * mark does not change what was found.
 */
async function keepMark(
  { out, clock, signal }: CommandContext,
  { repository, vault }: OpenedVault,
  { report, arc, earlier, needed }: CheckResult,
  began: Date,
): Promise<Coverage | null> {
  if (arc === null) return null
  for (const { key, reason } of earlier.refused)
    out.warn(`${key} is not accepted as a mark of a check: ${reason}`)
  const found = {
    when: began.toISOString(),
    seconds: Math.max(0, Math.ceil((clock.now().getTime() - began.getTime()) / 1000)),
    ...arc,
    objects: report.read,
    bytes: report.bytesRead,
    hurt: report.readHurt,
  }
  try {
    await putChecked({ repository, vault, after: earlier, found, signal })
  } catch (error) {
    if (!isHoldfastError(error) || error.code === 'cancelled') throw error
    out.warn(
      `That this share was read could not be kept, so another check may read it again: ${messageOf(error)}`,
    )
  }
  return coverageOf({ needed: needed.values(), arc, earlier: earlier.marks, now: began })
}
