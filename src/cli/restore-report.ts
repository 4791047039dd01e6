import { messageOf } from '../lib/errors.ts'
import type { RestoreRecord } from '../repository/format/restore-contents.ts'
import { newId } from '../repository/ids.ts'
import { openRestoreWriter } from '../repository/restore-writer.ts'
import type { CommandContext } from './command.ts'
import type { OpenedVault } from './repository.ts'
import { printable } from './width.ts'

/**
 * Stores the report of a restore that changed no rows of an existing database. What was restored stays so if that fails: then a warning says
 * it, and null is returned instead of the restore's id.
 */
export async function storeReport(
  { out, signal }: CommandContext,
  { repository, vault }: Pick<OpenedVault, 'repository' | 'vault'>,
  record: RestoreRecord,
): Promise<string | null> {
  const started = new Date(record.started)
  const { backup, undoes } = record
  const id = newId(started)
  try {
    await using writer = openRestoreWriter({ repository, vault, threads: 1, signal })
    await writer.putReport({ id, backup, undoes, started, finished: new Date(record.finished) }, record)
    return id
  } catch (error) {
    out.warn(
      `The restore is done, but its report could not be stored in the repository: ${printable(messageOf(error))}`,
    )
    return null
  }
}
