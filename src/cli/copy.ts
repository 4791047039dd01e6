import { copyRepository, previewCopy } from '../copies/copy.ts'
import { readyCopy, requireEmpty } from '../copies/make-copy.ts'
import { newestKeys, requireSame } from '../copies/open.ts'
import type { CopyPreview, CopyReport } from '../copies/types.ts'
import { HoldfastError } from '../lib/errors.ts'
import { shellWord } from '../lib/shell-word.ts'
import { createOpener, type Opener } from '../repository/crypto/opener.ts'
import { erasedPrefix, headerKey, manifestPrefix } from '../repository/format/fields.ts'
import { openRepository } from '../repository/open.ts'
import type { HostCredentials, Repository } from '../repository/types.ts'
import type { Storage } from '../storage/storage.ts'
import type { CommandContext } from './command.ts'
import { firstOf, openForWriting, requireDifferent } from './copies.ts'
import { formatBytes, formatCountOf } from './format.ts'
import { openWithVault } from './repository.ts'
import { openStorageAt } from './storage.ts'
import { printable } from './width.ts'

interface Input {
  readonly from: string
  readonly to: string
  readonly backup: readonly string[]
  readonly verify: boolean
  readonly repair: boolean
  readonly dryRun: boolean
  readonly identity: string | undefined
  readonly passphraseFile: string | undefined
  readonly hostFile: string | undefined
  readonly ownerKey: string | undefined
}

/** `copy`: brings one copy of a repository up to date from another. */
export async function copyBetween(context: CommandContext, input: Input): Promise<void> {
  const { out, signal } = context
  const opened = await openForWriting(context, { ...input, repo: [input.from], source: null })
  const from = firstOf(opened)
  const storage = openStorageAt(context, input.to)
  await requireDifferent([from.storage, storage])
  const backups = await backupsMeant(from, input.backup, signal)
  if (input.dryRun) {
    const preview = await previewTo(context, from, storage, backups)
    tellPreview(context, preview, storage.address)
    out.result({ from: from.storage.address, to: storage.address, lacks: preview })
    return
  }
  await using opener = input.verify || input.repair ? await openerOf(context, input) : null
  const report = await copyTo(context, { from, storage, host: opened.host, backups, opener, repair: input.repair }) // prettier-ignore
  const result = { from: from.storage.address, to: storage.address, ...report }
  requireDone(report, result)
  out.result(result)
}

/** Copies, and tells what was done. */
export async function copyTo(
  context: CommandContext,
  o: {
    readonly from: Repository
    readonly storage: Storage
    readonly host: HostCredentials
    readonly backups: ReadonlySet<string> | null
    readonly opener: Opener | null
    readonly repair: boolean
  },
): Promise<CopyReport & { readonly made: boolean }> {
  const { out, signal, clock } = context
  const { from, storage } = o
  const { to, keyset, made, mended, keys } = await readyCopy({ from, storage, repair: o.repair, signal })
  const report = await copyRepository({ ...o, to, keyset, credentials: o.host, clock, signal, onProgress: out.progress }) // prettier-ignore
  out.progressDone('done')
  if (made) out.line(`${storage.address} is a copy of ${from.storage.address} now.`)
  for (const key of mended) out.line(`Brought back ${key} in ${storage.address}.`)
  if (keys.changed) out.line(`The keys in ${storage.address} are up to date.`)
  for (const key of keys.left)
    out.warn(`${key} in ${storage.address} can be opened by somebody who was removed, and may not be deleted from here. Delete it.`) // prettier-ignore
  if (to.keyset.version > from.keyset.version)
    out.warn(`The keys in ${from.storage.address} are older than those in ${storage.address}: holdfast copy ${shellWord(storage.address)} ${shellWord(from.storage.address)}.`) // prettier-ignore
  tellReport(context, report, from.storage.address, storage.address)
  return { ...report, made }
}

/** Throws what stood in the way of a part of it. */
function requireDone(report: CopyReport, details: Readonly<Record<string, unknown>>): void {
  const { failed, waiting } = report
  const [first] = failed
  if (first !== undefined) {
    const hint =
      first.code === 'storage_denied'
        ? 'Run it with a credential that may delete.'
        : 'What is damaged in TO is mended with --repair; what is damaged in FROM, from another copy.'
    throw new HoldfastError('copy_behind', `${formatCountOf(failed.length, 'object')} could not be copied: ${first.reason}`, { hint, details }) // prettier-ignore
  }
  if (waiting.length === 0) return
  throw new HoldfastError(
    'copy_behind',
    `${formatCountOf(waiting.length, 'object')} can't be copied yet: a prune of TO has planned to remove what they need.`,
    {
      hint: 'Run it again when that plan is in force no more, a week after a prune has carried it out.',
      details,
    },
  )
}

async function backupsMeant(
  from: Repository,
  references: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlySet<string> | null> {
  if (references.length === 0) return null
  const ids = new Set<string>()
  for (const reference of references) ids.add((await from.find(reference, { signal })).id)
  return ids
}

async function previewTo(
  { out, signal }: CommandContext,
  from: Repository,
  storage: Storage,
  backups: ReadonlySet<string> | null,
): Promise<CopyPreview> {
  const o = { from, backups, signal, onProgress: out.progress }
  const isThere = (await storage.head(headerKey, { signal })) !== null
  if (!isThere) {
    out.line(`${storage.address} is empty, and would become a copy.`)
    await requireEmpty(from, storage, signal)
    return await previewCopy({ ...o, to: { storage }, keyset: from.keyset })
  }
  const to = await openRepository({ storage, signal })
  requireSame(from, to)
  return await previewCopy({ ...o, to, keyset: newestKeys([from, to]).keyset })
}

async function openerOf(context: CommandContext, input: Input): Promise<Opener> {
  const { vault } = await openWithVault(context, { ...input, repo: [input.from], source: null })
  return createOpener({ namingKey: vault.namingKey, epochs: vault.epochs })
}

function tellPreview({ out }: CommandContext, preview: CopyPreview, to: string): void {
  out.progressDone('quietly')
  const { documents, objects, bytes } = preview
  if (documents.length + objects === 0) out.line(`There is nothing that ${to} lacks.`)
  else out.line(`${to} lacks ${whatText(documents)}: ${formatCountOf(objects, 'chunk')}, ${formatBytes(bytes)}.`) // prettier-ignore
  tellRest(out, preview, to)
}

function tellReport({ out }: CommandContext, report: CopyReport, from: string, to: string): void {
  const { documents, objects, bytes, replaced, pins, marks } = report
  if (documents.length + objects + pins + marks === 0) out.line(`There is nothing that ${to} lacks.`)
  else
    out.line(
      `Copied ${whatText(documents)} from ${from} to ${to}: ${formatCountOf(objects, 'chunk')}, ${formatBytes(bytes)}.`,
    )
  if (replaced.length > 0) out.line(`Replaced ${formatCountOf(replaced.length, 'damaged chunk')}.`)
  for (const { key, reason } of report.failed) out.warn(`${key} was not copied: ${printable(reason)}`)
  for (const key of report.waiting) out.warn(`${key} was not copied: a prune plan of ${to} lists what it needs.`) // prettier-ignore
  tellRest(out, report, to)
}

function tellRest(
  out: CommandContext['out'],
  { refused, onlyHere }: Pick<CopyPreview, 'refused' | 'onlyHere'>,
  to: string,
): void {
  for (const { key, reason } of refused)
    out.warn(`${key} is not accepted, and not copied: ${printable(reason)}`)
  if (onlyHere.backups > 0)
    out.note(`${formatCountOf(onlyHere.backups, 'backup')} in ${to} are not in the other copy.`)
  if (onlyHere.erasures > 0)
    out.warn(`${formatCountOf(onlyHere.erasures, 'erasure')} in ${to} are not in the other copy, which would bring those rows back: copy the other way, too.`) // prettier-ignore
}

/** `2 backups and 1 erasure`. */
function whatText(documents: readonly string[]): string {
  const count = (prefix: string): number => documents.filter((key) => key.startsWith(prefix)).length
  const [backups, erasures] = [count(manifestPrefix), count(erasedPrefix)]
  const rest = documents.length - backups - erasures
  return [
    formatCountOf(backups, 'backup'),
    ...(erasures > 0 ? [formatCountOf(erasures, 'erasure')] : []),
    ...(rest > 0 ? [formatCountOf(rest, 'document of restores', 'documents of restores')] : []),
  ].join(', ')
}
