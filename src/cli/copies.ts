import { realpath } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import type { Source } from '../config/config.ts'
import { copyKeys } from '../copies/make-copy.ts'
import { mergedRepository } from '../copies/merged.ts'
import { openCopies, withNewestKeys, type OpenCopies } from '../copies/open.ts'
import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import { shellWord } from '../lib/shell-word.ts'
import { manifestPrefix } from '../repository/format/fields.ts'
import { parseHostFile } from '../repository/hostfile.ts'
import { listManifests } from '../repository/manifests.ts'
import { isOfCopy } from '../repository/several-places.ts'
import type {
  BackupWriter,
  CopyFault,
  CopyOutcome,
  HostCredentials,
  Repository,
} from '../repository/types.ts'
import type { CallOptions, Storage } from '../storage/storage.ts'
import type { CommandContext } from './command.ts'
import { repositoryAddresses } from './config.ts'
import { defaultHostPath, readSecret } from './secrets.ts'
import { openStorageAt } from './storage.ts'
import { printable } from './width.ts'

export interface Place {
  /** As --repo gives it, one for each copy; empty: as the configuration says. */
  readonly repo: readonly string[]
  /** The configured source whose repository is meant, or its name. */
  readonly source?: Source | string | null | undefined
  readonly ownerKey: string | undefined
}

/** The copies of a repository that can be used, each by itself, and what this machine knows of the owner. */
export interface OpenedCopies extends OpenCopies {
  readonly host: HostCredentials | null
}

/** The storages of the copies, none of them twice. */
export async function openStorages(
  context: CommandContext,
  place: Pick<Place, 'repo' | 'source'>,
): Promise<readonly Storage[]> {
  const addresses = await repositoryAddresses(context, place)
  const storages = addresses.map((address) => openStorageAt(context, address))
  await requireDifferent(storages)
  return storages
}

/** Throws `usage` if one place is named twice, also by a link: it would look like two copies. */
export async function requireDifferent(storages: readonly Storage[]): Promise<void> {
  const named = new Map<string, string>()
  for (const { address } of storages) {
    const place = isAbsolute(address) ? await realpath(address).catch(() => address) : address
    const before = named.get(place)
    named.set(place, address)
    if (before === undefined) continue
    const also = before === address ? '' : `, also as ${before}`
    throw new HoldfastError('usage', `${address} is named twice as a copy of the repository${also}.`)
  }
}

/**
 * Opens every copy of a repository without any secret, each by itself. What is known on this machine of its owner confirms it; else a note says that nothing
 * does. A copy that can't be opened is told, and left out.
 */
export async function openEachCopy(
  context: CommandContext,
  place: Place & { hostFile?: string | undefined },
): Promise<OpenedCopies> {
  const { out, signal } = context
  const storages = await openStorages(context, place)
  const { id } = firstOf(await openCopies({ storages, signal }))
  const host = await findHost(context, { hostFile: place.hostFile, repository: id })
  const trust = { host: host ?? undefined, ownerKey: place.ownerKey }
  const opened = await openCopies({ storages, trust, signal })
  for (const { address, error } of opened.failed) out.warn(`The copy ${address} can't be used: ${error.message}`) // prettier-ignore
  if (!firstOf(opened).ownerConfirmed) {
    out.note('Nothing on this machine confirms whose repository this is; --owner-key KEY would.')
  }
  return { ...opened, host }
}

/**
 * Opens the copies of a repository that can be written to: the host file is needed, no secret that decrypts, and those whose keys are older than another's are left
 * out, and told. Throws `host_not_admitted`.
 */
export async function openForWriting(
  context: CommandContext,
  place: Place & { hostFile: string | undefined },
): Promise<OpenCopies & { host: HostCredentials }> {
  const opened = await openEachCopy(context, place)
  const { host } = opened
  if (host === null) {
    const usual = defaultHostPath(context.env, firstOf(opened).id)
    throw new HoldfastError(
      'host_not_admitted',
      `This machine has no host file for the repository: ${usual} is not there.`,
    )
  }
  const current = withNewestKeys(opened)
  for (const { address, error } of current.failed.slice(opened.failed.length))
    context.out.warn(`The copy ${address} is not written to: ${error.message}`)
  return { ...current, host }
}

/** The copy that was named first, of those that can be used. */
export function firstOf({ copies: [first] }: OpenCopies): Repository {
  if (first === undefined) throw new HoldfastError('internal', 'No copy was opened.')
  return first
}

/** By the address of each copy, the ids of the backups that are complete in it: whose manifests are there. */
export async function completeIn(
  copies: readonly Repository[],
  options: CallOptions,
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const found = new Map<string, ReadonlySet<string>>()
  for (const { storage } of copies) {
    // One that fails now has been told, or will be.
    const objects = await listManifests(storage, options).catch((error: unknown) => {
      if (!isOfCopy(error)) throw error
      return []
    })
    found.set(storage.address, new Set(objects.map(({ key }) => key.slice(manifestPrefix.length))))
  }
  return found
}

/** Several copies, read as one. */
export function readTogether(context: CommandContext, { copies }: OpenCopies): Repository {
  return mergedRepository(copies, faultTeller(context))
}

/** Warns of what a copy did not give: once for each copy and kind, since there may be a great many. */
function faultTeller({ out }: CommandContext): (fault: CopyFault) => void {
  const told = new Set<string>()
  return ({ address, what, reason }) => {
    if (told.has(`${what} ${address}`)) return
    told.add(`${what} ${address}`)
    const text = printable(reason.replace(/\.$/, ''))
    if (what === 'failed') out.warn(`${text}. Another copy is read in its place.`)
    else out.warn(`${text}. It is read from another copy; holdfast copy FROM ${printable(shellWord(address))} --repair mends it.`) // prettier-ignore
  }
}

async function findHost(
  context: CommandContext,
  options: { hostFile: string | undefined; repository: string },
): Promise<HostCredentials | null> {
  const path = options.hostFile ?? defaultHostPath(context.env, options.repository)
  try {
    return parseHostFile((await readSecret(path, 'The host file')).toString('utf8'))
  } catch (error) {
    if (options.hostFile === undefined && isHoldfastError(error, 'identity_missing')) return null
    throw error
  }
}

/** What was done in one copy of a repository, for `--json`. */
export interface CopyResult {
  readonly address: string
  /** Null: all of it. */
  readonly error: { readonly code: string; readonly message: string } | null
}

/** What became of a backup in each copy: those it was written to, then those that could not be. */
export function copyResults(
  { failed }: OpenCopies,
  writer: Pick<BackupWriter, 'copies'>,
): (CopyResult & Pick<CopyOutcome, 'newChunks' | 'newStoredBytes'>)[] {
  const none = { newChunks: 0, newStoredBytes: 0 }
  return [
    ...writer.copies().map((copy) => ({ ...copy, error: copy.failed })),
    ...failed.map((copy) => ({ ...copy, ...none })),
  ].map(({ address, newChunks, newStoredBytes, error }) => {
    return { address, newChunks, newStoredBytes, error: error === null ? null : errorJson(error) }
  })
}

/** Does something in one copy after the other. What fails in all of them is thrown. */
export async function inEachCopy(
  { copies, failed }: OpenCopies,
  work: (copy: Repository) => Promise<void>,
): Promise<CopyResult[]> {
  const results: CopyResult[] = failed.map(({ address, error }) => ({ address, error: errorJson(error) }))
  const errors: HoldfastError[] = []
  for (const copy of copies)
    results.push(await resultOf(copy.storage.address, work(copy), (error) => errors.push(error)))
  const [first] = errors
  if (first !== undefined && errors.length === copies.length) throw first
  return results
}

/** What became of work that was done in one copy. What has nothing to do with the copy is thrown. */
export async function resultOf(
  address: string,
  work: Promise<unknown>,
  onError: (error: HoldfastError) => void = () => undefined,
): Promise<CopyResult> {
  try {
    await work
    return { address, error: null }
  } catch (error) {
    if (!isOfCopy(error)) throw error
    onError(error)
    return { address, error: errorJson(error) }
  }
}

/** Brings the other copies to a key set that was changed in one of them. */
export async function changeOthers(
  { out, signal }: CommandContext,
  { each, failed }: Pick<OpenCopies, 'failed'> & { readonly each: readonly Repository[] },
  changed: Repository,
): Promise<CopyResult[]> {
  const home = (changed.copies?.home ?? changed.storage).address
  return await inEachCopy({ copies: each, failed }, async (copy) => {
    if (copy.storage.address === home) return
    const { left } = await copyKeys(changed, copy, { signal })
    for (const key of left)
      out.warn(`${key} in ${copy.storage.address} can be opened by somebody who was removed, and may not be deleted from here. Delete it.`) // prettier-ignore
  })
}

function errorJson({ code, message }: HoldfastError): { code: string; message: string } {
  return { code, message }
}

/** Throws `copies_incomplete` if what was done was not done in every copy. `result` is what it has done all the same. */
export function requireComplete(
  what: string,
  copies: readonly CopyResult[],
  result: Readonly<Record<string, unknown>>,
  hint?: string,
): void {
  const [first] = copies.filter(({ error }) => error === null)
  const failed = copies.filter(({ error }) => error !== null)
  if (failed.length === 0 || first === undefined) return
  const reasons = failed.map(
    ({ address, error }) => `${address} (${(error?.message ?? '').replace(/\.$/, '')})`,
  )
  throw new HoldfastError('copies_incomplete', `${what}, but not in ${reasons.join(', nor in ')}.`, {
    hint:
      hint ??
      `When that is mended: ${failed.map(({ address }) => `holdfast copy ${shellWord(first.address)} ${shellWord(address)}`).join(', then ')}.`,
    details: result,
  })
}
