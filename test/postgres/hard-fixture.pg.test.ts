import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hardTroubles } from '../fixtures/hard.ts'
import { loadAreas, loadHard } from '../support/hard-database.ts'
import { majors, testServer } from '../support/postgres.ts'

/** Rows and a hash of the contents of every table. Which leaf a row of by_enum is in depends on the type's oid. */
const contents = `
  SELECT name, (xpath('//n/text()', counted))[1]::text::int AS rows, (xpath('//hash/text()', counted))[1]::text AS hash
  FROM (
    SELECT c.oid::regclass::text AS name, query_to_xml(format('SELECT count(*) AS n, ' ||
      'sum(hashtextextended(t::text, 0)) AS hash FROM ONLY %s AS t', c.oid::regclass), false, true, '') AS counted
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname LIKE 'hard%' AND c.relname !~ '^by_enum_'
  ) AS tables ORDER BY 1`

for (const major of majors) {
  test(`the hard database loads on ${major}, the same every time, with its troubles`, async () => {
    const server = await testServer(major)
    await using first = await loadHard(server)
    await using second = await loadHard(server)
    const tables = await first.query(contents)
    assert.deepEqual(await second.query(contents), tables)
    assert.ok(tables.length >= 120, `${tables.length} tables`)
    const rows = tables.reduce((sum, table) => sum + Number(table['rows']), 0)
    assert.ok(rows >= 15_000 && rows < 30_000, `${rows} rows`)
    await loadAreas(first, hardTroubles())
  })
}
