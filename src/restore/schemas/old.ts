import type { Clock } from '../../lib/clock.ts'
import { HoldfastError } from '../../lib/errors.ts'
import { connect, type Connection, type ServerAddress } from '../../postgres/connect.ts'
import { locksExhausted } from '../../postgres/failures.ts'
import { ident } from '../../postgres/quote.ts'
import { requireNoProblems } from '../problems.ts'
import { readLiveFacts } from './facts.ts'
import { follow } from './follow.ts'
import { holdTables, textRows } from './hold.ts'
import { moveExtensionSql, renameSql, silenceSql, type Renaming } from './move.ts'
import { renamingsOf } from './plan.ts'
import { referenceProblems } from './problems.ts'
import { commentSql, readKept, stateSql, type KeptSchemas } from './state.ts'

/** What restores in place have put aside in the database, newest first. */
export async function listKept(target: ServerAddress, signal?: AbortSignal): Promise<KeptSchemas[]> {
  await using connection = await connect({ address: target, signal })
  return await readKept(connection)
}

/** Those that a restore has put aside, of the backup and begun at `since`; null if there are none. Throws `nothing_replaced` if it was not the last. */
export async function findKept(o: {
  readonly target: ServerAddress
  readonly backup: string | null
  /** ISO 8601. */
  readonly since: string
  readonly signal?: AbortSignal | undefined
}): Promise<KeptSchemas | null> {
  const later = (await listKept(o.target, o.signal)).filter((k) => Date.parse(k.at) >= Date.parse(o.since))
  const own = later.at(-1)
  // Given back already, what came with the restore is what is kept.
  if (own?.backup !== o.backup || own.schemas.some((s) => s.name.startsWith(keptNew))) return null
  if (later.length === 1) return own
  throw new HoldfastError(
    'nothing_replaced',
    `Schemas of ${o.target.database} have been replaced once more since: give the last ones back first, by holdfast release --swap-back.`,
  )
}

/** What names of schemas begin with that came with a restore, and were put aside when the others got their names back. */
const keptNew = 'holdfast_new_'

/**
 * Gives kept schemas their names back, in one transaction; those that are live in their place are kept in their turn, so that this can be taken
 * back, too. Resolves to those. Throws `target_entangled` and `target_in_use` as the restore does, `target_changed` if something is gone.
 */
export async function swapSchemasBack(o: {
  readonly target: ServerAddress
  readonly old: KeptSchemas
  readonly clock: Clock
  readonly signal?: AbortSignal | undefined
}): Promise<Renaming[]> {
  const { old } = o
  await using connection = await connect({ address: o.target, signal: o.signal })
  const live = await readLiveFacts(connection)
  const there = new Set(live.schemas.map((s) => s.name))
  const returning = old.schemas.map((s) => ({ from: s.name, to: s.of }))
  const wanted = new Set([...old.replacedBy, ...returning.map((r) => r.to)])
  const leaving = [...wanted].filter((name) => there.has(name)).sort()
  const word = old.schemas.some((s) => s.name.startsWith(keptNew)) ? 'old' : 'new'
  const renamings = renamingsOf(leaving, word, old.id, live)
  const moving = live.extensions.filter((e) => old.moved.includes(e.name) && leaving.includes(e.schema))
  await inTransaction(connection, async () => {
    requireNoProblems(
      await referenceProblems(
        connection,
        leaving,
        moving.map((e) => e.name),
      ),
    )
    const now = await readKept(connection)
    const same = now.find((k) => k.id === old.id)?.schemas.map((s) => s.oid)
    if (same?.join() !== old.schemas.map((s) => s.oid).join())
      throw new HoldfastError('target_changed', 'The schemas that were kept are not there any more.')
    await connection.query(silenceSql)
    for (const one of [...renamings, ...returning]) await connection.query(renameSql(one))
    for (const one of moving) await connection.query(moveExtensionSql(one))
    await follow(textRows(connection), renamings)
    await holdTables(
      textRows(connection),
      renamings.map((r) => r.to),
      o.signal,
    )
    const comments = new Map(live.schemas.map((s) => [s.name, s.comment]))
    const { id, backup, moved } = old
    const at = o.clock.now().toISOString()
    const replacedBy = returning.map((r) => r.to).sort()
    for (const { from: of, to } of renamings)
      await connection.query(
        stateSql(to, { of, id, backup, at, comment: comments.get(of) ?? null, replacedBy, moved }),
      )
    for (const schema of old.schemas) await connection.query(commentSql(schema.of, schema.comment))
  })
  return renamings
}

/**
 * Drops kept schemas, with all that is in them, in one transaction. What outside refers to them is not dropped along: throws
 * `target_entangled`, and names it.
 */
export async function dropKept(target: ServerAddress, old: KeptSchemas): Promise<void> {
  await using connection = await connect({ address: target })
  const names = old.schemas.map((s) => s.name)
  await inTransaction(connection, async () => {
    requireNoProblems(await referenceProblems(connection, names, []))
    await connection.query(`DROP SCHEMA IF EXISTS ${names.map(ident).join(', ')} CASCADE`)
  })
}

async function inTransaction(connection: Connection, work: () => Promise<void>): Promise<void> {
  await connection.query('BEGIN')
  try {
    await work()
    await connection.query('COMMIT')
  } catch (error) {
    // Where the connection is lost, the server rolls back by itself.
    await connection.query('ROLLBACK').catch(() => undefined)
    throw locksExhausted(error) ?? error
  }
}
