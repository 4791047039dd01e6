import { chmod, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { throwIfCancelled } from '../lib/abort.ts'
import { HoldfastError } from '../lib/errors.ts'
import { writeError } from '../lib/file-errors.ts'
import { makeDirectories } from '../lib/make-directories.ts'
import { localFiles, parseAddress } from '../postgres/address.ts'
import { connect, type ServerAddress } from '../postgres/connect.ts'
import { ident } from '../postgres/quote.ts'
import { serverLives } from '../postgres/server/private-directory.ts'
import { startServer, type EmbeddedServer } from '../postgres/server/server.ts'

/** A catalog's server that belongs to this process. */
export interface EmbeddedCatalog {
  readonly server: EmbeddedServer
  readonly address: ServerAddress
  /** Settles when the server has ended, stopped or not. */
  readonly ended: Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

const databaseName = 'holdfast'
/** Data of one major is not read by another: this one stays. */
const major = 18
/** A process that was killed leaves its server to a watchdog, which needs a moment. */
const patienceMs = 30_000
const pauseMs = 100

/**
 * Starts the server of the catalog that is kept below `data`, which is made where there is none, and makes sure of its database. It
 * listens on the loopback interface only, with a password that is new at each start. Throws `catalog_busy`, `catalog_directory`,
 * `server_missing`, `server_failed`, `cancelled`.
 */
export async function startEmbeddedCatalog(o: {
  data: string
  signal: AbortSignal | undefined
}): Promise<EmbeddedCatalog> {
  const directory = join(resolve(o.data), 'catalog')
  await makeDirectory(resolve(o.data))
  const server = await start(directory, o.signal)
  const at = (database: string): ServerAddress => parseAddress(server.url(database), {}, localFiles)
  try {
    await using connection = await connect({ address: at('postgres'), signal: o.signal })
    const found = await connection.query('SELECT FROM pg_catalog.pg_database WHERE datname = $1', [
      databaseName,
    ])
    if (found.length === 0)
      await connection.query(`CREATE DATABASE ${ident(databaseName)} TEMPLATE template0 ENCODING 'UTF8'`)
  } catch (error) {
    await server.stop()
    throw error
  }
  const ended = untilEnded(server)
  return { server, address: at(databaseName), ended, [Symbol.asyncDispose]: () => server.stop() }
}

async function untilEnded(server: EmbeddedServer): Promise<void> {
  while (!(await server.endsWithin(60_000)));
}

async function start(directory: string, signal: AbortSignal | undefined): Promise<EmbeddedServer> {
  for (let waited = 0; await serverLives(directory); waited += pauseMs) {
    if (waited >= patienceMs)
      throw new HoldfastError('catalog_busy', `A server runs on ${directory} already.`)
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined)
    throwIfCancelled(signal)
  }
  const settings = { max_connections: '60', max_wal_size: '256MB' }
  return await startServer({ major, directory, settings, ...(signal === undefined ? {} : { signal }) })
}

/** The server of root runs as nobody, which must be able to pass; what is secret in there is closed by itself. */
async function makeDirectory(path: string): Promise<void> {
  try {
    await makeDirectories(path, { mode: 0o711 })
    if (process.geteuid?.() !== 0) return
    const { mode } = await stat(path)
    if ((mode & 0o001) === 0) await chmod(path, mode | 0o111)
  } catch (error) {
    throw writeError(error, path)
  }
  for (let above = dirname(path); ; above = dirname(above)) {
    const { mode } = await stat(above)
    if ((mode & 0o001) === 0) {
      throw new HoldfastError('catalog_directory', `The server of root runs as nobody, which can't pass ${above} to ${path}.`) // prettier-ignore
    }
    if (above === dirname(above)) return
  }
}
