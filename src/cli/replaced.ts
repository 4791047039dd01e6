import type { ServerAddress } from '../postgres/connect.ts'
import type { CommandContext } from './command.ts'
import { confirmDatabase } from './confirm.ts'
import { tellBeside } from './swap-text.ts'
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
  const { listReplaced, swapBack } = await import('../restore/swap/old.ts')
  const { out, signal, clock } = context
  const [old] = await listReplaced(target, signal)
  if (old === undefined) return
  out.line('Gets its name back, and sessions in the database that has it now are ended:')
  tellBeside(out, [old], clock.now())
  await confirmDatabase(context, input, target.database)
  const kept = await swapBack({ target, old, clock, signal })
  out.line(`${printable(old.name)} is ${printable(target.database)} again`)
  if (kept !== null) out.line(`  kept      what it was until now, as ${printable(kept)}`)
  out.result({ swapBack: { restored: old.name, kept } })
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
