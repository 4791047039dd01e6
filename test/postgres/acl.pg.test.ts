import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { aclStatements, defaultAcl } from '../../src/postgres/acl.ts'
import type { Connection } from '../../src/postgres/connect.ts'
import { ident } from '../../src/postgres/quote.ts'
import { open, runAll } from '../support/globals.ts'
import { testServer } from '../support/postgres.ts'

const roles = ['acl owner', 'acl "a"', 'acl=b/', 'acl_é']

/** A step of a random history: `by` grants or revokes. What it may not do, the server refuses and the history goes on. */
const step = fc.record({
  by: fc.constantFrom(...roles),
  to: fc.constantFrom('', ...roles),
  privileges: fc.constantFrom('SELECT', 'UPDATE', 'SELECT, UPDATE'),
  what: fc.constantFrom('grant', 'grant', 'grant on', 'grant on', 'revoke'),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

function stepSql({ by, to, privileges, what }: Step, oid: number): string {
  const role = to === '' ? 'PUBLIC' : ident(to)
  const change =
    what === 'revoke'
      ? `REVOKE ${privileges} ON LARGE OBJECT ${oid} FROM ${role} CASCADE`
      : `GRANT ${privileges} ON LARGE OBJECT ${oid} TO ${role}${what === 'grant on' ? ' WITH GRANT OPTION' : ''}`
  return `SET ROLE ${ident(by)}; ${change}; RESET ROLE`
}

async function newObject(connection: Connection): Promise<number> {
  const [row] = await connection.query<{ oid: number }>('SELECT lo_create(0) AS oid')
  assert.ok(row)
  await connection.query(`ALTER LARGE OBJECT ${row.oid} OWNER TO ${ident('acl owner')}`)
  return row.oid
}

async function aclOf(connection: Connection, oid: number): Promise<string[] | null> {
  const sql = 'SELECT lomacl::text[] AS acl FROM pg_largeobject_metadata WHERE oid = $1'
  const [row] = await connection.query<{ acl: string[] | null }>(sql, [oid])
  return row?.acl ?? null
}

for (const major of [15, 18] as const) {
  test(`the statements give a real object the same list, ${major}`, async () => {
    const server = await testServer(major)
    await using database = await server.database()
    await using connection = await open(database.url)
    await runAll(
      connection,
      roles.map((role) => `CREATE ROLE ${ident(role)}`),
    )
    let chains = 0
    const property = fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const model = await newObject(connection)
      // Most histories begin with a right to grant on, or few would ever get to grants by others.
      const begin: Step = { by: 'acl owner', to: 'acl "a"', privileges: 'SELECT, UPDATE', what: 'grant on' }
      for (const one of steps.length % 4 === 0 ? steps : [begin, ...steps]) {
        await connection.query(stepSql(one, model)).catch(() => connection.query('RESET ROLE'))
      }
      const acl = (await aclOf(connection, model)) ?? defaultAcl('large object', 'acl owner')
      if (acl.some((item) => !item.endsWith('/"acl owner"'))) chains++
      const copy = await newObject(connection)
      const initial = defaultAcl('large object', 'acl owner')
      const objectSql = `LARGE OBJECT ${copy}`
      await runAll(connection, aclStatements({ objectSql, owner: 'acl owner', acl, initial }))
      const made = (await aclOf(connection, copy)) ?? initial
      assert.deepEqual(made.toSorted(), acl.toSorted())
    })
    await fc.assert(property, { numRuns: 120 })
    assert.ok(chains > 20, `only ${chains} histories had grants by others than the owner`)
  })
}
