import { once, textsOf, type Sentence } from '../../lib/sentence.ts'
import { randomUUID } from 'node:crypto'
import { isHoldfastError, messageOf } from '../../lib/errors.ts'
import { connect, describeAddress, type Connection, type ServerAddress } from '../../postgres/connect.ts'
import { ident } from '../../postgres/quote.ts'
import type { BackupContents } from '../../repository/format/contents.ts'
import type { Manifest } from '../../repository/format/manifest.ts'
import { quietly } from '../in-place/quiet.ts'
import { planRestore } from '../plan.ts'
import type { RestoreOptions, RestorePlan, RestoreProblem } from '../types.ts'
import { chooseSchemas, chosenContents, type Choice } from './choose.ts'
import { readLiveFacts, type LiveFacts } from './facts.ts'
import { followSql, readFollowers, type Follower } from './follow.ts'
import { textRows } from './hold.ts'
import { makePublicSql, moveExtensionSql, renameSql, type Renaming } from './move.ts'
import {
  followerProblems,
  liveProblems,
  lockProblems,
  locksNeeded,
  referenceProblems,
  schemaNotes,
} from './problems.ts'
import { keptName } from './state.ts'
import { problem } from '../problems.ts'
import { sentence } from '../sentences.ts'

/** How the schemas of a backup will take the places of those of a live database: printable data. */
export interface SchemasPlan {
  readonly backup: string
  readonly moment: string
  /** Without password. */
  readonly target: string
  readonly name: string
  /** Part of the names that the old schemas get. */
  readonly id: string
  readonly live: LiveFacts
  readonly choice: Omit<Choice, 'entries' | 'needs'>
  /** The old schemas, and what they will be called. */
  readonly renamings: readonly Renaming[]
  /** What names something in them, and will name what takes its place. */
  readonly followers: readonly Follower[]
  /** About how many locks the transaction will hold. */
  readonly locks: number
  /** What of the backup is made. */
  readonly contents: BackupContents
  readonly restore: RestorePlan
  readonly warnings: readonly string[]
  readonly problems: readonly RestoreProblem[]
  /** What `warnings` are made of. */
  readonly parts: readonly Sentence[]
}

export type SchemasOptions = Pick<RestoreOptions, 'noOwner' | 'noGrants' | 'roles' | 'quarantine'>

/**
 * Plans it: reads the target and leaves nothing. Renaming is tried in a transaction that is rolled back, since nobody can ask
 * whether the server will let a schema be renamed, or an extension be moved. Throws `database_missing`.
 */
export async function planSchemas(o: {
  manifest: Manifest
  contents: BackupContents
  schemaText: Uint8Array
  target: ServerAddress
  options: SchemasOptions
  signal?: AbortSignal | undefined
}): Promise<SchemasPlan> {
  await using connection = await connect({ address: o.target, signal: o.signal })
  const live = await readLiveFacts(connection)
  const choice = chooseSchemas(o.contents, o.schemaText, live)
  const present = await readPresent(connection, o.contents, choice)
  const contents = chosenContents(o.contents, choice, present.ofExtensions, live)
  const restore = await planRestore({
    ...o,
    contents,
    options: { ...o.options, ...intoSchemas },
  })
  const id = randomUUID().slice(0, 8)
  const renamings = renamingsOf(choice.replaced, 'old', id, live)
  const moving = choice.moving.map((e) => e.name)
  const followers = await readFollowers(textRows(connection), choice.replaced)
  const locks = locksNeeded(choice.entries, await lockable(connection, choice.replaced))
  const problems = [
    ...liveProblems(o.target.database, live, choice, o.contents, present.missing),
    ...(await referenceProblems(connection, choice.replaced, moving)),
    ...followerProblems(followers, choice),
    ...lockProblems(live, locks),
    // The database is not empty, and shall not be.
    ...restore.problems.filter((p) => p.code !== 'target_not_empty'),
  ]
  const said = schemaNotes(live, choice, o.contents)
  return {
    backup: o.manifest.id,
    moment: o.manifest.moment,
    target: describeAddress(o.target),
    name: o.target.database,
    id,
    live,
    choice,
    renamings,
    followers,
    locks,
    contents,
    restore: { ...restore, largeObjects: false },
    warnings: [...restore.warnings, ...textsOf(said)],
    parts: once([...restore.parts, ...said]),
    problems:
      problems.length > 0
        ? problems
        : await refused(connection, choice, renamings, followers, o.options.noOwner),
  }
}

const intoSchemas = {
  restart: false,
  createDatabase: false,
  schemas: [],
  tables: [],
  excludeTables: [],
  allowLocaleFallback: false,
  withoutExtensions: [],
}

/** The names under which schemas are kept. */
export function renamingsOf(
  schemas: readonly string[],
  word: 'old' | 'new',
  id: string,
  live: Pick<LiveFacts, 'schemas'>,
): Renaming[] {
  const taken = new Set(live.schemas.map((s) => s.name))
  return schemas.map((from) => {
    const to = keptName({ schema: from, word, id, taken })
    taken.add(to)
    return { from, to }
  })
}

/** Of what the backup needs and does not bring: what is not there. And tables and sequences that came with an extension. */
async function readPresent(
  connection: Connection,
  contents: BackupContents,
  choice: Choice,
): Promise<{ missing: string[]; ofExtensions: Set<string> }> {
  const relations = choice.needs.filter((e) => /^(TABLE|VIEW|MATERIALIZED VIEW|SEQUENCE)$/.test(e.type))
  const entered = new Set(contents.schema.entries.map((e) => JSON.stringify([e.schema, e.name])))
  const unentered = [...contents.tables, ...contents.sequences]
    .map(({ schema, name }) => [schema, name])
    .filter((one) => !entered.has(JSON.stringify(one)))
  const missing = await connection.query<{ what: string }>(
    `SELECT pg_catalog.concat_ws(' ', pg_catalog.lower(w.type), coalesce(w.schema || '.', '') || w.name) AS what
     FROM pg_catalog.jsonb_to_recordset($1::pg_catalog.jsonb) w (type pg_catalog.text, schema pg_catalog.text, name pg_catalog.text)
     WHERE NOT CASE w.type WHEN 'SERVER' THEN EXISTS (SELECT FROM pg_catalog.pg_foreign_server WHERE srvname = w.name)
       WHEN 'PROCEDURAL LANGUAGE' THEN EXISTS (SELECT FROM pg_catalog.pg_language WHERE lanname = w.name)
       WHEN 'ACCESS METHOD' THEN EXISTS (SELECT FROM pg_catalog.pg_am WHERE amname = w.name)
       ELSE EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = w.schema AND c.relname = w.name) END
     ORDER BY 1`,
    [
      JSON.stringify(
        [
          ...relations,
          ...choice.needs.filter((e) => /^(SERVER|PROCEDURAL LANGUAGE|ACCESS METHOD)$/.test(e.type)),
        ].map(({ type, schema, name }) => ({ type, schema, name })),
      ),
    ],
  )
  const members = await connection.query<{ schema: string; name: string }>(
    `SELECT n.nspname AS schema, c.relname AS name FROM pg_catalog.jsonb_array_elements($1::pg_catalog.jsonb) w
     JOIN pg_catalog.pg_namespace n ON n.nspname = w ->> 0 JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w ->> 1
     JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e'`,
    [JSON.stringify(unentered)],
  )
  return {
    missing: missing.map((m) => m.what),
    ofExtensions: new Set(members.map((m) => JSON.stringify([m.schema, m.name]))),
  }
}

/** How many tables the schemas hold. */
async function lockable(connection: Connection, schemas: readonly string[]): Promise<number> {
  const [row] = await connection.query<{ count: number }>(
    `SELECT count(*)::pg_catalog.int4 AS count FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = ANY ($1::pg_catalog.text[]) AND c.relkind IN ('r', 'p')`,
    [schemas],
  )
  return row?.count ?? 0
}

/** Each step by itself, so that all that is refused is told. */
async function refused(
  connection: Connection,
  choice: Choice,
  renamings: readonly Renaming[],
  followers: readonly Follower[],
  noOwner: boolean,
): Promise<RestoreProblem[]> {
  const problems: RestoreProblem[] = []
  const attempt = async (statement: string, what: string): Promise<void> => {
    await connection.query('SAVEPOINT one')
    try {
      await connection.query(quietly(statement))
    } catch (error) {
      if (!isHoldfastError(error, 'query_failed') && !isHoldfastError(error, 'lock_timeout')) throw error
      await connection.query('ROLLBACK TO SAVEPOINT one')
      const why = messageOf(error)
      problems.push(problem('target_lacks', sentence('refused_here', { what, why }, `${what}: ${why}.`)))
    }
  }
  await connection.query(`BEGIN; SET LOCAL lock_timeout = '5s'`)
  try {
    for (const one of followers) {
      for (const sql of followSql(one, one.schema)) await attempt(sql, `The ${one.what} would have to follow`)
    }
    for (const one of renamings) await attempt(renameSql(one), `The schema ${one.from} can't be renamed`)
    const made = [...choice.replaced, ...choice.added]
    for (const name of made) {
      const statements = name === 'public' ? makePublicSql({ noOwner }) : [`CREATE SCHEMA ${ident(name)}`]
      for (const statement of statements) await attempt(statement, `The schema ${name} can't be made`)
    }
    for (const one of choice.moving)
      await attempt(
        moveExtensionSql(one),
        `The extension ${one.name} is in ${one.schema} and can't be moved into the new one by this role; a superuser may be able to, or move it into a schema of its own first`,
      )
  } finally {
    await connection.query('ROLLBACK')
  }
  return problems
}
