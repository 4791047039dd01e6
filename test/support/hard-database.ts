import pg from 'pg'
import { hardSchema, type HardArea } from '../fixtures/hard.ts'
import type { TestDatabase, TestServer } from './postgres.ts'

/** Makes a database with everything that is hard to copy. */
export async function loadHard(server: TestServer): Promise<TestDatabase> {
  const database = await server.database()
  await loadAreas(database, hardSchema({ major: server.major }))
  return database
}

/** Runs the areas' statements; says which statement of which area failed. */
export async function loadAreas(database: TestDatabase, areas: readonly HardArea[]): Promise<void> {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  try {
    for (const { name, statements } of areas) {
      for (const statement of statements) {
        try {
          await client.query(statement)
        } catch (cause) {
          throw new Error(`${name}: ${String(cause)} in\n${statement.slice(0, 1000)}`, { cause })
        }
      }
    }
  } finally {
    await client.end()
  }
}
