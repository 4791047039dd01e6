import { HoldfastError } from '../../lib/errors.ts'
import { cancelledError } from '../failures.ts'
import type { Wire } from '../wire.ts'
import { parseArchive } from './archive.ts'
import { assembleSchema } from './assemble.ts'
import { readUsualColumns, withColumnStorage, type UsualColumns } from './column-storage.ts'
import { withCycleMarks } from './cycle-marks.ts'
import type { SchemaDump } from './entry.ts'
import { withWholeExclusions } from './exclusions.ts'
import { withoutLocking } from './locking.ts'
import { nameDecoder } from './names.ts'
import { programMajor, runProgram } from './program.ts'
import { withRefreshes } from './refresh.ts'

/**
 * The settings under which an entry's SQL means what it meant in the source; the text is in the source's encoding,
 * which `client_encoding` must name besides. In a session of its own, after a connection's usual settings.
 */
export const schemaSession = [
  "SELECT pg_catalog.set_config('search_path', '', false)",
  'SET check_function_bodies = off',
  'SET standard_conforming_strings = on',
  'SET xmloption = content',
  'SET row_security = off',
  'SET client_min_messages = warning',
  "SET default_tablespace = ''",
  'SET default_table_access_method = heap',
].join(';\n')

/** A lock may be wanted by a session that waits for the tables this backup has locked already: never wait for ever. */
const defaultLockTimeoutMs = 30_000

export interface DumpSource {
  /** A connection outside of a transaction, but for `keepTransaction`. It should be closed afterwards: pg_dump leaves its settings in it. */
  readonly wire: Wire
  /** An exported snapshot to read in; null for one of its own. */
  readonly snapshot?: string | null
  readonly lockTimeoutMs?: number
  /**
   * The connection is in a repeatable read transaction that has its snapshot and its locks: read there, and leave it open. No other
   * table is locked: one that the role may not read can't be, but its definition is everybody's to see.
   */
  readonly keepTransaction?: boolean
  readonly signal?: AbortSignal | undefined
}

/**
 * Reads the whole schema of the connection's database, as pg_dump describes it: every object but the database, its
 * roles, its rows, sequences' values and large objects. Each entry's SQL runs by itself under `schemaSession`.
 *
 * Throws `schema_dump_failed`; `source_denied` and `lock_timeout` where the server said so; `cancelled`.
 */
export async function dumpSchema(source: DumpSource): Promise<SchemaDump> {
  const { file, filled, usual } = await runDump(source, [
    '--format=custom',
    '--compress=none',
    '--schema-only',
  ])
  const archive = withWholeExclusions(withCycleMarks(withColumnStorage(parseArchive(file), usual)))
  return assembleSchema(withRefreshes(archive, filled))
}

/**
 * The schema as one script, as `pg_dump --schema-only` writes it, without what changes from run to run or with the
 * programs' versions: the same for equal schemas. Errors as `dumpSchema`.
 */
export async function plainSchema(source: DumpSource): Promise<string> {
  const key = 'holdfast'
  const { file, encoding } = await runDump(source, [
    '--format=plain',
    '--schema-only',
    `--restrict-key=${key}`,
  ])
  const bytes = file.toString('latin1')
  // Only the first and the last: others would be part of a function's body.
  const [opening, closing] = [`\\restrict ${key}\n\n`, `\\unrestrict ${key}\n\n`]
  const start = bytes.indexOf(opening)
  const end = bytes.lastIndexOf(closing)
  if (start < 0 || end < start)
    throw new HoldfastError('schema_dump_failed', 'pg_dump did not finish its script.')
  const versions = /^-- Dumped (?:from database|by pg_dump) version .*\n+/gm
  const head = bytes.slice(0, start) + bytes.slice(start + opening.length, end).replace(versions, first(2))
  return nameDecoder(encoding)(head + bytes.slice(end + closing.length))
}

/** A replacer that removes the first `count` matches and keeps the others. */
function first(count: number): (match: string) => string {
  let seen = 0
  return (match) => (seen++ < count ? '' : match)
}

async function runDump(
  {
    wire,
    snapshot = null,
    lockTimeoutMs = defaultLockTimeoutMs,
    keepTransaction = false,
    signal,
  }: DumpSource,
  args: readonly string[],
): Promise<{ file: Buffer; encoding: string; filled: Set<number>; usual: UsualColumns }> {
  if (signal?.aborted) throw cancelledError(signal)
  refuseNewer(wire)
  const [row] = await wire.query(
    "SELECT pg_catalog.current_setting('client_encoding'), pg_catalog.current_setting('server_encoding')",
  )
  const [before, encoding] = row ?? []
  if (typeof before !== 'string' || typeof encoding !== 'string')
    throw new HoldfastError('schema_dump_failed', 'The server does not name its encoding.')
  // The bytes as they are stored: a conversion could fail, and would lose what is no valid text.
  await wire.query(`SET client_encoding = '${encoding}'`)
  const file = await runProgram({
    wire: keepTransaction ? withoutLocking(wire) : wire,
    args: [
      ...args,
      '--no-sync',
      '--no-statistics',
      `--lock-wait-timeout=${lockTimeoutMs}`,
      ...(snapshot === null ? [] : [`--snapshot=${snapshot}`]),
    ],
    parameters: new Map([...wire.parameters, ['client_encoding', encoding]]),
    signal,
  })
  // pg_dump's transaction is still open: what is read here is of the same snapshot.
  const filled = await wire.query(
    "SELECT oid FROM pg_catalog.pg_class WHERE relkind = 'm' AND relispopulated",
  )
  const usual = await readUsualColumns(wire)
  await wire.query(`${keepTransaction ? '' : 'ROLLBACK; '}DEALLOCATE ALL; SET client_encoding = '${before}'`)
  return {
    file: Buffer.from(file.buffer, file.byteOffset, file.byteLength),
    encoding,
    filled: new Set(filled.map(([oid]) => Number(oid))),
    usual,
  }
}

function refuseNewer(wire: Wire): void {
  const version = wire.parameters.get('server_version') ?? ''
  const major = Number.parseInt(version, 10)
  if (major <= programMajor) return
  throw new HoldfastError(
    'schema_dump_failed',
    `The server's version is ${version}, and this Holdfast reads schemas up to Postgres ${programMajor}.`,
    { hint: 'Upgrade Holdfast.', details: { version } },
  )
}
