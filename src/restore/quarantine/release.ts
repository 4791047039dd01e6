import { HoldfastError, isHoldfastError, messageOf } from '../../lib/errors.ts'
import { connect, describeAddress, type Connection, type ServerAddress } from '../../postgres/connect.ts'
import { ident, literal, qualified } from '../../postgres/quote.ts'
import { dropRecordSql, forget, lockRecordSql, readQuarantine, type Quarantined } from './record.ts'

/** What was put back, and what was not. */
export interface ReleaseReport {
  readonly target: string
  readonly released: readonly Quarantined[]
  /** Somebody has removed or renamed them meanwhile: nothing is left to put back. */
  readonly gone: readonly Quarantined[]
  /** Off still. Empty: the database is out of quarantine. */
  readonly kept: readonly { readonly what: Quarantined; readonly why: string }[]
}

/** What is off in the database. Throws `nothing_quarantined`. */
export async function inspectQuarantine(
  target: ServerAddress,
  signal?: AbortSignal,
): Promise<readonly Quarantined[]> {
  await using connection = await connect({ address: target, signal })
  return await requireQuarantine(connection)
}

async function requireQuarantine(connection: Connection): Promise<Quarantined[]> {
  const found = await readQuarantine(connection)
  if (found !== null) return found
  throw new HoldfastError(
    'nothing_quarantined',
    `Nothing in ${describeAddress(connection.address)} was switched off by a restore.`,
  )
}

/**
 * Puts everything back as the backup had it, in one transaction, and removes the record. What the role may not switch on
 * stays off and in the record, with the reason; the rest is done. Throws `nothing_quarantined`.
 */
export async function releaseQuarantine(target: ServerAddress, signal?: AbortSignal): Promise<ReleaseReport> {
  await using connection = await connect({ address: target, signal })
  await requireQuarantine(connection)
  await connection.query('BEGIN')
  await connection.query(lockRecordSql)
  const held = await requireQuarantine(connection)
  const triggers = held.filter((one) => one.kind === 'event trigger')
  const report = { released: [] as Quarantined[], gone: [] as Quarantined[], kept: [] as Kept[] }
  await releaseAll(
    connection,
    held.filter((one) => one.kind !== 'event trigger'),
    report,
  )
  // Tried first: none may fire at the removal of the record, nor fail when it is gone.
  await connection.query('SAVEPOINT tried')
  const tried = { released: [], gone: [], kept: [] as Kept[] }
  await releaseAll(connection, triggers, tried)
  if (report.kept.length + tried.kept.length === 0) {
    await connection.query('ROLLBACK TO SAVEPOINT tried')
    await connection.query(dropRecordSql)
    await releaseAll(connection, triggers, report)
  } else {
    report.released.push(...tried.released)
    report.gone.push(...tried.gone)
    report.kept.push(...tried.kept)
    for (const one of [...report.released, ...report.gone]) await forget(connection, one)
  }
  await connection.query('COMMIT')
  return { target: describeAddress(target), ...report }
}

interface Kept {
  readonly what: Quarantined
  readonly why: string
}

/** Those that fail are tried again when others are on: a materialized view may read another. */
async function releaseAll(
  connection: Connection,
  held: readonly Quarantined[],
  report: { released: Quarantined[]; gone: Quarantined[]; kept: Kept[] },
): Promise<void> {
  for (let waiting = held; ;) {
    const failed: Kept[] = []
    for (const what of waiting) {
      const outcome = await attempt(connection, what)
      if (typeof outcome === 'string') failed.push({ what, why: outcome })
      else report[outcome ? 'released' : 'gone'].push(what)
    }
    if (failed.length === 0 || failed.length === waiting.length) {
      report.kept.push(...failed)
      return
    }
    waiting = failed.map(({ what }) => what)
  }
}

/** True: it is on. False: it is not there. A text: why it is off still. */
async function attempt(connection: Connection, what: Quarantined): Promise<boolean | string> {
  await connection.query('SAVEPOINT one')
  try {
    return await switchOn(connection, what)
  } catch (error) {
    if (!isHoldfastError(error, 'query_failed')) throw error
    await connection.query('ROLLBACK TO SAVEPOINT one')
    return missing.has(String(error.details['sqlstate'])) ? false : messageOf(error)
  }
}

/** SQLSTATEs of objects, tables and schemas that are not there. */
const missing: ReadonlySet<string> = new Set(['42704', '42P01', '3F000'])

/**
 * Resolves to false if it is not there. Words and names in `was` are checked or quoted: who can write to the record must
 * not make a superuser run something.
 */
async function switchOn(connection: Connection, one: Quarantined): Promise<boolean> {
  const { schema, relation, name, was } = one
  switch (one.kind) {
    case 'event trigger':
      await connection.query(`ALTER EVENT TRIGGER ${ident(name)} ${enabling(was)}`)
      return true
    case 'webhook':
      // ONLY: each partition's trigger is in the record by itself.
      await connection.query(
        `ALTER TABLE ONLY ${qualified(schema, relation)} ${enabling(was)} TRIGGER ${ident(name)}`,
      )
      return true
    case 'publication':
      await connection.query(`ALTER PUBLICATION ${ident(name)} SET (publish = ${literal(was)})`)
      return true
    // Disabled, as every restored one is: its publisher's slot may serve the original. Its owner enables it.
    case 'subscription':
      return await isThere(
        connection,
        `pg_subscription WHERE subname = $1
          AND subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`,
        [name],
      )
    case 'cron job':
      return await activate(connection, name)
    case 'foreign server':
      return await putOptionsBack(connection, name, JSON.parse(was) as string[])
    case 'foreign data wrapper': {
      const [of = '', handler = ''] = JSON.parse(was) as string[]
      await connection.query(`ALTER FOREIGN DATA WRAPPER ${ident(name)} HANDLER ${qualified(of, handler)}`)
      return true
    }
    case 'materialized view':
      await connection.query(`REFRESH MATERIALIZED VIEW ${qualified(schema, name)}`)
      return true
  }
}

/** From `tgenabled` or `evtenabled`. */
function enabling(was: string): string {
  return was === 'A' ? 'ENABLE ALWAYS' : was === 'R' ? 'ENABLE REPLICA' : 'ENABLE'
}

async function isThere(connection: Connection, from: string, values: readonly unknown[]): Promise<boolean> {
  return (await connection.query(`SELECT FROM pg_catalog.${from}`, values)).length > 0
}

/** Where row security would hide a job of somebody else, the session gets an error. */
async function activate(connection: Connection, id: string): Promise<boolean> {
  const changed = await connection.query(
    'UPDATE cron.job SET active = true WHERE jobid::pg_catalog.text = $1 RETURNING jobid',
    [id],
  )
  return changed.length > 0
}

/** All of them, in the order they had. */
async function putOptionsBack(
  connection: Connection,
  server: string,
  options: readonly string[],
): Promise<boolean> {
  const [row] = await connection.query<{ names: string[] }>(
    `SELECT coalesce((SELECT pg_catalog.json_agg(option_name) FROM pg_catalog.pg_options_to_table(srvoptions)), '[]') AS names
     FROM pg_catalog.pg_foreign_server WHERE srvname = $1`,
    [server],
  )
  if (row === undefined) return false
  const drops = row.names.map((name) => `DROP ${ident(name)}`)
  const adds = options.map((option) => {
    const at = option.indexOf('=')
    return `ADD ${ident(option.slice(0, at))} ${literal(option.slice(at + 1))}`
  })
  await connection.query(`ALTER SERVER ${ident(server)} OPTIONS (${[...drops, ...adds].join(', ')})`)
  return true
}
