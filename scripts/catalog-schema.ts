/**
 * Writes src/catalog/schema.sql: what a catalog is after all migrations, as pg_dump describes it. For whoever reads or
 * reviews; nothing runs it. A test compares.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { openDatabase } from '../src/catalog/database.ts'
import { migrate, readMigrations } from '../src/catalog/migrate.ts'
import { localFiles, parseAddress } from '../src/postgres/address.ts'
import { connectWire, type ServerAddress } from '../src/postgres/connect.ts'
import { plainSchema } from '../src/postgres/schema/dump.ts'
import { startServer } from '../src/postgres/server/server.ts'

const file = fileURLToPath(new URL('../src/catalog/schema.sql', import.meta.url))

/** The schema of a new catalog in the empty database at `address`. */
export async function catalogSchema(address: ServerAddress): Promise<string> {
  const database = await openDatabase({
    address,
    role: null,
    connections: 1,
    applicationName: 'schema',
    answerWithinMs: null,
  })
  await migrate({ database, migrations: await readMigrations() })
  await database.close()
  await using wire = await connectWire({ address })
  return await plainSchema({ wire })
}

/** What src/catalog/schema.sql holds. */
export function writtenSchema(): string {
  return readFileSync(file, 'utf8')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await using server = await startServer({ major: 18 })
  writeFileSync(file, await catalogSchema(parseAddress(server.url(), {}, localFiles)))
}
