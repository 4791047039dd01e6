import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { once } from 'node:events'
import { test } from 'node:test'
import { tarHeader } from '../../src/lib/tar.ts'
import { testServer } from '../support/postgres.ts'
import { serving } from '../support/serve.ts'

/* Archives that people send to a service in a process of its own. */

const server = await testServer(17)
const { directory, json, start, client } = await serving()
const shop = await server.database()
await shop.query('CREATE TABLE orders AS SELECT generate_series(1, 1000) AS id')
json(['backup', shop.url, '--repo', 'repo'])
json(['export', 'latest', '--repo', 'repo', '--format', 'archive', '--out', 'shop.holdfast'])
const archive = await readFile(join(directory, 'shop.holdfast'))

const padding = 290 * 1024 * 1024

test('300 MB are received in little memory, and what is larger than the limit is refused', async () => {
  const service = start(['serve', '--data', 'data', '--listen', '0', '--upload-limit', '310MB'])
  const key = await service.after(/not shown again: (hfk_\S+)/)
  const url = await service.after(/listens at (\S+)/)
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/octet-stream' }
  assert.equal((await send(`${url}/uploads?name=small`, headers, [archive])).status, 201)
  const before = memoryOf(service.child.pid, 'VmRSS')
  const large = await send(`${url}/uploads?name=large`, headers, enlarged())
  assert.equal(large.status, 201, large.text)
  const grown = memoryOf(service.child.pid, 'VmHWM') - before
  assert.ok(grown < 100_000, `${grown} kB more`)
  const many = await send(`${url}/uploads?name=more`, { ...headers, 'content-length': '320000000' }, [])
  assert.equal(many.status, 400, many.text)
  assert.match(many.text, /upload_too_large/)
  const { items } = await client(url, key).call<{ items: { name: string }[] }>('GET', '/repositories')
  assert.deepEqual(
    items.map(({ name }) => name),
    ['large', 'small'],
  )
  assert.equal(await service.stop(), 0, service.said())
})

/** The archive, with an object more that nothing refers to. */
function* enlarged(): Generator<Uint8Array> {
  yield tarHeader({ name: `chunks/00/${'0'.repeat(64)}`, size: padding, modified: new Date(0) })
  const piece = new Uint8Array(1024 * 1024)
  for (let sent = 0; sent < padding; sent += piece.length) yield piece
  yield archive
}

async function send(
  to: string,
  headers: Readonly<Record<string, string>>,
  pieces: Iterable<Uint8Array>,
): Promise<{ status: number | undefined; text: string }> {
  const call = request(to, { method: 'POST', headers })
  const answered = new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    call.on('error', reject)
    call.on('response', (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (piece: string) => (text += piece))
      answer.on('end', () => {
        resolve({ status: answer.statusCode, text })
        call.destroy()
      })
    })
  })
  if ('content-length' in headers) call.flushHeaders()
  else {
    for (const piece of pieces) if (!call.write(piece)) await Promise.race([once(call, 'drain'), answered])
    call.end()
  }
  return await answered
}

/** In kB: `VmRSS` now, `VmHWM` the most there ever was. */
function memoryOf(pid: number | undefined, what: 'VmRSS' | 'VmHWM'): number {
  const found = new RegExp(`^${what}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(found?.[1])
}
