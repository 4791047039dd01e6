import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { dumpSchema } from '../../../src/postgres/schema/dump.ts'
import { majors, testServer, type TestDatabase, type TestServer } from '../../support/postgres.ts'
import { dumpOf, plainOf, replay, sqlOf, withWire } from './replay.ts'
import { sampleRoles, sampleSchema } from './sample.ts'

for (const major of majors) {
  describe(`the schema of a server ${major}`, () => {
    it('comes back the same from its entries', async () => {
      const server = await testServer(major)
      await server.query(sampleRoles)
      await using source = await subscribing(server)
      await using target = await subscribing(server)
      await source.query(sampleSchema(major))
      const dump = await dumpOf(source.url)
      await replay(target.url, dump)
      assert.equal(await plainOf(target.url), await plainOf(source.url))
      const filled = 'SELECT matviewname, ispopulated FROM pg_matviews ORDER BY 1'
      assert.deepEqual(await target.query(filled), await source.query(filled))

      const again = await dumpOf(target.url)
      assert.deepEqual(shapeOf(again.entries), shapeOf(dump.entries))
      assert.deepEqual(Buffer.from(again.text), Buffer.from(dump.text))
    })

    it('is described by entries that cover the text and depend on each other only', async () => {
      const server = await testServer(major)
      await server.query(sampleRoles)
      await using source = await subscribing(server)
      await source.query(sampleSchema(major))
      const { text, entries } = await dumpOf(source.url)
      const ids = new Set(entries.map(({ id }) => id))
      let end = 0
      for (const entry of entries) {
        assert.equal(entry.offset, end)
        assert.ok(entry.length > 0 && entry.lengthWithoutOwner <= entry.length)
        assert.ok(entry.dependsOn.every((id) => ids.has(id)))
        end += entry.length
      }
      assert.equal(end, text.length)

      const sql = (type: string, name: string): string => {
        const found = entries.find((entry) => entry.type === type && entry.name === name)
        assert.ok(found, `${type} ${name}`)
        return sqlOf({ text, entries }, found).toString()
      }
      assert.match(
        sql('FUNCTION', 'add(integer, integer)'),
        /\nALTER FUNCTION app\.add\(.*\) OWNER TO "sample_owner";\n$/,
      )
      assert.match(sql('TABLE', 'other_am'), /^SET default_table_access_method = "my heap";\n/)
      assert.match(sql('TABLE', 'Täble "x" ; -- $$'), /OWNER TO "sample""Quote";\n$/)
      const phase = (type: string): string[] => [
        ...new Set(entries.filter((entry) => entry.type === type).map((entry) => entry.phase)),
      ]
      assert.deepEqual(phase('TABLE'), ['pre'])
      assert.deepEqual(phase('FK CONSTRAINT'), ['post'])
      assert.deepEqual(phase('ACL'), ['acl'])
      assert.deepEqual(phase('DEFAULT ACL'), ['acl'])
      assert.deepEqual(phase('MATERIALIZED VIEW DATA'), ['last'])
      assert.deepEqual(phase('EVENT TRIGGER'), ['last'])
      assert.ok(!Buffer.from(text).includes('4711'), 'large objects are no part of it')
      assert.ok(!entries.some(({ type }) => /DATABASE|ENCODING|DATA$/.test(type.replace('VIEW DATA', ''))))
    })

    it('leaves the connection as usable as before', async () => {
      const server = await testServer(major)
      await using source = await server.database()
      await withWire(source.url, async (wire) => {
        await dumpSchema({ wire })
        await dumpSchema({ wire })
        assert.deepEqual(await wire.query('SELECT txid_current_if_assigned(), 1'), [[null, '1']])
      })
    })
  })
}

function shapeOf(
  entries: readonly {
    type: string
    name: string
    phase: string
    schema: string | null
    owner: string | null
  }[],
): string[] {
  return entries.map(({ type, name, phase, schema, owner }) => [type, schema, name, owner, phase].join(' '))
}

/** A database that may come to have the sample's subscription, which must be gone before it is dropped. */
async function subscribing(server: TestServer): Promise<TestDatabase> {
  const database = await server.database()
  const drop = async (): Promise<void> => {
    await database.query('DROP SUBSCRIPTION IF EXISTS sub')
    await database.drop()
  }
  return { ...database, drop, [Symbol.asyncDispose]: drop }
}
