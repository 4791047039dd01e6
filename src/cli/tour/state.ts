import { createHash } from 'node:crypto'
import type { OnProgress } from '../../lib/progress.ts'
import { connect, connectWire, type Connection, type ServerAddress } from '../../postgres/connect.ts'
import { literal, qualified } from '../../postgres/quote.ts'
import { plainSchema } from '../../postgres/schema/dump.ts'

/**
 * All that a database holds, as one digest for each thing: computed by plain SQL that shares nothing with Holdfast's own
 * fingerprints, so that the tour need not take its word for it.
 */
export interface DatabaseState {
  /** By what it is: `table crm.customers`, `sequence ...`, `large objects`, `schema`. */
  readonly digests: ReadonlyMap<string, string>
  /** Lines of the schema as pg_dump writes it. */
  readonly schemaLines: number
}

export async function readState(o: {
  address: ServerAddress
  signal: AbortSignal
  onProgress?: OnProgress
}): Promise<DatabaseState> {
  // Each on a connection of its own, and at once.
  const [digests, schema] = await Promise.all([readDigests(o), readSchema(o)])
  digests.set('schema', createHash('sha256').update(schema).digest('hex'))
  return { digests, schemaLines: schema.split('\n').length }
}

/** What is not the same in both, by name. */
export function differences(one: DatabaseState, other: DatabaseState): string[] {
  const names = new Set([...one.digests.keys(), ...other.digests.keys()])
  return [...names].filter((name) => one.digests.get(name) !== other.digests.get(name)).sort()
}

/** How many things of a kind there are. */
export function countOf(state: DatabaseState, kind: 'table' | 'view' | 'sequence'): number {
  return [...state.digests.keys()].filter((name) => name.startsWith(`${kind} `)).length
}

async function readSchema(o: { address: ServerAddress; signal: AbortSignal }): Promise<string> {
  await using wire = await connectWire(o)
  return await plainSchema({ wire, signal: o.signal })
}

async function readDigests(o: Parameters<typeof readState>[0]): Promise<Map<string, string>> {
  await using connection = await connect(o)
  const relations = await connection.query<{ schema: string; name: string; kind: string }>(
    `SELECT n.nspname AS schema, c.relname AS name, c.relkind AS kind FROM pg_class AS c
     JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'm', 'S') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1, 2`,
  )
  const digests = new Map<string, string>()
  for (const [done, relation] of relations.entries()) {
    o.onProgress?.({ phase: 'comparing by hand', done, total: relations.length, unit: 'tables' })
    const label = `${relation.schema}.${relation.name}`
    if (relation.kind === 'S') digests.set(`sequence ${label}`, await sequence(connection, relation))
    else digests.set(`${relation.kind === 'm' ? 'view' : 'table'} ${label}`, await rows(connection, relation))
  }
  digests.set('large objects', await largeObjects(connection))
  return digests
}

/** The MD5 of the MD5s of all rows, written as text, in order. */
async function rows(connection: Connection, t: { schema: string; name: string }): Promise<string> {
  return one(
    connection,
    `SELECT count(*) || ' ' || md5(coalesce(string_agg(h, '' ORDER BY h COLLATE "C"), '')) AS digest
     FROM (SELECT md5(t::text) AS h FROM ONLY ${qualified(t.schema, t.name)} AS t) AS hashed`,
  )
}

async function sequence(connection: Connection, s: { schema: string; name: string }): Promise<string> {
  return one(
    connection,
    `SELECT last_value || ' ' || is_called AS digest FROM ${qualified(s.schema, s.name)}`,
  )
}

async function largeObjects(connection: Connection): Promise<string> {
  return one(
    connection,
    `SELECT md5(coalesce(string_agg(loid || ${literal(' ')} || pageno || md5(data), '' ORDER BY loid, pageno), '')) AS digest
     FROM pg_largeobject`,
  )
}

async function one(connection: Connection, sql: string): Promise<string> {
  const [row] = await connection.query<{ digest: string }>(sql)
  return row?.digest ?? ''
}
