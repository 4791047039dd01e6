import { HoldfastError } from '../lib/errors.ts'
import type { CommandContext } from './command.ts'
import { flag, text } from './option.ts'

/** The options of commands that ask before they change a database in use. */
export const confirming = {
  yes: flag({ flags: '--yes', description: 'ask nothing; needs --confirm' }),
  confirm: text({
    flags: '--confirm <name>',
    description: 'with --yes: the name of the database, as it would be typed',
  }),
}

/** Asks for the name of the database, unless it was given. Throws `not_confirmed`. */
export async function confirmDatabase(
  { askText }: Pick<CommandContext, 'askText'>,
  input: { readonly yes: boolean; readonly confirm: string | undefined },
  name: string,
): Promise<void> {
  const typed = input.yes
    ? (input.confirm ?? '')
    : await askText?.(`Type the name of the database to go on: `)
  if (typed === name) return
  const why =
    typed === undefined
      ? 'There is no terminal to ask at.'
      : typed === ''
        ? 'No name was given.'
        : `"${typed}" is not the name of the database, "${name}".`
  throw new HoldfastError('not_confirmed', `${why} Nothing was changed.`)
}
