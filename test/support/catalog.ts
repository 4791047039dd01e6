import { randomBytes } from 'node:crypto'
import { after } from 'node:test'
import { openCatalog, type Catalog } from '../../src/catalog/catalog.ts'
import type { Claims } from '../../src/catalog/claims.ts'
import type { Role } from '../../src/catalog/permissions.ts'
import { createSeal } from '../../src/catalog/seal.ts'
import { addressOf } from './address.ts'
import type { TestDatabase, TestServer } from './postgres.ts'

export interface TestCatalog extends Catalog {
  readonly database: TestDatabase
  /** That of the seal. */
  readonly key: Buffer
}

/** A new catalog in a database of its own, closed at the end of the test file. */
export async function newCatalog(server: TestServer): Promise<TestCatalog> {
  const database = await server.database()
  const key = randomBytes(32)
  const seal = createSeal(key)
  const catalog = await openCatalog({ address: addressOf(database.url), seal, connections: 5 })
  after(() => catalog[Symbol.asyncDispose]())
  return { ...catalog, database, key }
}

export function claimsOf(role: Role, sources: readonly string[] = []): Claims {
  return { subject: `test:${role}`, role, sources }
}
