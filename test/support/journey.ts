import { systemClock, type Clock } from '../../src/lib/clock.ts'
import type { ErrorCode } from '../../src/lib/error-codes.ts'
import { isHoldfastError, type HoldfastError } from '../../src/lib/errors.ts'
import type { OnProgress } from '../../src/lib/progress.ts'
import { plainSchema } from '../../src/postgres/schema/dump.ts'
import { connect, connectWire, type Connection } from '../../src/postgres/connect.ts'
import type { Wire } from '../../src/postgres/wire.ts'
import { literal, qualified } from '../../src/postgres/quote.ts'
import type { LockRequest } from '../../src/repository/backup-lock.ts'
import { checkRepository, type CheckReport } from '../../src/repository/check.ts'
import type { BackupContents, BackupScope } from '../../src/repository/format/contents.ts'
import type { Manifest } from '../../src/repository/format/manifest.ts'
import { initRepository } from '../../src/repository/init.ts'
import { openUnlocked, openRepository } from '../../src/repository/open.ts'
import { readAllPieces } from '../../src/repository/pieces.ts'
import { beginBackup, readContents, readerOf } from '../../src/repository/session.ts'
import type { ChunkReader, HostCredentials } from '../../src/repository/types.ts'
import { planRestore } from '../../src/restore/plan.ts'
import { runRestore } from '../../src/restore/run.ts'
import { defaultRestoreOptions } from '../../src/restore/types.ts'
import type { RestoreOptions, RestorePlan, RestoreReport } from '../../src/restore/types.ts'
import { planSwap, type SwapPlan } from '../../src/restore/swap/plan.ts'
import { planSchemas, type SchemasPlan } from '../../src/restore/schemas/plan.ts'
import { replaceSchemas, runSchemas, type SchemasReport } from '../../src/restore/schemas/run.ts'
import { runSwap, type SwapReport } from '../../src/restore/swap/run.ts'
import { runBackup } from '../../src/snapshot/backup.ts'
import type { Proof } from '../../src/snapshot/fingerprint.ts'
import { wholeDatabase } from '../../src/snapshot/scope.ts'
import { openLocalStorage } from '../../src/storage/local.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { runDrill } from '../../src/verify/drill.ts'
import type { DrillOutcome, DrillReport, DrillRequest } from '../../src/verify/types.ts'
import { addressOf } from './address.ts'
import { requireParts } from './parts.ts'

/** What backup and restore take in common. */
interface RunOptions {
  readonly jobs?: number
  readonly signal?: AbortSignal
  readonly clock?: Clock
  readonly onProgress?: OnProgress
  /** In place of the repository's own, e.g. one that fails. */
  readonly storage?: Storage
}

export interface BackupOptions extends RunOptions, Partial<BackupScope> {
  readonly proof?: Proof
  readonly lockTimeoutMs?: number
  readonly lock?: LockRequest
}

export interface RestoreChoice extends RunOptions, Partial<RestoreOptions> {
  /** `latest` if left out. */
  readonly backup?: string
}

export interface DrillChoice
  extends RunOptions, Pick<DrillRequest, 'assertions' | 'assertionTimeoutMs' | 'part' | 'goalSeconds'> {
  /** `latest` if left out. */
  readonly backup?: string
}

/** A backup as it was just made. */
export interface MadeBackup {
  readonly manifest: Manifest
  readonly contents: BackupContents
}

/** A repository, and the whole way there and back as the command line goes it. */
export interface JourneyRepository {
  readonly storage: Storage
  readonly identity: string
  readonly credentials: HostCredentials
  backUp(url: string, options?: BackupOptions): Promise<MadeBackup>
  /** Plans and runs. A plan with problems is refused by the run. */
  restoreTo(url: string, options?: RestoreChoice): Promise<RestoreReport>
  planTo(url: string, options?: RestoreChoice): Promise<RestorePlan>
  /** Plans and runs a restore in place of the database. */
  swapTo(url: string, options?: RestoreChoice): Promise<SwapReport>
  planSwapTo(url: string, options?: RestoreChoice): Promise<SwapPlan>
  /** Plans and runs a restore in place of the database's schemas. */
  schemasTo(url: string, options?: RestoreChoice & { readonly wire?: Wire }): Promise<SchemasReport>
  planSchemasTo(url: string, options?: RestoreChoice): Promise<SchemasPlan>
  /** Throws what the drill found, as the command does. */
  drill(options?: DrillChoice): Promise<DrillReport>
  /** What the drill found, whatever it is. */
  tryDrill(options?: DrillChoice): Promise<DrillOutcome>
  /** Every object present, opened and hashed again. */
  check(storage?: Storage): Promise<CheckReport & { refused: readonly { key: string; code: string }[] }>
  /** Ids of the backups there are, newest first. */
  list(): Promise<string[]>
}

/** Makes a repository in a directory, or in any storage. */
export async function newRepository(place: string | Storage): Promise<JourneyRepository> {
  const storage = typeof place === 'string' ? openLocalStorage(place) : place
  const made = await initRepository({
    storage,
    clock: systemClock,
    hostName: 'journey',
    recipient: { kind: 'new-identity' },
  })
  return repositoryAt(storage, made.identityFile ?? '', made.hostCredentials)
}

/** The repository that is there. */
export function repositoryAt(
  storage: Storage,
  identity: string,
  credentials: HostCredentials,
): JourneyRepository {
  const open = (o: RunOptions) =>
    openRepository({ storage: o.storage ?? storage, trust: { host: credentials }, signal: o.signal })

  const withBackup = async <T>(
    o: RunOptions & { readonly backup?: string },
    work: (backup: OpenBackup) => Promise<T>,
  ): Promise<T> => {
    const { repository, vault } = await openUnlocked({ storage: o.storage ?? storage, identity })
    const manifest = await repository.find(o.backup ?? 'latest')
    await using reader = readerOf(repository, vault, 2)
    const contents = await readContents(reader, manifest)
    const schemaText = await readAllPieces({ manifest, reader, pieces: contents.schema.pieces })
    return await work({ manifest, contents, schemaText, reader })
  }
  const plan = async (url: string, o: RestoreChoice, backup: OpenBackup): Promise<RestorePlan> => {
    const made = await planRestore({
      ...backup,
      target: addressOf(url),
      options: { ...defaultRestoreOptions, ...o },
      signal: o.signal,
    })
    requireParts(made.warnings, made.parts)
    return made
  }
  const swapPlan = async (url: string, o: RestoreChoice, backup: OpenBackup): Promise<SwapPlan> => {
    const made = await planSwap({
      ...backup,
      target: addressOf(url),
      options: { ...defaultRestoreOptions, ...o },
      signal: o.signal,
    })
    requireParts(made.warnings, made.parts)
    return made
  }

  const schemasPlan = async (url: string, o: RestoreChoice, backup: OpenBackup): Promise<SchemasPlan> => {
    const made = await planSchemas({
      ...backup,
      target: addressOf(url),
      options: { ...defaultRestoreOptions, ...o },
      signal: o.signal,
    })
    requireParts(made.warnings, made.parts)
    return made
  }

  return {
    storage,
    identity,
    credentials,
    async backUp(url, options = {}) {
      const { schemas, tables, excludeTables, excludeData } = { ...wholeDatabase, ...options }
      const repository = await open(options)
      await using writer = await beginBackup({
        repository,
        credentials,
        clock: options.clock ?? systemClock,
        threads: 2,
        lock: options.lock,
        signal: options.signal,
        onProgress: options.onProgress,
      })
      return await runBackup({
        writer,
        source: addressOf(url),
        scope: { schemas, tables, excludeTables, excludeData },
        proof: options.proof ?? 'full',
        jobs: options.jobs ?? 2,
        lockTimeoutMs: options.lockTimeoutMs ?? 10_000,
        name: null,
        description: null,
        clock: options.clock ?? systemClock,
        signal: options.signal,
        onProgress: options.onProgress,
      })
    },
    restoreTo: (url, options = {}) =>
      withBackup(options, async (backup) => {
        const report = await runRestore({
          ...backup,
          plan: await plan(url, options, backup),
          target: addressOf(url),
          jobs: options.jobs ?? 2,
          clock: options.clock ?? systemClock,
          signal: options.signal,
          onProgress: options.onProgress,
        })
        requireParts(report.warnings, report.parts)
        return report
      }),
    planTo: (url, options = {}) => withBackup(options, (backup) => plan(url, options, backup)),
    swapTo: (url, options = {}) =>
      withBackup(options, async (backup) =>
        runSwap({
          ...backup,
          plan: await swapPlan(url, options, backup),
          target: addressOf(url),
          jobs: options.jobs ?? 2,
          clock: options.clock ?? systemClock,
          signal: options.signal,
          onProgress: options.onProgress,
        }),
      ),
    schemasTo: (url, { wire, ...options } = {}) =>
      withBackup(options, async (backup) => {
        const request = {
          ...backup,
          plan: await schemasPlan(url, options, backup),
          target: addressOf(url),
          clock: options.clock ?? systemClock,
          signal: options.signal,
          onProgress: options.onProgress,
        }
        return wire === undefined ? runSchemas(request) : replaceSchemas(request, wire)
      }),
    planSchemasTo: (url, options = {}) => withBackup(options, (backup) => schemasPlan(url, options, backup)),
    planSwapTo: (url, options = {}) => withBackup(options, (backup) => swapPlan(url, options, backup)),
    async drill(options) {
      const { report, error } = await this.tryDrill(options)
      if (error !== null) throw error
      return report
    },
    tryDrill: (options = {}) =>
      withBackup(options, (backup) => runDrill({ jobs: 2, clock: systemClock, ...options, ...backup })),
    async check(place = storage) {
      const { repository, vault } = await openUnlocked({ storage: place, identity })
      await using reader = readerOf(repository, vault, 2)
      const { report, refused } = await checkRepository({ repository, reader, share: 1, now: new Date(0) })
      return { ...report, refused }
    },
    async list() {
      const { backups } = await (await open({})).manifests()
      return backups.map((b) => b.id)
    },
  }
}

interface OpenBackup {
  readonly manifest: Manifest
  readonly contents: BackupContents
  readonly schemaText: Uint8Array
  readonly reader: ChunkReader
}

/** The database's schema as `pg_dump --schema-only` writes it. */
export async function schemaOf(url: string): Promise<string> {
  await using wire = await connectWire({ address: addressOf(url) })
  return await plainSchema({ wire })
}

/** All that a database holds besides its schema, in a form that is equal for equal databases, computed by queries that Holdfast has no part in. */
export interface DatabaseState {
  /** By `schema.table`: number of rows, and a digest of all rows as text, sorted. */
  readonly tables: Readonly<Record<string, string>>
  readonly sequences: readonly unknown[]
  readonly largeObjects: readonly unknown[]
  readonly filledViews: readonly unknown[]
}

export async function contentsOf(url: string): Promise<DatabaseState> {
  await using connection = await connect({ address: addressOf(url) })
  const named = await connection.query<{ schema: string; name: string; kind: string }>(
    `SELECT n.nspname AS schema, c.relname AS name, c.relkind AS kind FROM pg_class c
     JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'm', 'S', 'p') AND (c.relkind <> 'm' OR c.relispopulated) AND c.relpersistence <> 't'
       AND NOT EXISTS (SELECT FROM pg_partition_tree(c.oid) p JOIN pg_class f ON f.oid = p.relid WHERE f.relkind = 'f')
       AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1, 2`,
  )
  // Named in order beforehand: the server may give its answers in any.
  const tables = Object.fromEntries(
    named.filter((n) => n.kind !== 'S').map((n) => [`${n.schema}.${n.name}`, '']),
  )
  const digest = (t: { schema: string; name: string; kind: string }): string =>
    `SELECT ${literal(`${t.schema}.${t.name}`)} AS name, count(*) || ' rows ' || coalesce(md5(string_agg(h, '' ORDER BY h COLLATE "C")), '') AS digest
     FROM (SELECT md5(t::text) AS h FROM ${t.kind === 'p' ? '' : 'ONLY '}${qualified(t.schema, t.name)} AS t) AS s`
  for (const part of parts(
    named.filter((n) => n.kind !== 'S'),
    100,
  )) {
    const sql = part.map(digest).join(' UNION ALL ')
    for (const row of await connection.query<{ name: string; digest: string }>(sql))
      tables[row.name] = row.digest
  }
  const sequences: unknown[] = []
  for (const part of parts(
    named.filter((n) => n.kind === 'S'),
    100,
  )) {
    const value = (s: { schema: string; name: string }): string =>
      `SELECT ${literal(`${s.schema}.${s.name}`)} AS name, last_value, is_called FROM ${qualified(s.schema, s.name)}`
    sequences.push(...(await connection.query(`${part.map(value).join(' UNION ALL ')} ORDER BY 1`)))
  }
  return {
    tables,
    sequences,
    largeObjects: await connection.query(
      `SELECT m.oid, pg_get_userbyid(m.lomowner) AS owner, m.lomacl::text AS acl, obj_description(m.oid, 'pg_largeobject') AS comment,
         (SELECT md5(string_agg(l.pageno || ':' || md5(l.data), ',' ORDER BY l.pageno)) FROM pg_largeobject l WHERE l.loid = m.oid) AS digest
       FROM pg_largeobject_metadata m ORDER BY 1`,
    ),
    filledViews: await connection.query(
      'SELECT schemaname, matviewname, ispopulated FROM pg_matviews ORDER BY 1, 2',
    ),
  }
}

function parts<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) =>
    items.slice(at * size, (at + 1) * size),
  )
}

/** The database's own properties, but for its name, and the settings of roles in it. */
export async function databaseOf(url: string): Promise<unknown> {
  await using connection = await connect({ address: addressOf(url) })
  const [database] = await connection.query(
    `SELECT pg_get_userbyid(datdba) AS owner, pg_encoding_to_char(encoding) AS encoding, datcollate, datctype, datlocprovider,
       datistemplate, datallowconn, datconnlimit, shobj_description(oid, 'pg_database') AS comment,
       (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(datacl) a) AS acl
     FROM pg_database WHERE datname = current_database()`,
  )
  const settings = await connection.query(
    `SELECT setrole::regrole::text AS role, setconfig FROM pg_db_role_setting
     WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY 1`,
  )
  return { database, settings }
}

/** Roles whose names begin so: attributes, verifiers, memberships, settings and comments. Only a superuser may ask. */
export async function rolesOf(url: string, prefix: string): Promise<unknown> {
  await using connection = await connect({ address: addressOf(url) })
  const like = literal(`${prefix}%`)
  return {
    roles: await all(
      connection,
      `SELECT r.rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls, rolconnlimit,
         rolpassword, rolvaliduntil, shobj_description(r.oid, 'pg_authid') AS comment,
         (SELECT setconfig FROM pg_db_role_setting WHERE setrole = r.oid AND setdatabase = 0) AS settings
       FROM pg_authid r WHERE r.rolname LIKE ${like} ORDER BY 1`,
    ),
    memberships: await all(
      connection,
      `SELECT roleid::regrole::text AS role, member::regrole::text AS member, admin_option FROM pg_auth_members
       WHERE member::regrole::text LIKE ${like} ORDER BY 1, 2, 3`,
    ),
  }
}

function all(connection: Connection, sql: string): Promise<unknown[]> {
  return connection.query(sql)
}

/** Everything that `url` holds, for comparing it with another moment or database. */
export async function stateOf(url: string): Promise<{ schema: string } & DatabaseState> {
  return { schema: await schemaOf(url), ...(await contentsOf(url)) }
}

/** `"name"` in an address of the same server. */
export function besideUrl(url: string, database: string): string {
  const other = new URL(url)
  other.pathname = `/${encodeURIComponent(database)}`
  return other.href
}

/** Throws with the lines that are not in both: a whole schema is too long to be read in a failure's message. */
export function requireSame(
  actual: DatabaseStateAndSchema,
  expected: DatabaseStateAndSchema,
  what: string,
): void {
  const [one, other] = [actual, expected].map((state) => {
    const { schema, tables, ...rest } = state
    const named = Object.entries(tables).map(([name, digest]) => `${name}: ${digest}`)
    const more = Object.entries(rest).flatMap(([name, list]) =>
      list.map((item: unknown) => `${name}: ${JSON.stringify(item)}`),
    )
    return [...schema.split('\n'), ...named, ...more]
  })
  const only = (lines: readonly string[] = [], than: readonly string[] = []): string[] => {
    const there = new Set(than)
    return lines.filter((line) => !there.has(line)).slice(0, 25)
  }
  const differing = [
    ...only(other, one).map((line) => `- ${line}`),
    ...only(one, other).map((line) => `+ ${line}`),
  ]
  if (differing.length > 0) throw new Error(`${what} differs:\n${differing.join('\n')}`)
  if (one?.join('\n') !== other?.join('\n')) {
    const at = one?.findIndex((line, index) => line !== other?.[index]) ?? 0
    throw new Error(
      `${what} is in another order from line ${at} on: ${one?.slice(at, at + 5).join('\n')}\ninstead of\n${other?.slice(at, at + 5).join('\n')}`,
    )
  }
}

export type DatabaseStateAndSchema = Awaited<ReturnType<typeof stateOf>>

/** What `work` failed with. Throws if it did not fail, or not with this code. */
export async function failure(work: Promise<unknown>, code: ErrorCode): Promise<HoldfastError> {
  const error = await work.then(
    () => new Error(`It did not fail with ${code}.`),
    (thrown: unknown) => thrown,
  )
  if (isHoldfastError(error, code)) return error
  throw error
}
