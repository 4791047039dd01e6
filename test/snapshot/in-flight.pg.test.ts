import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import { failure, newRepository, requireSame, stateOf } from '../support/journey.ts'
import { tcpProxy, testServer, type TestDatabase, type TestServer } from '../support/postgres.ts'
import { changeMessages, commandComplete, copyData } from '../support/server-messages.ts'

/* What becomes of what comes between the server and us: rows lost, sent twice, changed, and another version than is there. */

let server: TestServer
let source: TestDatabase

before(async () => {
  server = await testServer(17)
  source = await server.database()
  // More than one range, and a table small enough to share its chunk with others.
  await source.query(`
    CREATE TABLE large AS SELECT n AS id, 'row ' || n || ' of large ' || repeat(md5(n::text), 20) AS text FROM generate_series(1, 5000) n;
    CREATE TABLE small AS SELECT n AS id, 'row ' || n || ' of small' AS text FROM generate_series(1, 100) n`)
})

/** A proxy that changes the message which brings the row with this text, and those that the server ends a COPY with. */
function tampered(row: string, change: (message: Buffer) => Buffer, ends = (message: Buffer) => message) {
  let changes = 0
  const changed = changeMessages((message) => {
    if (message[0] === commandComplete && changes > 0) return ends(message)
    if (message[0] !== copyData || !message.includes(row)) return message
    changes += 1
    return change(message)
  })
  return { proxy: tcpProxy(server.port, changed), changes: () => changes }
}

const lost = (): Buffer => Buffer.alloc(0)
const twice = (message: Buffer): Buffer => Buffer.concat([message, message])

test('a server of a major version that is not supported is refused before anything is read', async () => {
  const [row] = await source.query('SHOW server_version_num')
  const number = String(row?.['server_version_num'])
  for (const [other, far] of [
    ['140022', 'older'],
    ['190001', 'newer'],
  ] as const) {
    // The number is as long as its own, so that the message stays one.
    const change = changeMessages((message) => {
      const at = message.indexOf(number)
      if (at >= 0) message.write(other, at)
      return message
    })
    const repository = await newRepository(openMemoryStorage())
    await using door = await tcpProxy(server.port, change)
    const error = await failure(repository.backUp(door.url(source.url)), 'source_unsupported')
    assert.match(error.message, new RegExp(`^Postgres ${other.slice(0, 2)} is ${far} than`))
    assert.match(error.hint, /Postgres 15 to 18/)
    assert.deepEqual(await repository.list(), [])
  }
})

test('a row that is lost or comes twice on its way makes no backup', async () => {
  for (const row of ['row 2500 of large ', 'row 50 of small']) {
    for (const change of [lost, twice]) {
      const repository = await newRepository(openMemoryStorage())
      const { proxy, changes } = tampered(row, change)
      await using door = await proxy
      const error = await failure(repository.backUp(door.url(source.url)), 'source_mismatch')
      assert.match(error.message, /The server says it sent \d+ rows, and \d+ were received/)
      assert.equal(changes(), 1)
      assert.deepEqual(await repository.list(), [])
    }
  }
})

test('a row that is lost with the number that would tell is found by the count of the source', async () => {
  for (const [row, table, rows] of [
    ['row 2500 of large ', 'large', 5000],
    ['row 50 of small', 'small', 100],
  ] as const) {
    const repository = await newRepository(openMemoryStorage())
    const { proxy } = tampered(row, lost, oneLess())
    await using door = await proxy
    const error = await failure(repository.backUp(door.url(source.url)), 'source_mismatch')
    assert.match(error.message, new RegExp(`public\\.${table}: ${rows - 1} rows .* counts ${rows} `))
    assert.deepEqual(await repository.list(), [])
  }
})

/** Makes the first number of rows that passes one less. */
function oneLess(): (message: Buffer) => Buffer {
  let done = false
  return (message) => {
    const text = message.subarray(5).toString('latin1')
    if (done || !text.startsWith('COPY ')) return message
    done = true
    const body = Buffer.from(
      text.replace(/\d+/, (digits) => String(Number(digits) - 1)),
      'latin1',
    )
    const header = Buffer.from([commandComplete, 0, 0, 0, 0])
    header.writeUInt32BE(body.length + 4, 1)
    return Buffer.concat([header, body])
  }
}

test('a row that is changed on its way is found by the restore and the drill of a backup that hashed it', async () => {
  const cases = [
    ['row 2500 of large ', 'large', 'full'],
    // A table this small is hashed whole by every sampled proof.
    ['row 50 of small', 'small', 'sampled'],
  ] as const
  for (const [row, table, proof] of cases) {
    const repository = await newRepository(openMemoryStorage())
    const { proxy, changes } = tampered(row, flipped)
    await using door = await proxy
    await repository.backUp(door.url(source.url), { proof })
    assert.equal(changes(), 1)
    await using target = await server.database()
    const before = await stateOf(target.url)
    const error = await failure(repository.restoreTo(target.url), 'restore_differs')
    assert.match(error.message, new RegExp(`public\\.${table}`))
    requireSame(await stateOf(target.url), before, 'the target')
    if (proof === 'full') continue
    const drilled = await failure(repository.drill(), 'drill_failed')
    assert.equal(drilled.details['code'], 'restore_differs')
  }
})

/** One bit of the last letter before the row's end. */
function flipped(message: Buffer): Buffer {
  const copy = Buffer.from(message)
  const at = copy.length - 2
  copy[at] = (copy[at] ?? 0) ^ 1
  return copy
}
