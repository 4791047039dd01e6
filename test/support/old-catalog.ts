import assert from 'node:assert/strict'
import { openDatabase } from '../../src/catalog/database.ts'
import { migrate, readMigrations } from '../../src/catalog/migrate.ts'
import { createSeal, parseCatalogKey } from '../../src/catalog/seal.ts'
import { placeOf } from '../../src/catalog/secrets.ts'
import { addressOf } from './address.ts'
import { queryAt } from './postgres.ts'

/** Rows of a catalog, by table, each as JSON. */
export type CatalogRows = ReadonlyMap<string, readonly Readonly<Record<string, unknown>>[]>

/** The last migration of the version that the old catalog is of: it knew no restores, copies or downloads yet. */
const lastOfOld = 33
const ids = ['1', '2', '3', '4', '5'].map((digit) => `${digit.repeat(8)}-0000-4000-8000-000000000000`)

/**
 * Makes the catalog at `url`, which is that of its owner, what an older version would have left: one of each thing that people make, and
 * what was done. `keyText`: that of its key file; `apiKey`: one of a super_admin.
 */
export async function makeOld(o: { url: string; keyText: string; apiKey: string }): Promise<void> {
  await queryAt(o.url, 'DROP SCHEMA holdfast CASCADE; DROP SCHEMA holdfast_queue CASCADE')
  const seal = createSeal(parseCatalogKey(o.keyText, 'catalog.key'))
  const database = await openDatabase({
    address: addressOf(o.url),
    role: null,
    connections: 1,
    applicationName: 'test',
    answerWithinMs: null,
  })
  const migrations = (await readMigrations()).filter(({ number }) => number <= lastOfOld)
  await migrate({ database, migrations })
  const [repository = '', source = '', schedule = '', job = '', person = ''] = ids
  const address = 'postgres://backup@db.example.com/shop'
  const rows: [string, unknown[]][] = [
    ['catalog (sealed) VALUES ($1)', [seal.seal('catalog', { word: 'holdfast' })]],
    [
      "repositories (id, name, address, secrets) VALUES ($1, 'main', '/mnt/backups/shop', $2)",
      [repository, seal.seal(placeOf.repository(repository), { hostFile: 'host file' })],
    ],
    [
      "sources (id, name, address, repository_id, secrets) VALUES ($1, 'shop', $2, $3, $4)",
      [source, address, repository, seal.seal(placeOf.source(source, address), { password: 'pass' })],
    ],
    [
      `schedules (id, name, kind, source_id, rule, zone, keep, next_run, due)
       VALUES ($1, 'nightly', 'backup', $2, '{"every": "day", "at": "02:30"}', 'Europe/Berlin', '{"daily": 7}', '2100-01-01', '2100-01-01')`,
      [schedule, source],
    ],
    [
      `jobs (id, kind, source_id, repository_id, about, status, requested_by, schedule_id, result, ended_at)
       VALUES ($1, 'backup', $2, $3, 'shop', 'completed', 'schedule', $4, '{"done": true}', now())`,
      [job, source, repository, schedule],
    ],
    ["job_log (job_id, number, attempt, level, text) VALUES ($1, 1, 1, 'info', 'It ended.')", [job]],
    [
      `backups (repository_id, id, source_id, source_hash, sequence, moment, summary)
       VALUES ($1, '20260101T000000Z-00000000', $2, 'h', 1, '2026-01-01', '{"name": "nightly"}')`,
      [repository, source],
    ],
    [
      `people (id, email, name, role, password, password_at) VALUES ($1, 'amina@example.com', 'Amina', 'super_admin', '$argon2id$', now())`,
      [person],
    ],
    [
      "api_keys (name, role, hash) VALUES ('old', 'super_admin', pg_catalog.sha256(pg_catalog.convert_to($1, 'UTF8')))",
      [o.apiKey],
    ],
    ['alarm_settings (source_id, max_age_seconds) VALUES ($1, 93600)', [source]],
  ]
  for (const [into, values] of rows) await database.query(`INSERT INTO holdfast.${into}`, values)
  await database.close()
}

/** What is in a catalog. */
export async function catalogRows(url: string): Promise<CatalogRows> {
  const tables = await queryAt(url, "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'holdfast'")
  const read = async ({ name }: Record<string, unknown>) => {
    const rows = await queryAt(url, `SELECT to_jsonb(t) AS row FROM holdfast.${String(name)} AS t`)
    return [String(name), rows.map(({ row }) => row as Record<string, unknown>)] as const
  }
  return new Map(await Promise.all(tables.map(read)))
}

/** What a service notes by itself: when a key was used, which ended jobs the alarms have looked at. */
const noted = ['last_used_at', 'judged']

/** Fails if a row of `before` is not in `now`, where it may have more columns. */
export function requireKept(before: CatalogRows, now: CatalogRows): void {
  for (const [table, rows] of before) {
    const kept = now.get(table) ?? []
    for (const row of rows) {
      const facts = Object.entries(row).filter(([column]) => !noted.includes(column))
      const found = kept.some((one) => facts.every(([column, value]) => JSON.stringify(one[column]) === JSON.stringify(value))) // prettier-ignore
      assert.ok(found, `${table} has lost ${JSON.stringify(row)}`)
    }
  }
}
