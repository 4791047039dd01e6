import { createHash } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { HoldfastError } from '../lib/errors.ts'
import { apiRole } from './claims.ts'
import type { Database } from './database.ts'

/** Where the numbered SQL files are. */
const migrationsFolder = fileURLToPath(new URL('./migrations', import.meta.url))

export interface Migration {
  readonly number: number
  readonly name: string
  readonly sql: string
  /** Of the file, hex. */
  readonly sha256: string
}

/** The migrations of this Holdfast, in the order of their numbers: `001-foundation.sql` and so on. */
export async function readMigrations(folder = migrationsFolder): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
  return await Promise.all(
    names.map(async (name, index) => {
      const number = Number.parseInt(name, 10)
      if (!(number > Number.parseInt(names[index - 1] ?? '0', 10)))
        throw new HoldfastError('internal', `${name} has no number of its own.`)
      const sql = await readFile(`${folder}/${name}`, 'utf8')
      const sha256 = createHash('sha256').update(sql).digest('hex')
      return { number, name: name.replace(/\.sql$/, ''), sql, sha256 }
    }),
  )
}

/** What keeps two processes from migrating at once, in one database: any number that nobody else uses. */
const migrationLock = 4_846_170_305

/**
 * Brings the catalog to what these migrations say: all that are missing, in one transaction. Of several processes that do it at once
 * one works and the others wait and find it done. Resolves to how many were missing. Throws `catalog_too_new`, `catalog_changed`,
 * `catalog_role`.
 */
export async function migrate(o: { database: Database; migrations: readonly Migration[] }): Promise<number> {
  await makeRole(o.database)
  return await o.database.transaction(async ({ query }) => {
    await query('SELECT pg_catalog.pg_advisory_xact_lock($1)', [migrationLock])
    await query('CREATE SCHEMA IF NOT EXISTS holdfast')
    await query(`CREATE TABLE IF NOT EXISTS holdfast.migrations (
      number integer PRIMARY KEY,
      name text NOT NULL,
      sha256 text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT pg_catalog.now()
    )`)
    const applied = await query<{ number: number; name: string; sha256: string }>(
      'SELECT number, name, sha256 FROM holdfast.migrations ORDER BY number',
    )
    for (const one of applied) {
      const own = o.migrations.find(({ number }) => number === one.number)
      if (own === undefined)
        throw new HoldfastError('catalog_too_new', `The catalog has seen migration ${one.name}, which this Holdfast does not know.`) // prettier-ignore
      if (own.sha256 !== one.sha256)
        throw new HoldfastError('catalog_changed', `Migration ${one.name} is not the one that the catalog has seen.`) // prettier-ignore
    }
    const missing = o.migrations.filter(({ number }) => applied.every((one) => one.number !== number))
    for (const { number, name, sql, sha256 } of missing) {
      await query(sql)
      const row = [number, name, sha256]
      await query('INSERT INTO holdfast.migrations (number, name, sha256) VALUES ($1, $2, $3)', row)
    }
    return missing.length
  })
}

/** Makes the API's role and lets this one become it. Roles belong to the whole server, so another catalog may have made it. */
async function makeRole({ query }: Database): Promise<void> {
  const ready = async (): Promise<boolean> => {
    const [row] = await query<{ ready: boolean }>(
      `SELECT pg_catalog.pg_has_role(oid, 'MEMBER') AS ready FROM pg_catalog.pg_roles WHERE rolname = $1`,
      [apiRole],
    )
    return row?.ready === true
  }
  if (await ready()) return
  try {
    await query(`DO $$ BEGIN
      CREATE ROLE ${apiRole} NOLOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END $$`)
    await query(`GRANT ${apiRole} TO CURRENT_USER`)
  } catch (cause) {
    // Another process may have been faster.
    if (await ready()) return
    throw new HoldfastError('catalog_role', `The role ${apiRole} could not be made.`, { cause })
  }
}
