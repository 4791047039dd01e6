import assert from 'node:assert/strict'
import pg from 'pg'
import type { ServerMajor } from '../../../src/postgres/server/server.ts'
import { openMemoryStorage } from '../../../src/storage/memory.ts'
import { randomOf, type Random } from '../../oracle/random.ts'
import { newRepository, type JourneyRepository } from '../../support/journey.ts'
import { testServer } from '../../support/postgres.ts'
import { drawDamage } from './damage.ts'
import { makeHelper, withinReach } from './helper.ts'
import { makeSql } from './make.ts'
import { drawModel, type Model } from './model.ts'
import { readState, type State } from './state.ts'

/** A random database with its backup. */
export interface Case {
  readonly r: Random
  readonly model: Model
  /** For who restores. */
  readonly url: string
  readonly client: pg.Client
  readonly repository: JourneyRepository
  /** When the backup was made. */
  readonly backup: State
  /** Statements that were tried, and those that a constraint refused. */
  readonly sums: { tried: number; refused: number }
  state(): Promise<State>
  damage(count: number): Promise<void>
}

/** The server of the major, shared by all cases of a file. */
export const server = (major: ServerMajor): ReturnType<typeof testServer> =>
  testServer(major, { label: 'in place', settings: { autovacuum: 'off', shared_buffers: '32MB' } })

/**
 * Draws a database of so many tables, makes and backs it up, and removes it after `work`. `helper`: who restores owns nothing, and may
 * switch off all triggers at once.
 */
export async function withCase(
  o: { seed: string; tables: number; major: ServerMajor; helper?: boolean },
  work: (c: Case) => Promise<void>,
): Promise<void> {
  const r = randomOf(o.seed)
  const model = drawModel(r.fork('model'), o.tables, o.major)
  await using database = await (await server(o.major)).database()
  const client = new pg.Client({ connectionString: database.url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    for (const sql of makeSql(r.fork('make'), model)) {
      await client.query(sql).catch((error: unknown) => {
        throw new Error(`The model is wrong: ${sql.slice(0, 2000)}`, { cause: error })
      })
    }
    if (o.helper === true) await client.query(withinReach)
    const url = o.helper === true ? await makeHelper(database) : database.url
    const repository = await newRepository(openMemoryStorage())
    await repository.backUp(database.url, { proof: 'counts' })
    const sums = { tried: 0, refused: 0 }
    const damage = async (count: number): Promise<void> => {
      for (const sql of drawDamage(r, model, count)) {
        sums.tried++
        await client.query(sql).catch(async (error: unknown) => {
          // Anything else is a mistake of the generator's.
          if (!/^(23|25|55|27|428C9|21|0A|XX000|42703|42804)/.test((error as pg.DatabaseError).code ?? ''))
            throw new Error(sql, { cause: error })
          sums.refused++
          await client.query('ROLLBACK')
        })
      }
    }
    const state = (): Promise<State> => readState(client)
    await work({
      r: r.fork('work'),
      model,
      url,
      client,
      repository,
      backup: await state(),
      sums,
      state,
      damage,
    })
  } finally {
    await client.end()
  }
}

/** Waits for the sessions of others to end, and throws if they leave anything. */
export async function requireNothingLeft(client: pg.Client): Promise<void> {
  const others = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`
  while ((await client.query(others)).rowCount !== 0) await client.query('SELECT pg_sleep(0.01)')
  const { rows } = await client.query(
    `SELECT 'table ' || relname AS left FROM pg_class WHERE relpersistence = 't'
     UNION ALL SELECT 'lock ' || relation::regclass FROM pg_locks WHERE pid <> pg_backend_pid() AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  )
  assert.deepEqual(rows, [])
}
