import pg from 'pg'
import { connectWire } from '../../src/postgres/connect.ts'
import { literal } from '../../src/postgres/quote.ts'
import { plainSchema } from '../../src/postgres/schema/dump.ts'
import { addressOf } from '../support/address.ts'

/**
 * All that a database holds, read by other queries than those of a backup: what each thing is called, and its content
 * or the hash of it.
 */
export type State = ReadonlyMap<string, string>

/** Reads the state of a database that nobody changes meanwhile. */
export async function readState(url: string): Promise<State> {
  const state = new Map<string, string>()
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const query = async (sql: string): Promise<Record<string, string>[]> => (await client.query(sql)).rows
    await query(`SET search_path = ''; SET extra_float_digits = 3; SET client_encoding = 'UTF8'`)
    for (const { label, sql } of await query(contentQueries)) {
      const [row] = await query(String(sql))
      state.set(String(label), Object.values(row ?? {}).join(' '))
    }
    for (const { label, value } of await query(factQuery)) state.set(String(label), String(value))
  } finally {
    await client.end()
  }
  await using wire = await connectWire({ address: addressOf(url) })
  state.set('schema', await plainSchema({ wire }))
  return state
}

/** One query per table that has rows of its own, per partitioned table, filled materialized view, and sequence. */
const contentQueries = `
WITH RECURSIVE moving AS (
  -- Partitions of hash partitioned tables, where a row's place may depend on the server: only the whole is compared.
  SELECT i.inhrelid AS leaf FROM pg_catalog.pg_inherits i
    JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = i.inhparent AND p.partstrat = 'h'
  UNION SELECT i.inhrelid FROM moving m JOIN pg_catalog.pg_inherits i ON i.inhparent = m.leaf
), relations AS (
  SELECT c.oid, c.relkind, pg_catalog.format('%I.%I', n.nspname, c.relname) AS name,
    -- By name: a dump does not keep the place of columns that a parent got after its child.
    (SELECT pg_catalog.string_agg(pg_catalog.format('t.%I', attname), ', ' ORDER BY attname)
      FROM pg_catalog.pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) AS columns
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND (c.relkind IN ('r', 'p', 'S') OR c.relkind = 'm' AND c.relispopulated)
)
SELECT CASE relkind WHEN 'S' THEN 'value of ' ELSE 'rows of ' END || name AS label,
  CASE relkind WHEN 'S' THEN pg_catalog.format('SELECT last_value, is_called FROM %s', name)
  ELSE pg_catalog.format('SELECT pg_catalog.count(*), pg_catalog.md5(pg_catalog.string_agg(x, pg_catalog.chr(10) ORDER BY x COLLATE "C"))
      FROM (SELECT ROW(%s)::pg_catalog.text AS x FROM %s %s AS t) AS s',
    columns, CASE WHEN relkind = 'r' THEN 'ONLY' END, name) END AS sql
FROM relations WHERE NOT oid IN (SELECT leaf FROM moving WHERE leaf IS NOT NULL) ORDER BY 1`

const factQuery = `
SELECT 'large object ' || m.oid AS label, pg_catalog.concat_ws(' ', pg_catalog.md5(pg_catalog.lo_get(m.oid)),
  pg_catalog.pg_get_userbyid(lomowner), (SELECT pg_catalog.string_agg(x::pg_catalog.text, ',' ORDER BY x::pg_catalog.text COLLATE "C")
    FROM pg_catalog.unnest(coalesce(lomacl, pg_catalog.acldefault('L', lomowner))) x), pg_catalog.obj_description(m.oid, 'pg_largeobject')) AS value
FROM pg_catalog.pg_largeobject_metadata m`

/**
 * The schema as it reads on a server of a later major, which prints some of it in other words: what pg_dump says there
 * after its own script was run in the empty database `url`.
 */
export async function schemaOn(url: string, schema: string): Promise<string> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    // The one the text is in, and one that is written for servers that do not know it.
    const session = /^SET (client_encoding|transaction_timeout) = .*$/gm
    await client.query(schema.replace(session, ''))
  } finally {
    await client.end()
  }
  await using wire = await connectWire({ address: addressOf(url) })
  return await plainSchema({ wire })
}

/** What differs, in words that fit a line each; empty if nothing does. */
export function differences(expected: State, found: State): string[] {
  const labels = new Set([...expected.keys(), ...found.keys()])
  return [...labels].flatMap((label) => {
    const [a, b] = [expected.get(label), found.get(label)]
    if (a === b) return []
    if (a === undefined) return [`${label}: not in the source`]
    if (b === undefined) return [`${label}: missing`]
    return label === 'schema' ? schemaDifference(a, b) : [`${label}: ${b} instead of ${a}`]
  })
}

function schemaDifference(expected: string, found: string): string[] {
  const [a, b] = [expected.split('\n'), found.split('\n')]
  const [inA, inB] = [new Set(a), new Set(b)]
  const lost = a.filter((line) => !inB.has(line)).map((line) => `schema: without ${literal(line)}`)
  const extra = b.filter((line) => !inA.has(line)).map((line) => `schema: with ${literal(line)}`)
  const all = [...lost, ...extra]
  return all.length > 0 ? all.slice(0, 20) : ['schema: the same lines in another order']
}
