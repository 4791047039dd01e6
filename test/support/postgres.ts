import { randomBytes } from 'node:crypto'
import { chown, copyFile, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { startServer } from '../../src/postgres/server/server.ts'
import type { EmbeddedServer, InitOptions, ServerMajor } from '../../src/postgres/server/server.ts'

export { tcpProxy, type TcpProxy } from './tcp-proxy.ts'

/** Majors every promise about servers is tested with. */
export const majors: readonly ServerMajor[] = [15, 16, 17, 18]

type Rows = Record<string, unknown>[]

/** A database of a test server. */
export interface TestDatabase {
  readonly name: string
  /** `postgres://` address for the superuser. */
  readonly url: string
  /** Runs SQL on a connection of its own; rows of the last statement. */
  query(sql: string): Promise<Rows>
  /** The address for another role, whose password is `password`. */
  urlFor(role: string, password: string): string
  drop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** A server that is shared by the tests of one process. */
export interface TestServer extends EmbeddedServer {
  /** Makes a new, empty database with a random name. */
  database(options?: DatabaseOptions): Promise<TestDatabase>
  /** Runs SQL as superuser on a connection of its own, by default in the database `postgres`. */
  query(sql: string, database?: string): Promise<Rows>
}

export interface DatabaseOptions {
  readonly name?: string
  /** What follows `CREATE DATABASE name`, e.g. `ENCODING 'LATIN1' TEMPLATE template0`. */
  readonly clauses?: string
}

export interface TestServerOptions {
  readonly settings?: Readonly<Record<string, string>>
  readonly initdb?: InitOptions
  /** Servers of different labels are different servers. */
  readonly label?: string
}

const running = new Map<string, Promise<TestServer>>()
const standbys: TestServer[] = []

// Registered while the test file is imported, so that it belongs to the whole file and not to one test.
after(stopTestServers)

/** Stops every server of this process. Called by itself at the end of a test file. */
export async function stopTestServers(): Promise<void> {
  const servers = await Promise.allSettled(running.values())
  running.clear()
  await Promise.all(standbys.splice(0).map((server) => server.stop('immediate')))
  for (const server of servers) if (server.status === 'fulfilled') await server.value.stop('immediate')
}

/** The server of this major and these options: started at the first call, stopped at the end of the test file. */
export function testServer(major: ServerMajor, options: TestServerOptions = {}): Promise<TestServer> {
  const key = JSON.stringify([major, options])
  const found = running.get(key)
  if (found !== undefined) return found
  const settings = {
    wal_level: 'logical',
    wal_keep_size: '256MB',
    shared_buffers: '64MB',
    max_prepared_transactions: '5',
    max_locks_per_transaction: '512',
    ...options.settings,
  }
  const initdb = options.initdb ?? {}
  const started = startServer({ major, settings, initdb }).then(withQueries)
  running.set(key, started)
  return started
}

function withQueries(server: EmbeddedServer): TestServer {
  const query = (sql: string, database?: string): Promise<Rows> => queryAt(server.url(database), sql)
  return {
    ...server,
    query,
    database: async (options = {}) => {
      const name = options.name ?? `t_${randomBytes(6).toString('hex')}`
      const quoted = `"${name.replaceAll('"', '""')}"`
      await query(`CREATE DATABASE ${quoted} ${options.clauses ?? ''}`)
      const drop = async (): Promise<void> => {
        // Subscriptions and slots keep a database from being dropped.
        const held =
          await query(`SELECT d.datname AS name, s.subname AS subscription FROM pg_subscription AS s
          JOIN pg_database AS d ON d.oid = s.subdbid`)
        for (const row of held.filter((one) => one['name'] === name)) {
          const subscription = `"${String(row['subscription']).replaceAll('"', '""')}"`
          const detach = `ALTER SUBSCRIPTION ${subscription} SET (slot_name = NONE)`
          await query(
            `ALTER SUBSCRIPTION ${subscription} DISABLE; ${detach}; DROP SUBSCRIPTION ${subscription}`,
            name,
          )
        }
        await query(`SELECT pg_terminate_backend(active_pid, 5000) FROM pg_replication_slots
          WHERE active AND database = '${name.replaceAll("'", "''")}'`)
        await query(`SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
          WHERE database = '${name.replaceAll("'", "''")}'`)
        await query(`DROP DATABASE IF EXISTS ${quoted} WITH (FORCE)`)
      }
      return {
        name,
        url: server.url(name),
        query: (sql) => query(sql, name),
        urlFor: (role, password) => {
          const url = new URL(server.url(name))
          url.username = encodeURIComponent(role)
          url.password = encodeURIComponent(password)
          return url.href
        },
        drop,
        [Symbol.asyncDispose]: drop,
      }
    },
  }
}

/** Runs SQL at an address; the rows of the last statement. */
export async function queryAt(url: string, sql: string): Promise<Rows> {
  const client = new pg.Client({ connectionString: url })
  // A connection that is cut from outside reports it here as well as to the query.
  client.on('error', () => undefined)
  await client.connect()
  try {
    const result = (await client.query(sql)) as pg.QueryResult<Rows[number]> | pg.QueryResult<Rows[number]>[]
    return (Array.isArray(result) ? result.at(-1)?.rows : result.rows) ?? []
  } finally {
    await client.end()
  }
}

/** A streaming standby of a test server, and how to wait for it. */
export interface TestStandby extends TestServer {
  /** Resolves when all that is committed on the primary now can be seen here. */
  caughtUp(): Promise<void>
}

/** Makes a physical streaming standby from an online copy of the primary's files. It is stopped with the test file. */
export async function standby(
  primary: TestServer,
  settings: Readonly<Record<string, string>> = {},
): Promise<TestStandby> {
  const directory = join(primary.socketDirectory, `standby-${randomBytes(4).toString('hex')}`)
  const owner = await stat(primary.dataDirectory)
  const client = new pg.Client({ connectionString: primary.url() })
  await client.connect()
  try {
    await client.query("SELECT pg_backup_start('standby', true)")
    await copyCluster(primary.dataDirectory, directory, owner)
    const { rows } = await client.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop(false)')
    await writeFile(join(directory, 'backup_label'), rows[0]?.labelfile ?? '', { mode: 0o600 })
    await writeFile(join(directory, 'standby.signal'), '', { mode: 0o600 })
    for (const name of ['backup_label', 'standby.signal']) {
      if (process.geteuid?.() === 0) await chown(join(directory, name), owner.uid, owner.gid)
    }
  } finally {
    await client.end()
  }
  const source = `host=127.0.0.1 port=${primary.port} user=postgres password=${primary.password}`
  const server = await startServer({
    major: primary.major,
    directory,
    durable: false,
    password: primary.password,
    settings: {
      primary_conninfo: source,
      // A standby must not have less of these than its primary.
      wal_level: 'logical',
      max_prepared_transactions: '5',
      max_locks_per_transaction: '512',
      shared_buffers: '32MB',
      hot_standby: 'on',
      hot_standby_feedback: 'on',
      ...settings,
    },
  })
  const stop = async (mode: 'fast' | 'immediate' = 'fast'): Promise<void> => {
    await server.stop(mode)
    await rm(directory, { recursive: true, force: true })
  }
  const result = withQueries({ ...server, stop, [Symbol.asyncDispose]: () => stop() })
  standbys.push(result)
  const caughtUp = async (): Promise<void> => {
    // VACUUM leaves the flushing of what it wrote to the background; a commit flushes all before it.
    await primary.query("SELECT pg_logical_emit_message(true, '', '')")
    const [at] = await primary.query('SELECT pg_current_wal_flush_lsn()::text AS lsn')
    const sql = `SELECT pg_last_wal_replay_lsn() >= '${String(at?.['lsn'])}'::pg_lsn AS done`
    for (let attempt = 0; attempt < 1000; attempt++) {
      if ((await result.query(sql))[0]?.['done'] === true) return
      await sleep(20)
    }
    throw new Error(`The standby does not catch up:\n${result.logTail()}`)
  }
  const whole = { ...result, caughtUp }
  await caughtUp()
  return whole
}

/** Copies a running cluster's files as a base backup does: not the log, not what belongs to the running server. */
async function copyCluster(from: string, to: string, owner: { uid: number; gid: number }): Promise<void> {
  const root = process.geteuid?.() === 0
  const finish = async (path: string): Promise<void> => {
    if (root) await chown(path, owner.uid, owner.gid)
  }
  await mkdir(to, { mode: 0o700 })
  await finish(to)
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name)
    const target = join(to, entry.name)
    if (entry.isDirectory()) {
      const empty =
        /\/(pg_wal|pg_replslot|pg_dynshmem|pg_notify|pg_serial|pg_snapshots|pg_stat_tmp|pg_subtrans)$/
      if (empty.test(source)) {
        await mkdir(target, { mode: 0o700 })
        await finish(target)
        if (entry.name === 'pg_wal') {
          await mkdir(join(target, 'archive_status'), { mode: 0o700 })
          await finish(join(target, 'archive_status'))
        }
      } else await copyCluster(source, target, owner)
    } else if (!/^(postmaster\.(pid|opts)|pg_internal\.init.*)$/.test(entry.name)) {
      // Files may vanish while they are copied: the log brings the copy to where it should be.
      try {
        await copyFile(source, target)
        await finish(target)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      }
    }
  }
}
