import type { Repository } from '../repository/types.ts'
import type { CommandContext } from './command.ts'
import { keysSummary } from './keys-text.ts'
import type { OpenedVault } from './repository.ts'

/** What the subcommands of keys share, which change them. */

export const unchanged = 'The keys are as they were, unless the last line says otherwise.'

interface OpeningInput {
  readonly repo: readonly string[]
  readonly source: string | undefined
  readonly identity: string | undefined
  readonly passphraseFile: string | undefined
  readonly ownerKey: string | undefined
}

/** With what every change of keys takes besides. */
export async function openVault(
  context: CommandContext,
  input: OpeningInput,
): Promise<OpenedVault & Pick<CommandContext, 'clock' | 'signal'>> {
  const { openWithVault } = await import('./repository.ts')
  const { clock, signal } = context
  return { ...(await openWithVault(context, input)), clock, signal }
}

/** Tells what was changed in one copy, and changes the others alike. What was not reached has the old keys until it is brought up to date. */
export async function doneInEach(
  context: CommandContext,
  opened: OpenedVault,
  repository: Repository,
  text: string,
): Promise<void> {
  const { changeOthers, requireComplete } = await import('./copies.ts')
  context.out.line(text)
  const copies = await changeOthers(context, opened, repository)
  const result = { repository: keysSummary(repository), copies }
  requireComplete('The keys were changed', copies, result)
  context.out.result(result)
}

/** New keys have to be encrypted for every recipient, and for a passphrase that takes the passphrase itself. */
export async function passphrasesFor(
  context: CommandContext,
  { repository, secrets }: OpenedVault,
  leaving: string | null,
): Promise<string[]> {
  const given = secrets.passphrase === undefined ? [] : [secrets.passphrase]
  const needed = repository.keyset.recipients.filter(
    ({ name, kind }) => kind === 'passphrase' && name !== leaving,
  )
  if (needed.length <= given.length || context.ask === null) return given
  const asked: string[] = []
  for (const { name } of needed) asked.push(await context.ask(`Passphrase of ${name}: `))
  for (const passphrase of asked) context.redactor.add(passphrase)
  return [...given, ...asked]
}
