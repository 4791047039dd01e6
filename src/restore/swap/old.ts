import type { Clock } from '../../lib/clock.ts'
import { HoldfastError } from '../../lib/errors.ts'
import { withDatabase, type ServerAddress } from '../../postgres/connect.ts'
import { ident, literal } from '../../postgres/quote.ts'
import { dropDatabase } from '../clear.ts'
import { connectMaintenance } from '../target.ts'
import { exchange } from './exchange.ts'
import { readOwn } from './properties.ts'
import { findDatabase, hasName } from './run.ts'
import { besideName, readBeside, stateSql, type BesideDatabase } from './state.ts'

/** What swaps have left beside a database, newest first: also if it is not there itself. */
export async function listBeside(target: ServerAddress, signal?: AbortSignal): Promise<BesideDatabase[]> {
  await using server = await connectMaintenance(target, signal)
  return await readBeside(server, target.database)
}

/** Those that were live once, newest first. Throws `nothing_replaced` if there is none. */
export async function listReplaced(target: ServerAddress, signal?: AbortSignal): Promise<BesideDatabase[]> {
  const replaced = (await listBeside(target, signal)).filter((d) => d.state === 'replaced')
  if (replaced.length > 0) return replaced
  throw new HoldfastError(
    'nothing_replaced',
    `No database that ${target.database} has taken the place of is kept on this server.`,
  )
}

/**
 * The database that a restore of this backup, begun at `since`, has taken the place of. Throws `nothing_replaced` if it is not kept any more,
 * was given back already, or another has been replaced after it: then giving it back would take back more than that restore.
 */
export async function findReplaced(o: {
  readonly target: ServerAddress
  readonly backup: string | null
  /** ISO 8601. */
  readonly since: string
  readonly signal?: AbortSignal | undefined
}): Promise<BesideDatabase> {
  const { target } = o
  const replaced = await listReplaced(target, o.signal)
  const later = replaced.filter((d) => Date.parse(d.at) >= Date.parse(o.since))
  const own = later.at(-1)
  if (own?.backup === o.backup && own.name === besideName(target.database, 'before', own.id)) {
    if (later.length === 1) return own
    throw new HoldfastError(
      'nothing_replaced',
      `${target.database} has been replaced once more since: give the last one back first, by holdfast release --swap-back.`,
    )
  }
  throw new HoldfastError(
    'nothing_replaced',
    `The database that this restore has taken the place of is not kept any more, or has its name again.`,
  )
}

/** Drops what was live once. Its subscriptions are taken away without a word to their publishers. */
export async function dropOld(target: ServerAddress, old: BesideDatabase): Promise<void> {
  await using server = await connectMaintenance(target)
  await server.query(`ALTER DATABASE ${ident(old.name)} IS_TEMPLATE false`)
  await dropDatabase(withDatabase(target, old.name), old.oid)
}

/**
 * Gives the name back to the database that had it before, as that was; the one that has it now is kept in its place,
 * so that this can be taken back, too. Resolves to the name that it is kept under, null if nobody had it. Throws as `exchange` does.
 */
export async function swapBack(o: {
  readonly target: ServerAddress
  readonly old: BesideDatabase
  readonly clock: Clock
  readonly signal?: AbortSignal | undefined
}): Promise<string | null> {
  const { target, old } = o
  await using connection = await connectMaintenance(target, o.signal)
  await using other = await connectMaintenance(target, o.signal)
  const live = await findDatabase(connection, target.database)
  const commentBack = `COMMENT ON DATABASE ${ident(old.name)} IS ${old.comment === null ? 'NULL' : literal(old.comment)}`
  const taken = new Set((await readBeside(connection, target.database)).map((d) => d.name))
  const keepAs = (['after', 'before'] as const)
    .map((word) => besideName(target.database, word, old.id))
    .find((name) => !taken.has(name))
  if (keepAs === undefined) throw new HoldfastError('internal', `${old.name} has no name to be kept under.`)
  const at = o.clock.now().toISOString()
  try {
    if (live === null) {
      // Somebody has dropped it or renamed it away. Sent at once, they are one transaction.
      const [from, to] = [ident(old.name), ident(target.database)]
      await connection.query(
        `${commentBack}; ALTER DATABASE ${from} RENAME TO ${to}; ALTER DATABASE ${to} ALLOW_CONNECTIONS true`,
      )
      return null
    }
    await exchange({
      connection,
      other,
      live,
      next: old,
      keepAs,
      async prepare(server) {
        const { comment } = await readOwn(server, keepAs)
        const { state, of, id, backup, quarantine } = old
        return [stateSql(keepAs, { state, of, id, backup, quarantine, at, comment }), commentBack]
      },
    })
  } catch (error) {
    if (!(await hasName(target, target.database, old.oid))) throw error
  }
  return live === null ? null : keepAs
}
