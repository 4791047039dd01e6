import { availableParallelism } from 'node:os'
import { openCopies, type FailedCopy } from '../copies/open.ts'
import { holdBack } from '../erasure/hold-back.ts'
import { unmetErasures, unmetText } from '../erasure/unmet.ts'
import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import type { BackupContents } from '../repository/format/contents.ts'
import { manifestKey } from '../repository/format/fields.ts'
import type { Manifest, ManifestSummary } from '../repository/format/manifest.ts'
import { erasuresInForce, type Erasure } from '../repository/erasures.ts'
import type { HeldBack } from '../repository/held-back.ts'
import { unlock } from '../repository/open.ts'
import { readAllPieces } from '../repository/pieces.ts'
import { readContents, readerOf } from '../repository/session.ts'
import type { ChunkReader, HostCredentials, Repository, Vault } from '../repository/types.ts'
import { markUse } from '../repository/uses.ts'
import type { CommandContext } from './command.ts'
import { openEachCopy, openStorages, readTogether, type Place } from './copies.ts'
import { formatAgo, formatCountOf } from './format.ts'
import { findSecrets, type Secrets } from './secrets.ts'
import { printable } from './width.ts'

/** Opens a repository without any secret, to read what is in the clear. Several copies are read as one. */
export async function openForListing(
  context: CommandContext,
  place: Place & { hostFile?: string | undefined },
): Promise<{ repository: Repository; host: HostCredentials | null }> {
  const opened = await openEachCopy(context, place)
  return { repository: readTogether(context, opened), host: opened.host }
}

export interface OpenedVault {
  readonly repository: Repository
  readonly vault: Vault
  readonly secrets: Secrets
  /** The copies that `repository` reads as one, each by itself. */
  readonly each: readonly Repository[]
  readonly failed: readonly FailedCopy[]
}

/** Opens a repository and its vault with the identity or passphrase. */
export async function openWithVault(
  context: CommandContext,
  place: Place & { identity: string | undefined; passphraseFile: string | undefined },
): Promise<OpenedVault> {
  const { out, signal } = context
  const { ownerKey } = place
  const storages = await openStorages(context, place)
  const { copies, failed } = await openCopies({ storages, trust: { ownerKey }, signal })
  for (const { address, error } of failed) out.warn(`The copy ${address} can't be used: ${error.message}`)
  const opened = readTogether(context, { copies, failed })
  const takesPassphrase = opened.keyset.recipients.some(({ kind }) => kind === 'passphrase')
  const secrets = await findSecrets(context, { ...place, repository: opened.id, takesPassphrase })
  const vault = await unlock({ repository: opened, ownerKey, ...secrets })
  const repository = { ...opened, ownerConfirmed: true }
  if (storages.length > 1) out.note(`Reading from ${copies.map(({ storage }) => storage.address).join(', then ')}.`) // prettier-ignore
  return {
    repository,
    vault,
    secrets,
    each: copies.map((copy) => ({ ...copy, ownerConfirmed: true })),
    failed,
  }
}

/** Opens a repository to read what is in its backups. Dispose of the reader. */
export async function openForReading(
  context: CommandContext,
  place: Parameters<typeof openWithVault>[1],
): Promise<OpenedVault & { reader: ChunkReader }> {
  const opened = await openWithVault(context, place)
  return { ...opened, reader: readerOf(opened.repository, opened.vault) }
}

/** A backup of which nothing was read but its manifest. */
export interface SealedBackup extends Omit<OpenedVault, 'secrets'> {
  readonly manifest: Manifest
  /** Where `latest` was asked for: the newest backup of each other database. */
  readonly others: readonly ManifestSummary[]
  readonly reader: ChunkReader
  [Symbol.asyncDispose](): Promise<void>
}

export interface OpenedBackup extends SealedBackup {
  readonly contents: BackupContents
  /** Rows that `contents` do not speak of any more, because they were erased. */
  readonly heldBack: readonly HeldBack[]
}

type BackupPlace = Parameters<typeof openWithVault>[1] & { readonly backup: string }

/**
 * Opens one backup to give out what it holds: its manifest, its sealed contents without the rows that were erased, and a reader
 * for the rest of it. It is marked as in use, so that no prune removes it meanwhile.
 */
export async function openBackup(context: CommandContext, place: BackupPlace): Promise<OpenedBackup> {
  const { signal } = context
  const opened = await openStoredBackup(context, place)
  await using held = new AsyncDisposableStack()
  held.use(opened)
  held.use(await useBackup(context, opened))
  const erasures = await erasuresInForce({ ...opened, signal })
  const given = { ...opened, ...(await withoutErased(context, { ...opened, erasures })) }
  const until = held.move()
  return { ...given, [Symbol.asyncDispose]: () => until.disposeAsync() }
}

/** Marks a backup, or what a restore has left, as in use until it is disposed of, in every copy. What could still take it away is told. */
export async function useStored(
  { out, signal }: CommandContext,
  { storage, copies }: Repository,
  id: string,
): Promise<AsyncDisposable> {
  await using held = new AsyncDisposableStack()
  for (const copy of copies?.all() ?? [storage]) {
    const { state } = held.use(await markUse({ storage: copy, id, signal }))
    if (state === 'unmarked')
      out.note(
        `The storage can't be written to from here, so a prune elsewhere does not know that ${id} is in use.`,
      )
    if (state === 'going')
      out.warn(`A prune was begun that removes ${id}. If objects turn out to be missing, that is why.`)
  }
  return held.move()
}

/**
 * Marks a backup as in use whose manifest was read before. Throws `backup_not_found` if a prune has removed it by now: from then on none does, but
 * for one that is told.
 */
export async function useBackup(
  context: CommandContext,
  { repository, manifest: { id } }: Pick<SealedBackup, 'repository' | 'manifest'>,
): Promise<AsyncDisposable> {
  const use = await useStored(context, repository, id)
  return await orDisposed(use, async () => {
    const there = await repository.storage.head(manifestKey(id), { signal: context.signal })
    if (there !== null) return use
    throw new HoldfastError('backup_not_found', `The backup ${id} was removed by a prune meanwhile.`)
  })
}

/** What of a backup's contents may be given out: all that gives out rows goes this way. */
export async function withoutErased(
  { out, signal }: CommandContext,
  o: Omit<OpenedBackup, 'heldBack' | 'each' | 'failed' | typeof Symbol.asyncDispose> & {
    readonly erasures: readonly Erasure[]
  },
): Promise<Pick<OpenedBackup, 'contents' | 'heldBack'>> {
  for (const unmet of unmetErasures(o)) out.warn(printable(unmetText(unmet)))
  return await holdBack({ ...o, namingKey: o.vault.namingKey, signal, onProgress: out.progress })
}

/** Opens one backup as it is stored, erased rows and all: to tell what there is, never to give out rows. */
export async function openStoredBackup(context: CommandContext, place: BackupPlace): Promise<OpenedBackup> {
  const sealed = await openSealed(context, place)
  return await orDisposed(sealed, async () => {
    const contents = await readContents(sealed.reader, sealed.manifest)
    tellOthers(context, sealed, contents.database.name)
    return { ...sealed, contents, heldBack: [] }
  })
}

/** Finds one backup, and reads nothing of what it holds. */
export async function openSealed(context: CommandContext, place: BackupPlace): Promise<SealedBackup> {
  const { secrets: _secrets, ...opened } = await openForReading(context, place)
  const close = (): Promise<void> => opened.reader[Symbol.asyncDispose]()
  const found = { ...opened, [Symbol.asyncDispose]: close }
  return await orDisposed(found, async () => {
    let others: readonly ManifestSummary[] = []
    const onOthers = (newest: readonly ManifestSummary[]): unknown => (others = newest)
    const manifest = await opened.repository.find(place.backup, { signal: context.signal, onOthers })
    return { ...found, manifest, others }
  })
}

/** Who keeps several databases in one repository may mean the latest backup of another one. */
export function tellOthers(
  { out, clock }: CommandContext,
  { manifest, others }: Pick<SealedBackup, 'manifest' | 'others'>,
  database: string,
): void {
  if (others.length === 0) return
  const told = others.map((b) => `${b.id} (${formatAgo(clock.now().getTime() - Date.parse(b.moment))})`)
  out.warn(
    `latest is ${manifest.id}, of the database ${printable(database)}. The repository holds backups of ${formatCountOf(others.length, 'other database')} as well, the newest: ${told.join(', ')}. Name the one you mean by its id.`,
  )
}

/** Goes on with what is open; if that fails, it is closed. */
async function orDisposed<T>(opened: AsyncDisposable, next: () => Promise<T>): Promise<T> {
  try {
    return await next()
  } catch (error) {
    await opened[Symbol.asyncDispose]()
    throw error
  }
}

/** As `openBackup`, of a repository that is open; null if there is no such backup any more, or it can't be read. */
export async function openAnyBackup(
  context: CommandContext,
  opened: Omit<OpenedVault, 'secrets'> & { readonly reader: ChunkReader },
  id: string,
): Promise<Omit<OpenedBackup, typeof Symbol.asyncDispose> | null> {
  try {
    const manifest = await opened.repository.find(id, { signal: context.signal })
    const backup = { ...opened, manifest, others: [], contents: await readContents(opened.reader, manifest) }
    const erasures = await erasuresInForce({ ...opened, signal: context.signal })
    return { ...backup, ...(await withoutErased(context, { ...backup, erasures })) }
  } catch (error) {
    const gone = ['backup_not_found', 'object_missing', 'object_damaged', 'manifest_forged']
    if (isHoldfastError(error) && gone.includes(error.code)) return null
    throw error
  }
}

/** The SQL of a backup's schema. */
export async function readSchemaText(
  { manifest, contents, reader }: Pick<OpenedBackup, 'manifest' | 'contents' | 'reader'>,
  signal: AbortSignal,
): Promise<Uint8Array> {
  return await readAllPieces({ manifest, reader, pieces: contents.schema.pieces, signal })
}

/** `--jobs`, or as many connections as keep this machine busy without crowding the server. */
export function jobsOrDefault(jobs: number | undefined): number {
  return jobs ?? Math.min(4, availableParallelism())
}
