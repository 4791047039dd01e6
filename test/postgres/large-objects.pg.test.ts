import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectWire, type Connection } from '../../src/postgres/connect.ts'
import {
  createLargeObjectsSql,
  largeObjectStageCopySql,
  largeObjectStageSql,
  largeObjectStatements,
  largeObjectWriteSql,
} from '../../src/postgres/large-object-restore.ts'
import {
  copyLargeObjectsSql,
  largeObjectRanges,
  readLargeObjects,
  type LargeObjectFacts,
  type LargeObjects,
} from '../../src/postgres/large-objects.ts'
import { open, runAll } from '../support/globals.ts'
import { testServer } from '../support/postgres.ts'

// 101: text, 102: empty, 103: a hole in the middle and one before the end, 104: 30 MB, 105: ends at a page's end,
// 106: short page inside, 107: zeros only. The many are measured one after the other with descriptors used again.
const makeSql = `
SELECT lo_from_bytea(101, 'hello');
SELECT lo_create(102);
SELECT lo_create(103); SELECT lo_put(103, 0, 'start'); SELECT lo_put(103, 5000000, 'middle');
SELECT lo_truncate64(lo_open(103, 131072), 7000001);
SELECT lo_create(104);
SELECT lo_put(104, i * 100000, (SELECT string_agg(sha512((i * 1600 + j)::text::bytea), NULL) FROM generate_series(0, 1599) j))
  FROM generate_series(0, 299) i;
SELECT lo_from_bytea(105, decode(repeat('ab', 4096), 'hex'));
SELECT lo_create(106); SELECT lo_put(106, 0, 'short'); SELECT lo_put(106, 2048, 'second');
SELECT lo_from_bytea(107, decode(repeat('00', 5000), 'hex'));
SELECT lo_from_bytea((1000 + i)::oid, decode(repeat('cd', (i * 37) % 9000), 'hex')) FROM generate_series(1, 1500) i;
ALTER LARGE OBJECT 101 OWNER TO "lo owner";
GRANT SELECT ON LARGE OBJECT 101 TO "lo reader" WITH GRANT OPTION;
SET ROLE "lo reader"; GRANT SELECT ON LARGE OBJECT 101 TO PUBLIC; RESET ROLE;
GRANT SELECT, UPDATE ON LARGE OBJECT 102 TO PUBLIC;
COMMENT ON LARGE OBJECT 101 IS 'it''s one';
REVOKE ALL ON LARGE OBJECT 105 FROM postgres`

const contentSql = `
SELECT m.oid, md5(lo_get(m.oid)) AS md5, length(lo_get(m.oid)) AS length FROM pg_largeobject_metadata m ORDER BY 1`

/** Copies all ranges the way a backup reads them and a restore writes them. Returns the rows of each range. */
async function copyContents(
  fromUrl: Connection['address'],
  toUrl: Connection['address'],
  listed: LargeObjects,
  major: number,
): Promise<number[]> {
  const rows: number[] = []
  await using from = await connectWire({ address: fromUrl })
  await using to = await connectWire({ address: toUrl })
  for (const sql of createLargeObjectsSql(listed.objects)) await to.query(sql)
  await to.query(largeObjectStageSql)
  await from.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY')
  for (const range of largeObjectRanges(listed)) {
    const pieces: Uint8Array[] = []
    const sent = await from.copyOut(copyLargeObjectsSql({ range, access: listed.access, major }), {
      write: (bytes) => void pieces.push(Uint8Array.from(bytes)),
    })
    const taken = await to.copyIn(
      largeObjectStageCopySql,
      (async function* () {
        yield* pieces
      })(),
    )
    assert.equal(taken, sent)
    rows.push(sent)
    for (const sql of largeObjectWriteSql) await to.query(sql)
  }
  return rows
}

const sorted = (objects: readonly LargeObjectFacts[]): LargeObjectFacts[] =>
  objects.map((object) => ({ ...object, acl: object.acl?.toSorted() ?? null }))

for (const major of [15, 16, 17, 18] as const) {
  test(`large objects come back the same, read as superuser and as owner, ${major}`, async () => {
    const server = await testServer(major)
    await using source = await server.database()
    await using target = await server.database()
    await using target2 = await server.database()
    await server.query(
      `CREATE ROLE "lo owner"; CREATE ROLE "lo reader"; CREATE ROLE plain LOGIN PASSWORD 'p' NOINHERIT`,
    )
    await source.query(makeSql)
    await using from = await open(source.url)
    const listed = await readLargeObjects(from)
    assert.deepEqual([listed.access, listed.unreadable, listed.labels], ['pages', [], 0])
    await using to = await open(target.url)
    // From 18 on a target may hand out rights to every new large object by default.
    if (major >= 18) await to.query('ALTER DEFAULT PRIVILEGES GRANT ALL ON LARGE OBJECTS TO PUBLIC')
    const rows = await copyContents(from.address, to.address, listed, major)
    assert.ok(Math.max(...rows) <= 3 * 2048 && rows.length > 10, `rows of ranges: ${rows.join(' ')}`)
    assert.deepEqual(await to.query(contentSql), await from.query(contentSql))

    const [made] = await to.query<{ acl: string[] | null }>(
      'SELECT lomacl::text[] AS acl FROM pg_largeobject_metadata WHERE oid = 101',
    )
    const statements = largeObjectStatements({
      objects: listed.objects,
      noOwner: false,
      noGrants: false,
      currentUser: 'postgres',
      initial: made?.acl ?? null,
    })
    await runAll(to, statements)
    const restored = await readLargeObjects(to)
    // Where default privileges were taken back, the server keeps a list that says what the default says.
    const filled = (objects: readonly LargeObjectFacts[]): LargeObjectFacts[] =>
      sorted(objects.map((o) => ({ ...o, acl: o.acl ?? [`${o.owner}=rw/${o.owner}`] })))
    if (major >= 18) assert.deepEqual(filled(restored.objects), filled(listed.objects))
    else assert.deepEqual(sorted(restored.objects), sorted(listed.objects))

    // Without rights on pg_largeobject: the own objects, PUBLIC's, and none of the others.
    await source.query(`
      GRANT plain TO postgres; ALTER LARGE OBJECT 103 OWNER TO plain; ALTER LARGE OBJECT 104 OWNER TO plain;
      ALTER LARGE OBJECT 106 OWNER TO plain; GRANT SELECT ON LARGE OBJECT 107 TO plain;
      DO $$ BEGIN FOR i IN 1001..2400 LOOP EXECUTE format('ALTER LARGE OBJECT %s OWNER TO plain', i); END LOOP; END $$`)
    await using plain = await open(source.urlFor('plain', 'p'))
    const own = await readLargeObjects(plain)
    assert.equal(own.access, 'functions')
    assert.deepEqual(own.unreadable, [105, ...Array.from({ length: 100 }, (_, i) => 2401 + i)])
    assert.ok(own.objects.every((o) => own.pages.get(o.oid) === (listed.pages.get(o.oid) ?? 0)))
    await using to2 = await open(target2.url)
    await copyContents(plain.address, to2.address, own, major)
    const contents = await from.query<{ oid: number }>(contentSql)
    assert.deepEqual(
      await to2.query(contentSql),
      contents.filter((row) => !own.unreadable.includes(row.oid)),
    )
    // Holes stay holes: a sparse object takes the pages it has.
    const [holes] = await to2.query<{ pages: number }>(
      'SELECT count(*)::int AS pages FROM pg_largeobject WHERE loid = 103',
    )
    assert.ok((holes?.pages ?? 0) < 10, `${holes?.pages} pages`)

    await source.query('DROP OWNED BY plain, "lo owner", "lo reader"')
    await target.query('DROP OWNED BY plain, "lo owner", "lo reader"')
    await server.query('DROP ROLE plain, "lo owner", "lo reader"')
  })
}

test('statements for objects without owner and grants', () => {
  const objects = [{ oid: 7, owner: 'a', acl: ['a=rw/a', '=r/a'], comment: null }]
  const shared = { objects, currentUser: 'me', initial: null, noOwner: true }
  assert.deepEqual(largeObjectStatements({ ...shared, noGrants: true }), [])
  assert.deepEqual(largeObjectStatements({ ...shared, noGrants: false }), [
    'GRANT SELECT ON LARGE OBJECT 7 TO PUBLIC',
  ])
})
