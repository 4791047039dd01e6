import type { Client, Restore, RestoreInput } from '../../client/client.ts'
import { HoldfastError } from '../../lib/errors.ts'
import type { RestoreReport } from '../../restore/types.ts'
import type { CommandContext } from '../command.ts'
import { requireNoInPlace, type InPlaceInput } from '../in-place-options.ts'
import { tellReport } from '../restore-text.ts'
import { printable } from '../width.ts'
import { agreeAndFollow, type AgreeInput } from './agreed.ts'
import { followToStop, requireCompleted, tellDetached } from './job.ts'
import { backupNamed, repositoryNamed, sourceNamed } from './names.ts'
import { loginAt, opensOf, targetAt } from './target.ts'

type Input = AgreeInput &
  InPlaceInput & {
    readonly backup: string
    readonly to: string
    readonly source: string | undefined
    readonly repo: readonly string[]
    readonly identity: string | undefined
    readonly passphraseFile: string | undefined
    readonly createDatabase: boolean
    readonly restart: boolean
    readonly schema: readonly string[]
    readonly table: readonly string[]
    readonly excludeTable: readonly string[]
    readonly module: readonly string[]
    readonly noOwner: boolean
    readonly noGrants: boolean
    readonly roles: 'needed' | 'all' | 'none'
    readonly swap: boolean
    readonly swapSchemas: boolean
    readonly quarantine: boolean
    readonly plan: boolean
  }

/** A restore that a service makes: into a new database, or into the one of a source, with a preview that is agreed to here. */
export async function restoreAtServer(context: CommandContext, client: Client, input: Input): Promise<void> {
  const swap: 'schemas' | 'database' | undefined = input.swapSchemas
    ? 'schemas'
    : input.swap
      ? 'database'
      : undefined
  const inPlace = input.inPlace || swap !== undefined
  if (!inPlace) requireNoInPlace(input, {})
  if (input.plan && swap === undefined)
    throw new HoldfastError('usage', '--plan is about a swap there, and --preview about a restore in place.')
  const { repo } = input
  const upload =
    input.source === undefined && repo.length > 0 ? await repositoryNamed(client, { repo }) : null
  if (upload?.kind === 'upload' && !inPlace) return await restoreUpload(context, client, input, upload.name)
  const source = await sourceNamed(
    client,
    input.source ?? (inPlace && !input.to.includes('/') ? input.to : undefined),
  )
  const { name: repository } = await repositoryNamed(client, { repo: input.repo, source: source.name })
  const { backup } = await backupNamed(client, { ...input, source: source.name, repo: [repository] })
  const opens = await opensOf(context, input)
  const base = { source: source.name, backup: backup.id, ...choicesOf(input), ...opens }
  if (inPlace) {
    const as = loginAt(context, input.to, source)
    const rows = swap === undefined ? rowsOf(input) : { swap, quarantine: input.quarantine || undefined }
    const begun = await client.restoreFromBackup({ ...base, ...rows, as, into: { inPlace: true } })
    return await agreeAndFollow(context, client, begun, { ...input, preview: input.preview || input.plan })
  }
  await restoreAnew(context, client, input, base)
}

/** Of an upload, which is of no source. */
async function restoreUpload(
  context: CommandContext,
  client: Client,
  input: Input,
  repository: string,
): Promise<void> {
  const { backup } = await backupNamed(client, { ...input, repo: [repository] })
  const opens = await opensOf(context, input)
  await restoreAnew(context, client, input, { repository, backup: backup.id, ...choicesOf(input), ...opens })
}

/** Into a new database. */
async function restoreAnew(
  context: CommandContext,
  client: Client,
  input: Input,
  what: Omit<RestoreInput, 'into'>,
): Promise<void> {
  const { createDatabase: create, restart } = input
  const into = { ...targetAt(context, input.to), create, restart }
  const begun = await client.restoreFromBackup({ ...what, into })
  if (input.detach) return tellDetached(context, begun.id)
  requireCompleted(await followToStop(context, client, begun.id))
  tellRestored(context, await client.getRestore(begun.id))
}

function tellRestored({ out }: CommandContext, { restore, report, id }: Restore): void {
  // Sound because it is what the command printed.
  const done = report as unknown as RestoreReport
  for (const warning of done.warnings) out.warn(printable(warning))
  tellReport(out, done)
  out.line(`  report    holdfast restores ${restore ?? id}`)
  out.result({ restore: { ...done, id: restore ?? id } })
}

/** A list that is empty is not said: some choices are refused beside others. */
const some = <T>(list: readonly T[]): T[] | undefined => (list.length === 0 ? undefined : [...list])

function choicesOf(input: Input) {
  return {
    schemas: some(input.schema),
    tables: some(input.table),
    excludeTables: some(input.excludeTable),
    modules: some(input.module),
    noOwner: input.noOwner || undefined,
    noGrants: input.noGrants || undefined,
    roles: input.roles === 'needed' ? undefined : input.roles,
  }
}

function rowsOf(input: Input) {
  const { replace } = input
  return {
    where: input.where,
    createMissing: replace || input.createMissing || input.recoverDeleted || undefined,
    updateChanged: replace || input.updateChanged || undefined,
    deleteExtra: replace || input.deleteExtra || undefined,
    newIds: input.newIds || undefined,
    keepNewer: input.keepNewer,
    references: input.references,
    skipConflicts: input.skipConflicts || undefined,
    components: some(input.component),
  }
}
