import { availableParallelism } from 'node:os'
import type { Source } from '../config/config.ts'
import { holdBack } from '../erasure/hold-back.ts'
import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import type { BackupContents } from '../repository/format/contents.ts'
import type { Manifest } from '../repository/format/manifest.ts'
import { erasuresInForce } from '../repository/erasures.ts'
import type { HeldBack } from '../repository/held-back.ts'
import { parseHostFile } from '../repository/hostfile.ts'
import { openRepository, openUnlocked } from '../repository/open.ts'
import { readAllPieces } from '../repository/pieces.ts'
import { readContents, readerOf } from '../repository/session.ts'
import type { ChunkReader, HostCredentials, Repository, Vault } from '../repository/types.ts'
import { markUse } from '../repository/uses.ts'
import { openStorage } from '../storage/address.ts'
import type { CommandContext } from './command.ts'
import { repositoryAddress } from './config.ts'
import { defaultHostPath, findSecrets, readSecret, type Secrets } from './secrets.ts'

export interface Place {
  /** As --repo gives it; undefined: as the configuration says. */
  readonly repo: string | undefined
  /** The configured source whose repository is meant, or its name. */
  readonly source?: Source | string | null | undefined
  readonly ownerKey: string | undefined
}

/** Opens a repository without any secret. What is known on this machine of its owner confirms it; else a note says that nothing does. */
export async function openForListing(
  context: CommandContext,
  place: Place & { hostFile?: string | undefined },
): Promise<{ repository: Repository; host: HostCredentials | null }> {
  const storage = openStorage(await repositoryAddress(context, place))
  const { signal } = context
  const { id } = await openRepository({ storage, signal })
  const host = await findHost(context, { hostFile: place.hostFile, repository: id })
  const trust = { host: host ?? undefined, ownerKey: place.ownerKey }
  const repository = await openRepository({ storage, trust, signal })
  if (!repository.ownerConfirmed) {
    context.out.note('Nothing on this machine confirms whose repository this is; --owner-key KEY would.')
  }
  return { repository, host }
}

/** Opens a repository to write to it: the host file is needed, no secret that decrypts. Throws `host_not_admitted`. */
export async function openForWriting(
  context: CommandContext,
  place: Place & { hostFile: string | undefined },
): Promise<{ repository: Repository; host: HostCredentials }> {
  const { repository, host } = await openForListing(context, place)
  if (host !== null) return { repository, host }
  const usual = defaultHostPath(context.env, repository.id)
  throw new HoldfastError(
    'host_not_admitted',
    `This machine has no host file for the repository: ${usual} is not there.`,
  )
}

export interface OpenedVault {
  readonly repository: Repository
  readonly vault: Vault
  readonly secrets: Secrets
}

/** Opens a repository and its vault with the identity or passphrase. */
export async function openWithVault(
  context: CommandContext,
  place: Place & { identity: string | undefined; passphraseFile: string | undefined },
): Promise<OpenedVault> {
  const storage = openStorage(await repositoryAddress(context, place))
  const { signal } = context
  const { id, keyset } = await openRepository({ storage, trust: { ownerKey: place.ownerKey }, signal })
  const takesPassphrase = keyset.recipients.some(({ kind }) => kind === 'passphrase')
  const secrets = await findSecrets(context, { ...place, repository: id, takesPassphrase })
  const opened = await openUnlocked({ storage, trust: { ownerKey: place.ownerKey }, signal, ...secrets })
  return { repository: opened.repository, vault: opened.vault, secrets }
}

/** Opens a repository to read what is in its backups. Dispose of the reader. */
export async function openForReading(
  context: CommandContext,
  place: Parameters<typeof openWithVault>[1],
): Promise<OpenedVault & { reader: ChunkReader }> {
  const opened = await openWithVault(context, place)
  return { ...opened, reader: readerOf(opened.repository, opened.vault) }
}

export interface OpenedBackup {
  readonly repository: Repository
  readonly vault: Vault
  readonly manifest: Manifest
  readonly contents: BackupContents
  /** Rows that `contents` do not speak of any more, because they were erased. */
  readonly heldBack: readonly HeldBack[]
  readonly reader: ChunkReader
  [Symbol.asyncDispose](): Promise<void>
}

type BackupPlace = Parameters<typeof openWithVault>[1] & { readonly backup: string }

/**
 * Opens one backup to give out what it holds: its manifest, its sealed contents without the rows that were erased, and a reader
 * for the rest of it. It is marked as in use, so that no prune removes it meanwhile.
 */
export async function openBackup(context: CommandContext, place: BackupPlace): Promise<OpenedBackup> {
  const opened = await openStoredBackup(context, place)
  await using held = new AsyncDisposableStack()
  held.use(opened)
  held.use(await useStored(context, opened.repository, opened.manifest.id))
  const given = { ...opened, ...(await withoutErased(context, opened)) }
  const until = held.move()
  return { ...given, [Symbol.asyncDispose]: () => until.disposeAsync() }
}

/** Marks a backup, or what a restore has left, as in use until it is disposed of. What could still take it away is told. */
export async function useStored(
  { out, signal }: CommandContext,
  { storage }: Repository,
  id: string,
): Promise<AsyncDisposable> {
  const use = await markUse({ storage, id, signal })
  if (use.state === 'unmarked')
    out.note(
      `The storage can't be written to from here, so a prune elsewhere does not know that ${id} is in use.`,
    )
  if (use.state === 'going')
    out.warn(`A prune was begun that removes ${id}. If objects turn out to be missing, that is why.`)
  return use
}

/** What of a backup's contents may be given out: all that gives out rows goes this way. */
async function withoutErased(
  { out, signal }: CommandContext,
  o: Omit<OpenedBackup, 'heldBack' | typeof Symbol.asyncDispose>,
): Promise<Pick<OpenedBackup, 'contents' | 'heldBack'>> {
  const erasures = await erasuresInForce({ ...o, signal })
  return await holdBack({
    ...o,
    erasures,
    namingKey: o.vault.namingKey,
    signal,
    onProgress: out.progress,
  })
}

/** Opens one backup as it is stored, erased rows and all: to tell what there is, never to give out rows. */
export async function openStoredBackup(context: CommandContext, place: BackupPlace): Promise<OpenedBackup> {
  const { repository, vault, reader } = await openForReading(context, place)
  try {
    const manifest = await repository.find(place.backup, { signal: context.signal })
    const contents = await readContents(reader, manifest)
    return {
      repository,
      vault,
      manifest,
      contents,
      heldBack: [],
      reader,
      [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
    }
  } catch (error) {
    await reader[Symbol.asyncDispose]()
    throw error
  }
}

/** The SQL of a backup's schema. */
export async function readSchemaText(
  { manifest, contents, reader }: OpenedBackup,
  signal: AbortSignal,
): Promise<Uint8Array> {
  return await readAllPieces({ manifest, reader, pieces: contents.schema.pieces, signal })
}

/** `--jobs`, or as many connections as keep this machine busy without crowding the server. */
export function jobsOrDefault(jobs: number | undefined): number {
  return jobs ?? Math.min(4, availableParallelism())
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
