import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { isHoldfastError } from '../../../src/lib/errors.ts'
import { parseArchive, type ArchiveEntry } from '../../../src/postgres/schema/archive.ts'
import { assembleSchema } from '../../../src/postgres/schema/assemble.ts'
import { withRefreshes } from '../../../src/postgres/schema/refresh.ts'
import { writeArchive } from './write-archive.ts'

const latin1 = fc.string({ unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)) })
const entry: fc.Arbitrary<Omit<ArchiveEntry, 'id'>> = fc.record({
  catalogOid: fc.integer({ min: 0, max: 0xffffffff }),
  oid: fc.integer({ min: 0, max: 0xffffffff }),
  tag: latin1,
  type: fc.constantFrom('TABLE', 'INDEX', 'FUNCTION', 'ACL', 'COMMENT'),
  section: fc.constantFrom('none', 'pre', 'data', 'post'),
  definition: latin1,
  drop: latin1,
  schema: latin1,
  tablespace: fc.option(latin1),
  accessMethod: fc.option(latin1),
  relationKind: fc.constantFrom('', 'r', 'p'),
  owner: latin1,
  dependsOn: fc.array(fc.integer({ min: 1, max: 1000 }), { maxLength: 5 }),
})
const archive = fc
  .array(entry, { maxLength: 6 })
  .map((entries) => [encodingEntry(), ...entries].map((each, index) => ({ ...each, id: index + 1 })))

it('reads what was written', () => {
  fc.assert(
    fc.property(archive, (entries) => {
      assert.deepEqual(parseArchive(writeArchive(entries)), { encoding: 'UTF8', entries })
    }),
  )
})

it('refuses every beginning of an archive, and one that goes on', () => {
  fc.assert(
    fc.property(archive, (entries) => {
      const whole = writeArchive(entries)
      for (let length = 0; length < whole.length; length++) refused(whole.subarray(0, length))
      refused(Buffer.concat([whole, Buffer.from([0])]))
    }),
    { numRuns: 20 },
  )
})

it('either reads or refuses an archive with flipped bits, and allocates no more than it is long', () => {
  fc.assert(
    fc.property(
      archive,
      fc.array(fc.tuple(fc.nat(), fc.nat(7)), { minLength: 1, maxLength: 3 }),
      (entries, flips) => {
        const bytes = writeArchive(entries)
        for (const [at, bit] of flips) bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ (1 << bit)
        try {
          const read = parseArchive(bytes)
          const held = read.entries.reduce(
            (sum, { tag, definition, drop }) => sum + tag.length + definition.length + drop.length,
            0,
          )
          assert.ok(held <= bytes.length)
        } catch (error) {
          assert.ok(isHoldfastError(error, 'schema_dump_failed'), String(error))
        }
      },
    ),
    { numRuns: 2000 },
  )
})

it('refuses lengths and counts that lie, and other versions', () => {
  const whole = writeArchive([{ ...encodingEntry(), id: 1 }])
  const flipped = (at: number, value: number): Buffer => Object.assign(Buffer.from(whole), { [at]: value })
  refused(flipped(6, 17)) // version
  refused(flipped(8, 255)) // bytes per integer
  refused(flipped(10, 3)) // format
  const count = 12 + 7 * 5 + (5 + 8) + (5 + 4) + (5 + 4) // where the number of entries stands
  refused(Object.assign(Buffer.from(whole), { [count + 4]: 0x7f }))
  refused(Buffer.alloc(100))
})

it('puts comments where their object is, and drops what is no schema', () => {
  const plain = { ...encodingEntry(), schema: 's', owner: 'o' }
  const { text, entries } = assembleSchema({
    encoding: 'UTF8',
    entries: [
      { ...plain, id: 1, type: 'DATABASE', tag: 'd', section: 'pre', definition: 'CREATE DATABASE d;' },
      { ...plain, id: 2, type: 'COMMENT', tag: 'DATABASE d', definition: 'COMMENT;' },
      {
        ...plain,
        id: 3,
        type: 'SCHEMA',
        tag: 'public',
        schema: '',
        section: 'pre',
        definition: '-- not created\n',
        drop: '-- not\n',
      },
      {
        ...plain,
        id: 4,
        type: 'TABLE',
        tag: 't',
        section: 'pre',
        definition: 'CREATE TABLE s.t ();\n',
        drop: 'DROP TABLE s.t;\n',
        tablespace: 'fast',
        dependsOn: [1, 3, 3],
      },
      { ...plain, id: 5, type: 'COMMENT', tag: 'TABLE t', definition: 'COMMENT T;\n' },
      { ...plain, id: 6, type: 'INDEX', tag: 'i', section: 'post', definition: 'CREATE INDEX;\n' },
      { ...plain, id: 7, type: 'COMMENT', tag: 'INDEX i', definition: 'COMMENT I;\n' },
      { ...plain, id: 8, type: 'COMMENT', tag: 'EVENT TRIGGER e', definition: 'COMMENT E;\n' },
      { ...plain, id: 9, type: 'SEQUENCE SET', tag: 'q', section: 'data', definition: 'SELECT setval' },
    ],
  })
  assert.equal(
    Buffer.from(text).toString(),
    'ALTER SCHEMA "public" OWNER TO "o";\n' +
      `SET default_tablespace = "fast";\nCREATE TABLE s.t ();\nSET default_tablespace = '';\nALTER TABLE "s"."t" OWNER TO "o";\n` +
      'COMMENT T;\nCREATE INDEX;\nCOMMENT I;\nCOMMENT E;\n',
  )
  assert.deepEqual(
    entries.map(({ id, phase, schema, lengthWithoutOwner, dependsOn }) => [
      id,
      phase,
      schema,
      lengthWithoutOwner,
      ...dependsOn,
    ]),
    [
      [3, 'pre', null, 0],
      [4, 'pre', 's', 83, 3],
      [5, 'pre', 's', 11],
      [6, 'post', 's', 14],
      [7, 'post', 's', 11],
      [8, 'last', 's', 11],
    ],
  )
})

it('fills materialized views that read filled ones only, in order', () => {
  const view = (id: number, dependsOn: number[]): ArchiveEntry => ({
    ...encodingEntry(),
    id,
    oid: id,
    type: 'MATERIALIZED VIEW',
    schema: 's',
    tag: `m${id}`,
    dependsOn,
  })
  const between: ArchiveEntry = { ...encodingEntry(), id: 3, type: 'VIEW', dependsOn: [2] }
  const source = {
    encoding: 'UTF8',
    entries: [view(1, []), view(2, []), between, view(4, [3]), view(5, [1])],
  }
  const refresh = (name: string): string =>
    `SET row_security = on;\nREFRESH MATERIALIZED VIEW "s"."${name}";\nSET row_security = off;\n`
  const added = withRefreshes(source, new Set([2, 4, 5])).entries.slice(5)
  assert.deepEqual(
    added.map(({ id, tag, dependsOn, definition }) => [id, tag, dependsOn, definition]),
    [
      [6, 'm2', [2], refresh('m2')],
      [7, 'm4', [4, 6], refresh('m4')],
    ],
  )
})

function encodingEntry(): Omit<ArchiveEntry, 'id'> {
  return {
    catalogOid: 0,
    oid: 0,
    tag: 'ENCODING',
    type: 'ENCODING',
    section: 'none',
    definition: "SET client_encoding = 'UTF8';\n",
    drop: '',
    schema: '',
    tablespace: null,
    accessMethod: null,
    relationKind: '',
    owner: '',
    dependsOn: [],
  }
}

function refused(bytes: Uint8Array): void {
  assert.throws(
    () => parseArchive(bytes),
    (error) => isHoldfastError(error, 'schema_dump_failed'),
  )
}
