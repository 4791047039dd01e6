import { HoldfastError, isHoldfastError, messageOf } from '../lib/errors.ts'
import { isHurt } from '../repository/check-chunks.ts'
import { checkRepository, type CheckResult } from '../repository/check.ts'
import { putChecked } from '../repository/checked.ts'
import { coverageOf, type Coverage } from '../repository/coverage.ts'
import type { Signer } from '../repository/format/writer-mark.ts'
import { signingSeedOf } from '../repository/hostfile.ts'
import { findLost } from '../repository/lost.ts'
import { noteDamage } from '../repository/note-damage.ts'
import type { HostCredentials, Repository } from '../repository/types.ts'
import { partsText, tellCoverage, tellLost, tellReport } from './check-text.ts'
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
  const listing = opened === null ? await openForListing(context, input) : null
  const repository = opened?.repository ?? listing?.repository
  if (repository === undefined) throw new HoldfastError('internal', 'There is no repository to check.')
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
  const lost = await findLost({ repository, report, reader: reader ?? null, signal })
  const hurt = tellReport(out, report)
  tellLost(out, lost)
  await markDamage(context, result, repository, signerOf(opened, listing?.host ?? null, repository), began)
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
      details: { report, lost, coverage, refused },
    })
  }
  out.result({ report, lost, coverage, refused })
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
    if (!repository.storage.fixed) await putChecked({ repository, vault, after: earlier, found, signal })
  } catch (error) {
    if (!isHoldfastError(error) || error.code === 'cancelled') throw error
    out.warn(
      `That this share was read could not be kept, so another check may read it again: ${messageOf(error)}`,
    )
  }
  return coverageOf({ needed: needed.values(), arc, earlier: earlier.marks, now: began })
}

/** Who signs what was found: the owner, or this machine if it may write. Null: nobody here can. */
function signerOf(
  opened: OpenedVault | null,
  host: HostCredentials | null,
  { keyset }: Repository,
): Signer | null {
  if (opened !== null) return { id: 'owner', seed: opened.vault.ownerSeed }
  const admitted = keyset.hosts.some(({ id, revoked }) => id === host?.host && revoked === null)
  return host !== null && admitted ? { id: host.host, seed: signingSeedOf(host) } : null
}

/** Writes down what is hurt, so that others know of it. A storage that takes nothing does not change what was found. */
async function markDamage(
  { out, signal }: CommandContext,
  result: CheckResult,
  repository: Repository,
  signer: Signer | null,
  when: Date,
): Promise<void> {
  for (const { key, reason } of result.known.refused) out.warn(`${key} is not accepted: ${reason}`)
  if (repository.storage.fixed) return
  if (signer === null) {
    if (result.report.backups.some(isHurt))
      out.note('That backups are damaged is not marked for others: that takes the identity, or a host file.')
    return
  }
  try {
    await noteDamage({ place: repository, result, signer, when, signal })
  } catch (error) {
    if (!isHoldfastError(error) || error.code === 'cancelled') throw error
    out.warn(`What is hurt could not be marked for others: ${messageOf(error)}`)
  }
}
