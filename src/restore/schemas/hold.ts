import { HoldfastError, isHoldfastError } from '../../lib/errors.ts'
import { throwIfCancelled } from '../../lib/abort.ts'
import type { Connection } from '../../postgres/connect.ts'
import { literal } from '../../postgres/quote.ts'
import { mayEnd } from '../swap/exchange.ts'

/** Runs statements in the open transaction; rows as text. */
export type Ask = (sql: string) => Promise<(string | null)[][]>

/** The same over a connection for catalog queries. Columns must have names that differ. */
export function textRows(connection: Connection): Ask {
  return async (sql) => {
    const rows = await connection.query(sql)
    return rows.map((row) =>
      Object.values(row).map((value) =>
        value === null || typeof value === 'string' ? value : JSON.stringify(value),
      ),
    )
  }
}

/** How long one attempt may make others wait. Shorter than the time after which the server looks for deadlocks. */
const attemptMs = 250
/** Attempts after which those are ended that are in the way, and after which it is given up. */
const patience = { ending: 20, giveUp: 40 }

/**
 * Locks the tables of these schemas against everybody, as the last thing before a commit that puts them aside: so a transaction of somebody
 * else is wholly before it or after it, and no statement finds one table here and another there. Others wait for an attempt at most: one
 * that does not get all locks at once gives back those it has. Whoever keeps a table for about six seconds in one transaction is ended, if the
 * role may. Tables that the role may not lock are left out.
 *
 * Throws `target_in_use`, which names those that are in the way.
 */
export async function holdTables(ask: Ask, schemas: readonly string[], signal?: AbortSignal): Promise<void> {
  if (schemas.length === 0) return
  const tables = await ask(
    `SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS name, c.oid
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname IN (${schemas.map(literal).join(', ')}) AND c.relkind IN ('r', 'p')
       AND (pg_catalog.pg_has_role(c.relowner, 'USAGE') OR pg_catalog.has_table_privilege(c.oid, 'TRUNCATE')) ORDER BY c.oid`,
  )
  if (tables.length === 0) return
  const names = tables.map(([name]) => `ONLY ${name}`).join(', ')
  const held = `SELECT l.pid FROM pg_catalog.pg_locks l WHERE l.locktype = 'relation' AND l.granted AND l.pid <> pg_catalog.pg_backend_pid()
    AND l.relation IN (${tables.map(([, oid]) => oid).join(', ')})`
  for (let attempt = 1; ; attempt++) {
    throwIfCancelled(signal)
    if (await holdAtOnce(ask, names)) return
    if (attempt === patience.giveUp) break
    if (attempt >= patience.ending) {
      await ask(
        `SELECT pg_catalog.pg_terminate_backend(a.pid) FROM pg_catalog.pg_stat_activity a WHERE a.pid IN (${held}) AND ${mayEnd}`,
      )
    }
    await ask(`SELECT pg_catalog.pg_sleep(0.05)`)
  }
  const holders = await ask(
    `SELECT DISTINCT coalesce(usename, backend_type) || coalesce(' (' || nullif(application_name, '') || ')', '')
     FROM pg_catalog.pg_stat_activity WHERE pid IN (${held}) ORDER BY 1`,
  )
  const who = holders.map(([name]) => name).join(', ') || 'a session or a prepared transaction'
  throw new HoldfastError(
    'target_in_use',
    `Tables that are to be put aside are still used by ${who}; nothing was changed.`,
  )
}

/** Resolves to false if somebody is in the way. */
async function holdAtOnce(ask: Ask, names: string): Promise<boolean> {
  await ask(`SAVEPOINT hold; SET LOCAL lock_timeout = ${attemptMs}`)
  try {
    await ask(`LOCK TABLE ${names} IN ACCESS EXCLUSIVE MODE`)
    await ask(`SET LOCAL lock_timeout = 0`)
    return true
  } catch (error) {
    const deadlock = isHoldfastError(error, 'query_failed') && error.details['sqlstate'] === '40P01'
    if (!deadlock && !isHoldfastError(error, 'lock_timeout')) throw error
    await ask('ROLLBACK TO SAVEPOINT hold')
    return false
  }
}
