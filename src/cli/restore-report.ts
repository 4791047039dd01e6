import { hostname } from 'node:os'
import { messageOf } from '../lib/errors.ts'
import type { ServerAddress } from '../postgres/connect.ts'
import type { RestoreRecord } from '../repository/format/restore-contents.ts'
import { newId } from '../repository/ids.ts'
import { openRestoreWriter } from '../repository/restore-writer.ts'
import type { CommandContext } from './command.ts'
import type { OpenedVault } from './repository.ts'
import { printable } from './width.ts'

/** Who restores, for the report: the database role, and where from. */
export function whoRestores(target: ServerAddress): string {
  return `${target.user} (${hostname()})`
}

/**
 * Stores the report of a restore that was done, under `id`, or a new one where there is no safety backup of that id. What was restored stays
 * so if that fails: then a warning says it, and null is returned instead of the restore's id. Ctrl-C is too late by then,
 * and must not leave a restore that looks unfinished.
 */
export async function storeReport(
  { out }: CommandContext,
  { repository, vault }: Pick<OpenedVault, 'repository' | 'vault'>,
  record: RestoreRecord,
  id: string = newId(new Date(record.started)),
): Promise<string | null> {
  const { backup, undoes } = record
  const [started, finished] = [new Date(record.started), new Date(record.finished)]
  if (repository.storage.fixed) {
    out.note('An archive keeps no report, so holdfast restores does not tell of this one.')
    return null
  }
  try {
    await using writer = await openRestoreWriter({ repository, vault, id, parts: ['report'], threads: 0 })
    await writer.putReport({ id, backup, undoes, started, finished }, record)
    return id
  } catch (error) {
    out.warn(
      `The restore is done, but its report could not be stored in the repository: ${printable(messageOf(error))}`,
    )
    return null
  }
}
