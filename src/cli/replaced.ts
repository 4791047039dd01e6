import type { ServerAddress } from '../postgres/connect.ts'
import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import type { KeptSchemas } from '../restore/schemas/state.ts'
import type { BesideDatabase } from '../restore/swap/state.ts'
import type { CommandContext } from './command.ts'
import { confirmDatabase } from './confirm.ts'
import { keptText, tellGivingSchemasBack, tellKept, tellSchemasGivenBack } from './schemas-text.ts'
import { tellBeside, tellGivenBack, tellGivingBack } from './swap-text.ts'
import { printable } from './width.ts'

interface Confirmation {
  readonly yes: boolean
  readonly confirm: string | undefined
}

/** What is kept of a database that was restored in place: databases beside it, and schemas inside of it. */
export async function listAllKept(
  target: ServerAddress,
  signal?: AbortSignal,
): Promise<{ beside: BesideDatabase[]; schemas: KeptSchemas[] }> {
  const { listBeside } = await import('../restore/swap/old.ts')
  const { listKept } = await import('../restore/schemas/old.ts')
  const none = (error: unknown): [] => {
    if (isHoldfastError(error) && error.code !== 'cancelled') return []
    throw error
  }
  const schemas = await listKept(target, signal).catch(none)
  // Where schemas were replaced, there may be no other database to ask.
  const beside = await listBeside(target, signal).catch((error: unknown) => {
    if (schemas.length > 0) return none(error)
    throw error
  })
  return { beside, schemas }
}

/** Databases and schemas that were live once. Throws `nothing_replaced` if there is neither. */
async function requireReplaced(
  target: ServerAddress,
  signal: AbortSignal | undefined,
): Promise<{ replaced: BesideDatabase[]; schemas: KeptSchemas[] }> {
  const { beside, schemas } = await listAllKept(target, signal)
  const replaced = beside.filter((d) => d.state === 'replaced')
  if (replaced.length + schemas.length > 0) return { replaced, schemas }
  throw new HoldfastError(
    'nothing_replaced',
    `Nothing that ${target.database}, or schemas in it, have taken the place of is kept on this server.`,
  )
}

/** `release --swap-back`: what was replaced last, the database or schemas in it, gets its name back. */
export async function giveBack(
  context: CommandContext,
  input: Confirmation,
  target: ServerAddress,
): Promise<void> {
  const { signal } = context
  const {
    replaced: [old],
    schemas: [kept],
  } = await requireReplaced(target, signal)
  if (kept !== undefined && (old === undefined || kept.at > old.at)) {
    await giveSchemasBack(context, input, target, kept)
    return
  }
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
  const done = { restored: old.name, kept: await swapBack({ target, old, clock, signal }) }
  tellGivenBack(out, done, target.database)
  out.result({ swapBack: done })
  return done
}

/** As `giveBackThis`, of schemas inside the database. */
export async function giveSchemasBack(
  context: CommandContext,
  input: Confirmation,
  target: ServerAddress,
  old: KeptSchemas,
): Promise<{ readonly kept: string | null }> {
  const { swapSchemasBack } = await import('../restore/schemas/old.ts')
  const { out, signal, clock } = context
  tellGivingSchemasBack(out, old, clock.now())
  await confirmDatabase(context, input, target.database)
  const kept = await swapSchemasBack({ target, old, clock, signal })
  tellSchemasGivenBack(out, old, kept)
  out.result({ swapBack: { restored: old.schemas.map(({ name }) => name), kept } })
  return { kept: kept.length === 0 ? null : keptText(kept) }
}

/** `release --drop-old`: all databases and schemas that were replaced go. */
export async function dropReplaced(
  context: CommandContext,
  input: Confirmation,
  target: ServerAddress,
): Promise<void> {
  const { dropOld } = await import('../restore/swap/old.ts')
  const { dropKept } = await import('../restore/schemas/old.ts')
  const { out, signal, clock } = context
  const { replaced, schemas } = await requireReplaced(target, signal)
  out.line('Will be dropped, for good:')
  tellBeside(out, replaced, clock.now())
  tellKept(out, schemas, clock.now())
  await confirmDatabase(context, input, target.database)
  for (const old of replaced) {
    await dropOld(target, old)
    out.line(`Dropped ${printable(old.name)}`)
  }
  const dropped = replaced.map(({ name, bytes }) => ({ name, bytes }))
  for (const old of schemas) {
    await dropKept(target, old)
    out.line(`Dropped the old ${printable(keptText(old.schemas.map((s) => ({ from: s.of, to: s.name }))))}`)
    dropped.push(...old.schemas.map(({ name, bytes }) => ({ name, bytes })))
  }
  out.result({ dropped })
}
