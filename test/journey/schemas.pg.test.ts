import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { systemClock } from '../../src/lib/clock.ts'
import { dropKept, listKept, swapSchemasBack } from '../../src/restore/schemas/old.ts'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import { addressOf } from '../support/address.ts'
import { loadHard } from '../support/hard-database.ts'
import { databaseOf, failure, newRepository, requireSame, stateOf } from '../support/journey.ts'
import { queryAt, stopTestServers, testServer, type TestDatabase } from '../support/postgres.ts'

after(stopTestServers)

/** What of the hard database belongs to no schema and refers into one, or keeps it from being replaced. */
const loosen = `DROP EVENT TRIGGER hard_ddl_end; DROP EVENT TRIGGER hard_drop; DROP EVENT TRIGGER hard_rewrite; DROP EVENT TRIGGER hard_start;
  DROP LANGUAGE hard_language CASCADE; DROP PUBLICATION hard_filtered; DROP PUBLICATION "Hard Schema"; DROP PUBLICATION IF EXISTS hard_generated`

for (const major of [15, 18] as const)
  test(`all schemas of a hard database are put aside and come back, on Postgres ${major}`, async () => {
    const server = await testServer(major)
    const repository = await newRepository(openMemoryStorage())
    await using live = await loadHard(server)
    await live.query(loosen)
    await repository.backUp(live.url, { proof: 'full' })
    const backedUp = await stateOf(live.url)
    const own = await databaseOf(live.url)
    await live.query(`DROP SCHEMA hard_security CASCADE; CREATE TABLE public.newer AS SELECT 1 AS a; GRANT SELECT ON public.newer TO PUBLIC;
      COMMENT ON SCHEMA public IS 'ours'`)
    const changed = await stateOf(live.url)

    const plan = await repository.planSchemasTo(live.url)
    assert.deepEqual(plan.problems, [])
    const report = await repository.schemasTo(live.url)
    console.log(report.restore.warnings, report.restore.phases, report.kept)
    const [kept, ...more] = await listKept(addressOf(live.url))
    assert.ok(kept !== undefined && more.length === 0)
    const whole = await stateOf(live.url)
    console.log(kept.schemas.map((s) => s.name))
    const back = await swapSchemasBack({ target: addressOf(live.url), old: kept, clock: systemClock })
    const [again] = await listKept(addressOf(live.url))
    if (again !== undefined) await dropKept(addressOf(live.url), again)
    requireSame(await stateOf(live.url), changed, 'the schemas that have their names back')
    assert.deepEqual(await databaseOf(live.url), own)
    await repository.schemasTo(live.url)
    for (const one of await listKept(addressOf(live.url))) await dropKept(addressOf(live.url), one)
    requireSame(await stateOf(live.url), backedUp, 'the database in its place')
    assert.deepEqual(await databaseOf(live.url), own)
  })
