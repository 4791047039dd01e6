import assert from 'node:assert/strict'
import { it } from 'node:test'
import { majors, testServer } from '../../support/postgres.ts'
import { dumpOf, plainOf, replay } from './replay.ts'

const clauses = "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
// A foreign table compresses nothing, and what it has taken over of that can't be set back.
const stored = `SELECT c.relname, attname, attstorage, CASE c.relkind WHEN 'r' THEN attcompression END AS compression
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
  WHERE c.relnamespace = 'public'::regnamespace AND attnum > 0 ORDER BY 1, 2`

for (const major of majors) {
  it(`a column that is stored as its type says, other than in the table it is inherited from, comes back so (${major})`, async () => {
    const server = await testServer(major)
    await using source = await server.database({ clauses })
    await using target = await server.database({ clauses })
    await source.query(`
      CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;
      CREATE TABLE p1 ("é ""x""" text, n numeric, same text, j json);
      CREATE TABLE q ("é ""x""" text, more text) INHERITS (p1);
      CREATE TABLE "ç c1" (own text) INHERITS (q);
      CREATE TABLE c2 (same text) INHERITS (p1);
      CREATE FOREIGN TABLE c3 () INHERITS (p1) SERVER s;
      CREATE TABLE c4 () INHERITS (p1);
      ALTER TABLE ONLY p1 ALTER "é ""x""" SET STORAGE EXTERNAL, ALTER n SET STORAGE PLAIN, ALTER same SET STORAGE MAIN,
        ALTER j SET STORAGE MAIN, ALTER j SET COMPRESSION pglz, ALTER same SET COMPRESSION pglz;
      ALTER TABLE ONLY q ALTER more SET STORAGE EXTERNAL, ALTER same SET STORAGE MAIN;
      ALTER TABLE ONLY c2 ALTER n SET STORAGE EXTERNAL, ALTER j SET COMPRESSION pglz;
      CREATE TABLE compressed (a text COMPRESSION pglz); CREATE FOREIGN TABLE remote () INHERITS (compressed) SERVER s;
      ALTER TABLE p1 RENAME TO "p1 ü"`)
    const dump = await dumpOf(source.url)
    await replay(target.url, dump, { encoding: 'LATIN1' })
    assert.deepEqual(await target.query(stored), await source.query(stored))
    // No server executes what pg_dump writes of c3's compression.
    const ofForeign = /^ALTER FOREIGN TABLE .* SET COMPRESSION .*\n/gm
    const plain = async (url: string): Promise<string> => (await plainOf(url)).replace(ofForeign, '')
    assert.equal(await plain(target.url), await plain(source.url))
    assert.deepEqual(Buffer.from((await dumpOf(target.url)).text), Buffer.from(dump.text))
  })
}
