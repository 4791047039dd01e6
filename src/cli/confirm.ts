import { HoldfastError } from '../lib/errors.ts'
import type { CommandContext } from './command.ts'
import { flag, text } from './option.ts'
import { printable } from './width.ts'

/** How a change of a live database is agreed to: by typing its name, or by two options that nobody gives by accident. */
export const confirmation = {
  yes: flag({ flags: '-y, --yes', description: 'do not ask; needs --confirm' }),
  confirm: text({
    flags: '--confirm <name>',
    description: 'the name of the database that may be changed, for use without a terminal',
  }),
}

/** Throws `confirmation_missing` unless the database's name was typed, or given. */
export async function requireConfirmed(
  context: CommandContext,
  o: {
    readonly database: string
    /** What `database` is the name of, where it is something else. */
    readonly named?: string
    readonly yes: boolean
    readonly confirm: string | undefined
    readonly question: string
  },
): Promise<void> {
  const { named = 'name of the database' } = o
  if (o.confirm !== undefined && o.confirm !== o.database) {
    throw new HoldfastError(
      'confirmation_missing',
      `--confirm names "${o.confirm}", and the ${named} is "${o.database}". Nothing was changed.`,
    )
  }
  if (o.yes && o.confirm === o.database) return
  if (context.askText === null || o.yes) {
    throw new HoldfastError('confirmation_missing', 'Nothing was changed, since nobody has agreed to it.', {
      hint: `Look at the preview; then run it with --yes --confirm ${o.database}, or on a terminal.`,
    })
  }
  const typed = await context.askText(`${o.question} Type ${printable(o.database)} to go on: `)
  if (typed.trim() === o.database) return
  throw new HoldfastError('confirmation_missing', `That is not the ${named}. Nothing was changed.`)
}

/** Yes or no, on a terminal; null where there is none. */
export async function askYesNo(context: CommandContext, question: string): Promise<boolean | null> {
  if (context.askText === null) return null
  for (;;) {
    const answer = (await context.askText(`${question} [yes/no] `)).trim().toLowerCase()
    if (answer === 'yes' || answer === 'y') return true
    if (answer === 'no' || answer === 'n') return false
  }
}

/** As `requireConfirmed`, for what was shown just before. */
export function confirmDatabase(
  context: CommandContext,
  input: { readonly yes: boolean; readonly confirm: string | undefined },
  database: string,
): Promise<void> {
  return requireConfirmed(context, { ...input, database, question: 'Go on?' })
}
