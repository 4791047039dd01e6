import type { ServerAddress } from '../postgres/connect.ts'
import type { BesideDatabase } from '../restore/swap/state.ts'
import type { CommandContext } from './command.ts'
import { confirmDatabase } from './confirm.ts'
import { tellBeside, tellGivingBack } from './swap-text.ts'
import { printable } from './width.ts'

interface Confirmation {
  readonly yes: boolean
  readonly confirm: string | undefined
}

/** `release --swap-back`: the database that was replaced last gets its name back. */
export async function giveBack(
  context: CommandContext,
  input: Confirmation,
  target: ServerAddress,
): Promise<void> {
  const { listReplaced } = await import('../restore/swap/old.ts')
  const [old] = await listReplaced(target, context.signal)
  if (old !== undefined) await giveBackThis(context, input, target, old)
}

/** Gives a database that was replaced its name back, when that has been agreed to. Resolves to the name under which the other is kept now. */
export async function giveBackThis(
  context: CommandContext,
  input: Confirmation,
  target: ServerAddress,
  old: BesideDatabase,
): Promise<{ readonly kept: string | null }> {
  const { swapBack } = await import('../restore/swap/old.ts')
  const { out, signal, clock } = context
  tellGivingBack(out, old, clock.now())
  await confirmDatabase(context, input, target.database)
  const kept = await swapBack({ target, old, clock, signal })
  out.line(`${printable(old.name)} is ${printable(target.database)} again`)
  if (kept !== null) out.line(`  kept      what it was until now, as ${printable(kept)}`)
  out.result({ swapBack: { restored: old.name, kept } })
  return { kept }
}

/** `release --drop-old`: all databases that were replaced go. */
export async function dropReplaced(
  context: CommandContext,
  input: Confirmation,
  target: ServerAddress,
): Promise<void> {
  const { dropOld, listReplaced } = await import('../restore/swap/old.ts')
  const { out, signal, clock } = context
  const replaced = await listReplaced(target, signal)
  out.line('Will be dropped, for good:')
  tellBeside(out, replaced, clock.now())
  await confirmDatabase(context, input, target.database)
  for (const old of replaced) {
    await dropOld(target, old)
    out.line(`Dropped ${printable(old.name)}`)
  }
  out.result({ dropped: replaced.map(({ name, bytes }) => ({ name, bytes })) })
}
