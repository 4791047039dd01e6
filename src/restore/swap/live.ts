import type { Sentence } from '../../lib/sentence.ts'
import { isHoldfastError, messageOf } from '../../lib/errors.ts'
import { connect, type Connection, type ServerAddress } from '../../postgres/connect.ts'
import { connectMaintenance } from '../target.ts'
import type { RestoreProblem } from '../types.ts'
import { mayEnd } from './exchange.ts'
import { readReplication, replicationProblems, type Replication } from './replication.ts'
import { bareProperties, ownStatements, readOwn, type OwnProperties } from './properties.ts'
import { readBeside, readUnmarked, type BesideDatabase } from './state.ts'
import { problem } from '../problems.ts'
import { sentence } from '../sentences.ts'

/** What must be known of a database before another takes its place. */
export interface LiveDatabase extends Replication {
  readonly oid: number
  readonly bytes: number
  /** Another database of the server can be connected to: where a database is made, and renamed, from. */
  readonly reachable: boolean
  readonly own: OwnProperties
  readonly sessions: readonly LiveSessions[]
  /** What swaps have left beside it. */
  readonly beside: readonly BesideDatabase[]
  /** Names of what an earlier run may have left without a word. */
  readonly unmarked: readonly string[]
  /** Those of the problems that are about the renaming alone: in the database itself, schemas may be replaced. */
  readonly unrenamable: readonly RestoreProblem[]
  readonly problems: readonly RestoreProblem[]
}

export interface LiveSessions {
  readonly user: string
  readonly application: string
  /** Null: on the server itself. */
  readonly client: string | null
  readonly count: number
  /** The role may end them. */
  readonly endable: boolean
}

/** Asks the server; changes nothing. Throws `database_missing`. */
export async function inspectLive(address: ServerAddress, signal?: AbortSignal): Promise<LiveDatabase> {
  await using live = await connect({ address, signal })
  const other = await maintenance(address, signal)
  if (other instanceof Error) {
    const why = messageOf(other)
    return await readLive(live, [lacks(sentence('unreachable', { why }, `${why} ${elsewhere}`))])
  }
  await other.close()
  return await readLive(live, [])
}

const elsewhere =
  'A database can only be renamed from another one of its server. Where there is none, as behind a pooler or with some providers, ' +
  'restore into a new database with --create-database, and point the application at that.'

function lacks(said: Sentence): RestoreProblem {
  return problem('target_lacks', said)
}

async function maintenance(
  address: ServerAddress,
  signal: AbortSignal | undefined,
): Promise<Connection | Error> {
  try {
    return await connectMaintenance(address, signal)
  } catch (error) {
    if (isHoldfastError(error) && error.code !== 'cancelled') return error
    throw error
  }
}

async function readLive(live: Connection, found: readonly RestoreProblem[]): Promise<LiveDatabase> {
  interface Row extends Record<string, unknown> {
    oid: number
    bytes: string
    user: string
    owns: boolean
    createdb: boolean
    template: boolean
    prepared: number
  }
  const name = live.address.database
  const [row] = await live.query<Row>(
    `SELECT d.oid, pg_catalog.pg_database_size(d.oid) AS bytes, current_user::pg_catalog.text AS user,
       r.rolsuper OR pg_catalog.pg_has_role(d.datdba, 'USAGE') AS owns, r.rolsuper OR r.rolcreatedb AS createdb,
       d.datname IN ('template0', 'template1') AS template,
       (SELECT count(*)::pg_catalog.int4 FROM pg_catalog.pg_prepared_xacts p WHERE p.database = d.datname) AS prepared
     FROM pg_catalog.pg_database d, pg_catalog.pg_roles r
     WHERE d.datname = pg_catalog.current_database() AND r.rolname = current_user`,
  )
  if (row === undefined) throw new Error('the server does not know its own database')
  // Of other roles' sessions the server shows some roles no more than whose they are.
  const sessions = await live.query<Record<keyof LiveSessions, unknown>>(
    `SELECT a.usename::pg_catalog.text AS user, coalesce(a.application_name, '') AS application,
       pg_catalog.host(a.client_addr) AS client, count(*)::pg_catalog.int4 AS count, ${mayEnd} AS endable
     FROM pg_catalog.pg_stat_activity a
     WHERE a.datid = $1 AND a.pid <> pg_catalog.pg_backend_pid() AND a.usesysid IS NOT NULL
       AND coalesce(a.backend_type, 'client backend') IN ('client backend', 'walsender')
     GROUP BY 1, 2, 3, 5 ORDER BY 4 DESC, 1, 2, 3`,
    [row.oid],
  )
  const own = await readOwn(live, name)
  const facts = {
    oid: row.oid,
    bytes: Number(row.bytes),
    reachable: found.length === 0,
    own,
    sessions: sessions as unknown as LiveSessions[],
    ...(await readReplication(live, row.oid)),
    beside: await readBeside(live, name),
    unmarked: await readUnmarked(live, name),
  }
  const unrenamable = [
    ...found,
    ...(name === 'postgres'
      ? [
          lacks(
            sentence(
              'tools_connect',
              { database: name },
              `${name} is where the tools of servers and providers connect to, and is not renamed.`,
            ),
          ),
        ]
      : []),
    ...(row.owns && row.createdb
      ? []
      : [
          lacks(
            sentence(
              row.owns ? 'rename_createdb' : 'rename_refused',
              { user: row.user, database: name },
              `${row.user} may not rename ${name}: that takes ${row.owns ? '' : 'its owner, with '}CREATEDB, or a superuser. Ask for it, or restore into a new database with --create-database.`,
            ),
          ),
        ]),
    ...(row.owns ? await refusedProperties(live, own) : []),
  ]
  return {
    ...facts,
    unrenamable,
    problems: [
      ...(row.template
        ? [
            lacks(
              sentence(
                'template',
                { database: name },
                `${name} is what the server makes new databases from.`,
              ),
            ),
          ]
        : []),
      ...unrenamable,
      ...inUse(name, row.prepared, facts.sessions),
      ...replicationProblems(name, facts),
    ],
  }
}

function inUse(name: string, prepared: number, sessions: readonly LiveSessions[]): RestoreProblem[] {
  const problems: RestoreProblem[] = []
  const add = (said: Sentence): void => void problems.push(problem('target_in_use', said))
  if (prepared > 0)
    add(
      sentence(
        'prepared',
        { database: name, count: prepared },
        `${name} has ${prepared} prepared transactions: COMMIT PREPARED or ROLLBACK PREPARED them first.`,
      ),
    )
  for (const { user, count, endable } of sessions) {
    const text = `${count} sessions of ${user} in ${name} can't be ended by this role: end them first.`
    if (!endable) add(sentence('sessions_stay', { count, user, database: name }, text))
  }
  return problems
}

/**
 * Tried on the live database itself, which has it all already, and rolled back: nobody can ask what a role may set, or in
 * whose name it may grant, and it would be found when all rows are loaded.
 */
async function refusedProperties(live: Connection, own: OwnProperties): Promise<RestoreProblem[]> {
  const bare = { ...own, ...bareProperties(own), roleSettings: [] }
  const problems: RestoreProblem[] = []
  await live.query('BEGIN')
  for (const statement of ownStatements(live.address.database, bare, own)) {
    await live.query('SAVEPOINT one')
    try {
      await live.query(statement)
    } catch (error) {
      if (!isHoldfastError(error, 'query_failed')) throw error
      await live.query('ROLLBACK TO SAVEPOINT one')
      const { database } = live.address
      const [what, why] = [withoutValue(statement), messageOf(error)]
      const text = `The restored database can't be given what belongs to ${database}: ${what}: ${why}. A superuser can.`
      problems.push(lacks(sentence('property_refused', { database, statement: what, why }, text)))
    }
  }
  await live.query('ROLLBACK')
  return problems
}

/** Applications keep secrets in settings. */
function withoutValue(statement: string): string {
  return statement.replace(/^(ALTER (?:DATABASE|ROLE) .*? SET "(?:[^"]|"")*") TO [^]*$/, '$1')
}
