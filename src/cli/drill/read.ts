import { erasuresInForce } from '../../repository/erasures.ts'
import { readContents } from '../../repository/session.ts'
import type { DrillRequest } from '../../verify/types.ts'
import type { CommandContext } from '../command.ts'
import { readSchemaText, tellOthers, withoutErased, type SealedBackup } from '../repository.ts'

/** What a restore begins with: all but the rows. */
type Beginning = Pick<DrillRequest, 'contents' | 'heldBack' | 'schemaText'>

/** What could not be read, and why. */
export interface Unread {
  readonly what: string
  readonly error: unknown
}

/** Reads what a drill begins with, and says what of it could not be read. Throws what is no part of the backup. */
export async function readBeginning(
  context: CommandContext,
  sealed: SealedBackup,
): Promise<{ readonly beginning: Beginning } | { readonly unread: Unread }> {
  const { signal } = context
  const erasures = await erasuresInForce({ ...sealed, signal })
  let what = 'the contents'
  try {
    const contents = await readContents(sealed.reader, sealed.manifest)
    tellOthers(context, sealed, contents.database.name)
    what = 'a table of which rows were erased'
    const given = await withoutErased(context, { ...sealed, contents, erasures })
    what = 'the schema'
    const schemaText = await readSchemaText({ ...sealed, ...given }, signal)
    return { beginning: { ...given, schemaText } }
  } catch (error) {
    return { unread: { what, error } }
  }
}
