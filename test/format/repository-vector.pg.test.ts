import assert from 'node:assert/strict'
import { test } from 'node:test'
import { repositoryAt } from '../support/journey.ts'
import { testServer } from '../support/postgres.ts'
import { expectedRepository as expected, vectorRepository } from '../support/repository-vector.ts'

test('what an earlier version has stored is restored, and compared with its fingerprints', async () => {
  const server = await testServer(18)
  const repository = repositoryAt(await vectorRepository(), expected.identity, expected.host)
  for (const { manifest } of expected.backups) {
    await using target = await server.database()
    const report = await repository.restoreTo(target.url, { backup: manifest.id, roles: 'needed' })
    assert.equal(report.rows, manifest.totals.rows)
    assert.ok(report.tables.some(({ name, compared }) => name === 'customer' && compared === 'hashed'))
    const [note] = await target.query('SELECT note FROM shop.customer WHERE id = 1')
    assert.equal(note?.['note'], manifest.sequence === 1 ? null : 'changed')
    const [rest] = await target.query(
      `SELECT (SELECT array_agg(id ORDER BY id) FROM shop.open_events) AS events, (SELECT count(*)::int FROM shop.log) AS log,
         (SELECT sum::int FROM shop.sums WHERE customer = 1) AS cents, (SELECT nextval('shop.customer_id_seq')::int) AS next,
         convert_from(lo_get(4711), 'UTF8') = repeat('large ', 700) AS object`,
    )
    assert.deepEqual(rest, { events: [2, 4, 6], log: 0, cents: 18, next: 4, object: true })
  }
})
