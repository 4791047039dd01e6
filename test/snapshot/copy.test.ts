import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHoldfastError, type HoldfastError } from '../../src/lib/errors.ts'
import type { SizedTable } from '../../src/postgres/introspect/tables.ts'
import { serverError } from '../../src/postgres/failures.ts'
import type { Wire } from '../../src/postgres/wire.ts'
import { createChunker } from '../../src/repository/chunker.ts'
import { readTask } from '../../src/snapshot/copy.ts'

const table = {
  schema: 'shop',
  name: 'scan',
  columns: [{ name: 'id' }],
  pages: 1,
  bytes: 1,
} as unknown as SizedTable

/** What reading a table fails with whose COPY the server refuses so. */
async function failureOf(sqlstate: string, message: string, detail?: string): Promise<HoldfastError> {
  const empty = { hint: undefined, context: undefined, schema: undefined, table: undefined }
  const failure = { ...empty, column: undefined, constraint: undefined, fatal: false, detail }
  const wire = {
    copyOut: () => Promise.reject(serverError({ ...failure, sqlstate, message })),
  } as unknown as Wire
  const chunker = createChunker({ store: () => Promise.resolve(0) })
  const task = { kind: 'bundle', tables: [table], bytes: 1 } as const
  const error: unknown = await readTask({ task, wire, chunker, encoding: 'UTF8' }).catch(
    (thrown: unknown) => thrown,
  )
  assert.ok(isHoldfastError(error))
  assert.match(error.message, /shop\.scan/)
  assert.equal(error.details['table'], 'shop.scan')
  assert.equal(error.details['sqlstate'], sqlstate)
  return error
}

test('a row that is too long for the text of COPY is told with its table, however the server puts it', async () => {
  // As servers of 15 to 18 were seen to say it of a bytea of 600 MB, and of three texts of 400 MB in one row.
  const said = [
    ['XX000', 'invalid memory alloc request size 1200000003'],
    [
      '54000',
      'out of memory',
      'Cannot enlarge string buffer containing 800000004 bytes by 400000000 more bytes.',
    ],
    ['54000', 'string buffer exceeds maximum allowed length (1073741823 bytes)'],
  ] as const
  for (const [sqlstate, message, detail] of said) {
    const error = await failureOf(sqlstate, message, detail)
    assert.equal(error.code, 'row_too_long')
    assert.match(error.hint, /--exclude-data/)
  }
})

test('whatever else the server refuses while rows are copied is told with the table', async () => {
  const error = await failureOf('XX001', 'invalid page in block 3 of relation base/5/16400')
  assert.equal(error.code, 'query_failed')
  assert.match(error.message, /invalid page in block 3/)
  // What a damaged length looks like: no reason to leave the table out.
  for (const damaged of [
    'cache lookup failed for type 7',
    'invalid memory alloc request size 18446744073709551613',
  ])
    assert.equal((await failureOf('XX000', damaged)).code, 'query_failed')
})
