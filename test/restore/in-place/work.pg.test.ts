import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Wire } from '../../../src/postgres/wire.ts'
import { openMemoryStorage } from '../../../src/storage/memory.ts'
import { openInPlace } from '../../support/in-place.ts'
import { newRepository } from '../../support/journey.ts'
import { server } from './case.ts'

const rows = 10_000

interface PlanNode {
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
  readonly 'Rows Removed by Join Filter'?: number
  readonly Plans?: readonly PlanNode[]
}

/** Rows that were looked at in a plan, each time that they were. */
function visited(node: PlanNode): number {
  const each =
    node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Join Filter'] ?? 0)
  return (node.Plans ?? []).reduce((sum, child) => sum + visited(child), each * node['Actual Loops'])
}

/** Explains every query before it is run, by running it and taking it back. Returns those that have looked at more rows than `most`. */
function watch(wire: Wire, most: number): string[] {
  const { query } = wire
  const found: string[] = []
  const watched = async (sql: string): Promise<(string | null)[][]> => {
    if (/^\s*(WITH|SELECT (?!CASE))/.test(sql)) {
      await query('SAVEPOINT watched')
      const plan = await query(`EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${sql}`)
      await query('ROLLBACK TO watched')
      const text = plan.map(([line]) => line).join('\n')
      const [{ Plan }] = JSON.parse(text) as [{ Plan: PlanNode }]
      if (visited(Plan) > most) found.push(`${visited(Plan)} rows: ${sql}`)
    }
    return await query(sql)
  }
  Object.assign(wire, { query: watched })
  return found
}

const shapes: readonly { what: string; made: string; damage: string }[] = [
  {
    what: 'an exclusion constraint',
    made: `CREATE EXTENSION btree_gist; CREATE TABLE t (id int PRIMARY KEY, room int, s int4range, EXCLUDE USING gist (room WITH =, s WITH &&));
      INSERT INTO t SELECT n, n % 3, int4range(n * 10, n * 10 + 5) FROM generate_series(1, ${rows}) n`,
    damage: `DELETE FROM t WHERE id % 10 = 0; UPDATE t SET s = int4range(-id * 10, -id * 10 + 5) WHERE id % 10 = 1`,
  },
  {
    what: 'unique expressions, of a part of the rows, and of nulls',
    made: `CREATE TABLE t (id int PRIMARY KEY, w text, slot int, active bool, a int, b int, UNIQUE NULLS NOT DISTINCT (a, b));
      CREATE UNIQUE INDEX ON t (lower(w)); CREATE UNIQUE INDEX ON t (slot) WHERE active;
      INSERT INTO t SELECT n, 'W' || n, n / 2, n % 2 = 0, n, CASE WHEN n % 3 > 0 THEN n END FROM generate_series(1, ${rows}) n`,
    damage: `DELETE FROM t WHERE id % 10 = 0; UPDATE t SET w = 'x' || id, slot = -slot, a = -a WHERE id % 10 = 1`,
  },
  {
    what: 'a table that refers to itself',
    made: `CREATE TABLE t (id int PRIMARY KEY, up int REFERENCES t, x text); INSERT INTO t SELECT n, NULLIF(n / 2, 0) FROM generate_series(1, ${rows}) n; CREATE INDEX ON t (up)`,
    damage: `UPDATE t SET x = 'y' WHERE id % 3 = 0; SET session_replication_role = replica; DELETE FROM t WHERE id > ${rows * 0.8}; INSERT INTO t SELECT ${rows} + n, n, 'extra' FROM generate_series(1, ${rows / 5}) n`,
  },
]

test('no statement of a preview looks at each row for each change', async () => {
  for (const { what, made, damage } of shapes) {
    await using database = await (await server(18)).database()
    await database.query(`${made}; ANALYZE t`)
    const repository = await newRepository(openMemoryStorage())
    await repository.backUp(database.url, { proof: 'counts' })
    await database.query(damage)
    const actions = { create: true, update: true, delete: true }
    await using open = await openInPlace(repository, database.url, { actions })
    const found = watch(open.workspace.wire, rows * 30)
    const { preview } = await open.preview()
    assert.deepEqual([preview.totals.conflicts, found], [0, []], what)
  }
})

test('a chain of rows is brought, or left out, in as many statements however long it is', async () => {
  await using database = await (await server(18)).database()
  await database.query(
    `CREATE TABLE t (id int PRIMARY KEY, up int REFERENCES t); INSERT INTO t SELECT n, NULLIF(n - 1, 0) FROM generate_series(1, 300) n`,
  )
  const repository = await newRepository(openMemoryStorage())
  await repository.backUp(database.url, { proof: 'counts' })
  await database.query('DELETE FROM t')
  const preview = async (
    where: string,
    missingReferences: 'bring' | 'skip',
  ): Promise<{ totals: number[]; statements: number }> => {
    await using open = await openInPlace(repository, database.url, {
      tables: ['t'],
      where,
      missingReferences,
    })
    const { wire } = open.workspace
    const { query } = wire
    let statements = 0
    Object.assign(wire, { query: (sql: string) => (statements++, query(sql)) })
    const { create, conflicts } = (await open.preview()).preview.totals
    return { totals: [create, conflicts], statements }
  }
  const brought = [await preview('id = 5', 'bring'), await preview('id = 300', 'bring')]
  assert.deepEqual(
    brought.map((b) => b.totals),
    [
      [5, 0],
      [300, 0],
    ],
  )
  assert.equal(brought[1]?.statements, brought[0]?.statements)
  const skipped = [await preview('id BETWEEN 11 AND 15', 'skip'), await preview('id > 10', 'skip')]
  assert.deepEqual(
    skipped.map((s) => s.totals),
    [
      [0, 5],
      [0, 290],
    ],
  )
  assert.equal(skipped[1]?.statements, skipped[0]?.statements)
})
