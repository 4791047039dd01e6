import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { connectWire } from '../../src/postgres/connect.ts'
import { addressOf } from '../support/address.ts'
import { testServer } from '../support/postgres.ts'

const HARD = String.raw`SELECT i, v, repeat(v, i * 50) AS long, NULLIF(i % 3, 0) AS n FROM generate_series(1, 40) i,
  unnest(ARRAY['', '\N', '\.', E'\t', E'\r\n', E'a\\b', E'\b\f\v', 'ä€😀', '"q"', '''', ' ', E'\x01']) v`

test('COPY out gives the bytes that psql gives', async () => {
  const server = await testServer(17)
  await using database = await server.database()
  await database.query(`CREATE TABLE hard AS ${HARD}`)
  await using wire = await connectWire({ address: addressOf(database.url) })
  const parts: Buffer[] = []
  await wire.copyOut('COPY public.hard TO STDOUT', { write: (bytes) => void parts.push(Buffer.from(bytes)) })
  const { stdout } = await promisify(execFile)('psql', ['-Xc', 'COPY hard TO STDOUT', database.url], {
    encoding: 'buffer',
    maxBuffer: 1 << 28,
    env: { ...process.env, PGCLIENTENCODING: 'UTF8' },
  })
  assert.ok(Buffer.concat(parts).equals(stdout))
})
