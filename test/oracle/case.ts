import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { Manifest } from '../../src/repository/format/manifest.ts'
import { isHoldfastError } from '../../src/lib/errors.ts'
import { ident } from '../../src/postgres/quote.ts'
import { majors, testServer, type TestServer } from '../support/postgres.ts'
import { differences, readState, schemaOn, type State } from './compare.ts'
import { backUp, newPlace, restore, type BackupCall, type Place, type RestoreCall } from './engine.ts'
import { randomOf, type Random } from './random.ts'
import { fill, type Filled } from './rows.ts'
import { drawSchema, type SchemaModel } from './schema.ts'

/** One random database on a server, a repository, and another server to restore on. */
export interface Case {
  readonly r: Random
  readonly source: TestServer
  readonly target: TestServer
  readonly model: SchemaModel
  readonly filled: Filled
  /** Address of the source database. */
  readonly url: string
  readonly place: Place
  /** A connection to the source database. */
  readonly client: pg.Client
  /** Opens another in its place, when the source has ended it. */
  reconnect(): Promise<void>
  /** Name of a database that does not exist yet on the target server. Removed at the end. */
  newName(): string
  /** Makes an empty database on the target server, like the source's. */
  newDatabase(): Promise<string>
}

/** Servers are shared by all cases; each has its own small limits so that four fit on a small machine. */
export function server(major: (typeof majors)[number]): Promise<TestServer> {
  return testServer(major, {
    label: 'oracle',
    settings: { shared_buffers: '32MB', autovacuum: 'off', max_wal_size: '2GB', max_connections: '60' },
  })
}

/** Draws and makes a case, runs `work` with it, and removes all of it. */
export async function withCase<T>(seed: string, work: (c: Case) => Promise<T>): Promise<T> {
  const r = randomOf(seed)
  const from = r.pick(majors)
  const [source, target] = [await server(from), await server(r.pick(majors.filter((m) => m >= from)))]
  const tag = `o${Math.abs(Number.parseInt(seed.replace(/\W/g, '').slice(-8), 36) || 0).toString(36)}`
  const clauses = r.pick(clausesOf)
  const model = drawSchema({ r: r.fork('schema'), major: from, tag, latin1: clauses.includes('LATIN1') })
  const name = `${tag}${r.pick(['', ' source', '"', '-ü'])}`
  // If the case fails and then its cleaning up as well, both are told.
  await using undo = new AsyncDisposableStack()
  undo.defer(async () => {
    for (const one of new Set([source, target])) {
      for (const role of model.roles) await one.query(`DROP ROLE IF EXISTS ${ident(role)}`)
    }
  })
  const drop = async (on: TestServer, database: string): Promise<void> => {
    await on.query(`DROP DATABASE IF EXISTS ${ident(database)} WITH (FORCE)`)
  }
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-oracle-'))
  undo.defer(() => rm(directory, { recursive: true, force: true }))
  undo.defer(() => drop(source, name))
  await source.query(`CREATE DATABASE ${ident(name)} ${clauses}`)
  let client = await openClient(source.url(name))
  undo.defer(() => client.end())
  let serial = 0
  const newName = (): string => {
    const made = `${tag}t${serial++}${r.pick(['', ' odd', '"'])}`
    undo.defer(() => drop(target, made))
    return made
  }
  return await work({
    r: r.fork('work'),
    source,
    target,
    model,
    filled: await fill(client, model, r.fork('rows')),
    url: source.url(name),
    place: await newPlace(directory),
    get client() {
      return client
    },
    async reconnect() {
      client = await openClient(source.url(name))
    },
    newName,
    async newDatabase() {
      const made = newName()
      await target.query(`CREATE DATABASE ${ident(made)} ${clauses}`)
      return made
    },
  })
}

async function openClient(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

const clausesOf = [
  "TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'",
  "TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'",
  "TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'",
  "TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'und'",
  "TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'",
  "TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'",
]

/** How this backup is made: drawn, since nothing may depend on it. */
export function drawBackup(c: Case): BackupCall {
  const proof = c.r.pick(['counts', 'sampled', 'sampled', 'full'] as const)
  return { place: c.place, source: c.url, jobs: c.r.between(1, 4), proof }
}

/** How and where this backup is restored. */
export async function drawRestore(c: Case, backup: string): Promise<RestoreCall> {
  const createDatabase = c.r.chance(0.5)
  const name = createDatabase ? c.newName() : await c.newDatabase()
  return {
    place: c.place,
    backup,
    target: c.target.url(name),
    jobs: c.r.between(1, 4),
    options: { createDatabase },
  }
}

/** A backup of a database that nobody changes, what the database holds, and how long the backup took. */
export async function quietBackup(c: Case): Promise<{ manifest: Manifest; state: State; ms: number }> {
  await refreshViews(c.client)
  const state = await readState(c.url)
  const began = performance.now()
  const manifest = await backUp(drawBackup(c))
  return { manifest, state, ms: performance.now() - began }
}

/** A restore brings materialized views up to date, so the source's must be that as well to be compared. */
export async function refreshViews(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'm' AND c.relispopulated ORDER BY c.oid`,
  )
  for (const { name } of rows) await client.query(`REFRESH MATERIALIZED VIEW ${name}`)
}

export async function restoreAndCompare(c: Case, backup: string, expected: State): Promise<void> {
  const call = await drawRestore(c, backup)
  await restore(call)
  await requireEqual(c, call.target, expected)
}

export async function requireEqual(c: Case, target: string, expected: State): Promise<void> {
  const found = await readState(target)
  const schema = expected.get('schema') ?? ''
  if (c.source.major !== c.target.major && found.get('schema') !== schema) {
    const there = await schemaOn(c.target.url(await c.newDatabase()), schema)
    // The script says nothing of a column that is stored as its type says, below a table where it is not: run, it gives another one.
    const plain = (state: State): State =>
      new Map([...state, ['schema', (state.get('schema') ?? '').replaceAll(storedOtherwise, '')]])
    assert.deepEqual(differences(plain(new Map([...expected, ['schema', there]])), plain(found)), [])
  } else assert.deepEqual(differences(expected, found), [])
}

const oneName = '(?:"(?:[^"]|"")*"|[^\\s."]+)'
const storedOtherwise = new RegExp(
  `^ALTER (?:FOREIGN )?TABLE ONLY ${oneName}\\.${oneName} ALTER COLUMN ${oneName} SET (?:STORAGE|COMPRESSION) \\w+;\\n`,
  'gm',
)

/** The code of a Holdfast error; anything else is thrown on: nothing may fail in a way that has no name. */
export function codeOf(error: unknown): string {
  if (isHoldfastError(error) && error.code !== 'internal') return error.code
  throw error
}
