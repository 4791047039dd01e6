import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isHoldfastError, type HoldfastError } from '../../src/lib/errors.ts'
import { backupId } from '../../src/repository/format/fields.ts'
import type { RestoreRecord, SafetyContents } from '../../src/repository/format/restore-contents.ts'
import {
  decodeRestoreRecord,
  decodeSafetyContents,
} from '../../src/repository/format/restore-contents-decode.ts'
import {
  decodeRestoreDocument,
  encodeRestoreDocument,
  type ReportDocument,
} from '../../src/repository/format/restore-documents.ts'
import { publicKeyOf } from '../../src/repository/crypto/ed25519.ts'
import { newId } from '../../src/repository/ids.ts'
import { apply, copyOf, placesIn, type Change } from '../support/json-changes.ts'
import { sampleRecord, sampleSafety } from '../support/restores.ts'

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
const documents = [
  { name: 'safety', sample: sampleSafety, decode: decodeSafetyContents, newer: 3 },
  { name: 'record', sample: sampleRecord, decode: decodeRestoreRecord, newer: 2 },
] as const

for (const { name, sample, decode, newer } of documents) {
  test(`${name}: contents come back as they were`, () => {
    assert.deepEqual(decode('k', encode(sample())), sample())
  })

  test(`${name}: whatever field is missing, of another type or unknown is named`, () => {
    const all = placesIn(copyOf(sample()), 'it').length
    fc.assert(
      fc.property(
        fc.nat(all - 1),
        fc.constantFrom<Change>('delete', 'number', 'object', 'unknown'),
        (at, change) => {
          const document = copyOf(sample())
          const place = placesIn(document, 'it')[at]
          assert.ok(place)
          const named = apply(place, change)
          const error = failureOf(() => decode('chunks/ab/abcd', encode(document)))
          assert.equal(error.code, 'object_damaged', place.path)
          assert.ok(error.message.includes(named), `${error.message} does not name ${named}`)
        },
      ),
      { numRuns: 1000 },
    )
  })

  test(`${name}: a newer format is told from damage`, () => {
    assert.equal(failureOf(() => decode('k', encode({ format: newer }))).code, 'repository_too_new')
    for (const text of ['', 'null', '[]', '{"format":1']) {
      const error = failureOf(() => decode('k', new TextEncoder().encode(text)))
      assert.equal(error.code, 'object_damaged', text)
    }
  })
}

test('a safety backup of format 1 says less, and is read', () => {
  const { droppedTables: _dropped, schema: _schema, ...said } = sampleSafety()
  const madeTables = said.madeTables.map(({ keptRows: _kept, ...one }) => one)
  const first = { ...said, format: 1 as const, madeTables }
  const read = { ...first, madeTables: madeTables.map((one) => ({ ...one, keptRows: false })) }
  assert.deepEqual(decodeSafetyContents('k', encode(first)), { ...read, droppedTables: [], schema: null })
  assert.equal(failureOf(() => decodeSafetyContents('k', encode({ ...sampleSafety(), format: 1 }))).code, 'object_damaged') // prettier-ignore
  assert.equal(failureOf(() => decodeSafetyContents('k', encode({ ...first, format: 2 }))).code, 'object_damaged') // prettier-ignore
})

const count = fc.nat({ max: Number.MAX_SAFE_INTEGER })
const text = fc.string({ unit: 'grapheme' })
const seconds = fc.integer({ min: 0, max: 4_000_000_000 })
const id = seconds.map((second) => newId(new Date(second * 1000)))
const moment = fc.integer({ min: 0, max: 4e12 }).map((at) => new Date(at).toISOString())
const name = fc.stringMatching(/^[0-9a-f]{64}$/)
const optional = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: null })

const statements = fc.array(fc.record({ object: text, sql: text }))

const safety: fc.Arbitrary<SafetyContents> = fc.record({
  format: fc.constant(2 as const),
  target: fc.record({
    address: text,
    database: text,
    databaseOid: fc.nat({ max: 4294967295 }),
    systemIdentifier: optional(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String)),
    timeline: optional(count),
    major: fc.integer({ min: 1, max: 1000 }),
    encoding: text,
  }),
  transaction: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
  tables: fc.array(
    fc
      .record({
        schema: text,
        name: text,
        columns: fc.uniqueArray(fc.record({ name: text, type: text }), { selector: (one) => one.name }),
        keyed: fc.boolean(),
        created: count,
        updated: count,
        deleted: count,
        pieces: fc.array(fc.record({ chunk: count, offset: count, length: count })),
      })
      .map(({ keyed, ...rest }) => ({
        ...rest,
        key: keyed && rest.columns.length > 0 ? rest.columns.map((one) => one.name) : null,
      })),
  ),
  madeTables: fc.array(
    fc.record({
      schema: text,
      name: text,
      rows: fc.nat(),
      expression: text,
      hash: fc.bigInt().map((n) => String(n).slice(0, 40)),
      keptRows: fc.boolean(),
    }),
  ),
  droppedTables: fc.array(
    fc.record({ schema: text, name: text, keptRows: fc.boolean(), noOwner: fc.boolean() }),
  ),
  schema: optional(
    fc.record({
      back: statements,
      forth: statements,
      objects: fc.array(
        fc.record({ key: text, object: text, before: optional(text), after: optional(text) }),
      ),
    }),
  ),
})

const record: fc.Arbitrary<RestoreRecord> = fc.record({
  format: fc.constant(1 as const),
  kind: fc.constantFrom('new database', 'in place', 'undo', 'swap'),
  backup: optional(id),
  moment: optional(moment),
  undoes: optional(id),
  target: text,
  who: text,
  started: moment,
  finished: moment,
  // JSON knows no -0.
  seconds: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  scope: fc.array(text),
  tables: fc.array(
    fc.record({ schema: text, name: text, created: count, updated: count, deleted: count, unchanged: count, conflicts: count }), // prettier-ignore
  ),
  checks: fc.array(fc.record({ what: text, result: text })),
  warnings: fc.array(text),
})

test('any contents of restores come back as they were', () => {
  fc.assert(fc.property(safety, (value) => assert.deepEqual(decodeSafetyContents('k', encode(value)), plain(value)))) // prettier-ignore
  fc.assert(fc.property(record, (value) => assert.deepEqual(decodeRestoreRecord('k', encode(value)), plain(value)))) // prettier-ignore
})

test('any documents of restores come back as they were, and only under their own owner, id and kind', () => {
  const document: fc.Arbitrary<ReportDocument> = fc
    .record({
      format: fc.constant(1 as const),
      id,
      backup: optional(id),
      undoes: optional(id),
      started: moment,
      finished: moment,
      epoch: fc.stringMatching(/^[0-9a-f]{16}$/),
      contents: name,
      more: fc.uniqueArray(fc.tuple(name, count, fc.integer({ min: 1 })), { selector: ([one]) => one }),
    })
    .map(({ more, ...rest }) => ({
      ...rest,
      chunks: [...more.filter(([one]) => one !== rest.contents), [rest.contents, 2, 300] as const],
    }))
  const seed = fc.uint8Array({ minLength: 32, maxLength: 32 })
  fc.assert(
    fc.property(document, seed, seed, ({ finished, ...rest }, ownerSeed, otherSeed) => {
      const ownerKey = publicKeyOf(ownerSeed)
      const report = { ...plain(rest), finished }
      const bytes = encodeRestoreDocument({ part: 'report', document: report, ownerSeed })
      const read = { part: 'report', id: report.id, bytes, ownerKey } as const
      assert.deepEqual(decodeRestoreDocument(read), report)
      const safetyBytes = encodeRestoreDocument({ part: 'safety', document: plain(rest), ownerSeed })
      assert.deepEqual(decodeRestoreDocument({ ...read, part: 'safety', bytes: safetyBytes }), plain(rest))

      assert.equal(failureOf(() => decodeRestoreDocument({ ...read, part: 'safety' })).code, 'object_damaged')
      const elsewhere = { ...read, id: newId(new Date(0)) }
      assert.equal(failureOf(() => decodeRestoreDocument(elsewhere)).code, 'object_damaged')
      fc.pre(publicKeyOf(otherSeed) !== ownerKey)
      const stranger = { ...read, ownerKey: publicKeyOf(otherSeed) }
      assert.equal(failureOf(() => decodeRestoreDocument(stranger)).code, 'manifest_forged')
    }),
    { numRuns: 50 },
  )
})

test('ids are those of backups, and sort by the second', () => {
  fc.assert(
    fc.property(seconds, seconds, (one, other) => {
      const [first, second] = [one, other].sort((a, b) => a - b).map((at) => newId(new Date(at * 1000)))
      assert.ok(first !== undefined && second !== undefined)
      assert.match(first, backupId)
      assert.ok(first.slice(0, 16) <= second.slice(0, 16))
    }),
  )
})

/** Without the prototypes that fast-check leaves out. */
function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T
}

function failureOf(work: () => unknown): HoldfastError {
  try {
    work()
  } catch (error) {
    if (isHoldfastError(error)) return error
    throw error
  }
  throw new Error('It was accepted.')
}
