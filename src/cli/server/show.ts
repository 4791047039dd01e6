import { HoldfastClientError, type BackupDetail, type Client } from '../../client/client.ts'
import { isHoldfastError } from '../../lib/errors.ts'
import type { CommandContext, ServerInput } from '../command.ts'
import { tellBackupWhole, type ShownBackup } from '../show-text.ts'
import type { ContentsSummary } from '../summary.ts'
import { followJob } from './job.ts'
import { backupNamed, type NamedBackup } from './names.ts'

/** What the catalog keeps of a backup: what `list` prints. */
interface Summary {
  readonly verified?: ShownBackup['verified'][number] | null
  readonly pins?: ShownBackup['pins']
  readonly damaged?: boolean
}

/** A backup as the catalog knows it. What is in it is read first, if nobody has had that read before. */
export async function showAtServer(
  context: CommandContext,
  client: Client,
  input: ServerInput & {
    readonly backup: string
    readonly source: string | undefined
    readonly repo: readonly string[]
  },
): Promise<void> {
  const { out, clock } = context
  const named = await backupNamed(client, input)
  const backup = named.backup.details === null ? await readWhole(context, client, named) : named.backup
  const { verified, pins = [], damaged, ...rest } = backup.summary as Summary
  const marks = verified === undefined || verified === null ? [] : [verified]
  // Sound because the catalog keeps what commands print.
  const [summary, contents] = [rest as ShownBackup['backup'], backup.details as ContentsSummary | null]
  const damage = damaged === true ? 'objects are missing or damaged; holdfast check says what is lost' : null
  tellBackupWhole(out, { backup: summary, verified: marks, pins, damage, contents }, clock.now())
  if (contents === null) out.note('Tables, fingerprints and gaps are sealed, and were not read there.')
  out.result({ backup: summary, verified: marks, pins, damaged: damaged === true, contents })
}

/** Whoever may not have it read is shown what is known. */
async function readWhole(
  context: CommandContext,
  client: Client,
  { backup, repository }: NamedBackup,
): Promise<BackupDetail> {
  try {
    const job = await client.detailsBackup(backup.id, { repository })
    await followJob(context, client, job, { detach: false })
  } catch (error) {
    const refused = error instanceof HoldfastClientError && error.code === 'not_permitted'
    if (!refused && !isHoldfastError(error, 'identity_missing')) throw error
  }
  return await client.getBackup(backup.id, { repository })
}
