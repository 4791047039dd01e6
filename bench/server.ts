import { Client } from 'pg'
import { startServer, type ServerMajor } from '../src/postgres/server/server.ts'

/** The server that everything is measured on. */
export interface BenchServer {
  readonly version: string
  /** Process id of the postmaster. */
  readonly pid: number
  /** For reports: what is not as Postgres comes. */
  readonly settings: string
  /** The address that contestants get. */
  url(database: string): string
  query(sql: string): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

const settings = {
  shared_buffers: '1GB',
  max_wal_size: '8GB',
  maintenance_work_mem: '256MB',
  checkpoint_timeout: '1h',
  // It would run whenever it likes, in the time of whoever is measured then.
  autovacuum: 'off',
  wal_level: 'logical',
}

const majors: readonly ServerMajor[] = [18, 17, 16, 15]

/**
 * An embedded server of the newest major that the peer can read, 17 if there is no peer, fsync on; or the one at `url`, which must be on
 * this machine, its user a superuser.
 */
export async function startBenchServer({
  url,
  peerMajor = 17,
  socket,
}: {
  url: string | undefined
  peerMajor: number | undefined
  socket: boolean
}): Promise<BenchServer> {
  if (url !== undefined) return await existing(url)
  const major = majors.find((one) => one <= peerMajor) ?? 15
  const server = await startServer({ major, durable: true, settings })
  const { port, password } = server
  const place = socket ? `${encodeURIComponent(server.socketDirectory)}:${port}` : `127.0.0.1:${port}`
  const urlOf = (database: string) => `postgres://postgres:${password}@${place}/${database}`
  return {
    version: server.version,
    pid: server.pid,
    settings: Object.entries(settings)
      .map(([name, value]) => `${name} ${value}`)
      .join(', '),
    url: urlOf,
    query: (sql) => runSql(server.url(), sql),
    [Symbol.asyncDispose]: () => server.stop(),
  }
}

async function existing(url: string): Promise<BenchServer> {
  const client = new Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query<{ pid: string; version: string }>(
    "SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1) AS pid, current_setting('server_version') AS version",
  )
  await client.end()
  return {
    version: rows[0]?.version ?? 'unknown',
    pid: Number(rows[0]?.pid ?? 0),
    settings: 'a given server',
    url: (database) => Object.assign(new URL(url), { pathname: `/${database}` }).href,
    query: (sql) => runSql(url, sql),
    async [Symbol.asyncDispose]() {},
  }
}

/** One statement on a connection of its own. */
export async function runSql(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
