import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { Hono } from 'hono'
import { readConsole, serveConsole } from '../../src/api/console.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const page = '<!doctype html><title>Holdfast</title>'
const script = 'export const answer = 42\n'.repeat(20)

async function consoleOf(directory: string) {
  await mkdir(join(directory, 'assets'))
  await writeFile(join(directory, 'index.html'), page)
  await writeFile(join(directory, 'assets/index-4f3a.js'), script)
  await writeFile(join(directory, 'assets/index-4f3a.js.gz'), gzipSync(script))
  await writeFile(join(directory, 'secret.pem'), 'not to be served')
  const files = await readConsole(directory)
  const app = new Hono()
  app.get('*', (c) => serveConsole(files, c) ?? c.notFound())
  return (path: string, headers: Record<string, string> = {}) => app.request(path, { headers })
}

test('every address of the console is its one page, which is asked for anew and may load nothing from elsewhere', async (t) => {
  const get = await consoleOf(await temporaryDirectory(t))
  for (const path of ['/', '/backups/20261128T024501Z-5b54e685', '/jobs?status=failed', '/secret.pem']) {
    const response = await get(path)
    assert.equal(await response.text(), page)
    assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8')
    assert.equal(response.headers.get('cache-control'), 'no-cache')
    const policy = response.headers.get('content-security-policy') ?? ''
    assert.match(policy, /default-src 'none'.*script-src 'self'.*style-src 'self'.*frame-ancestors 'none'/)
    assert.doesNotMatch(policy, /unsafe|data:|\*/)
    const again = await get(path, { 'if-none-match': response.headers.get('etag') ?? '' })
    assert.equal(again.status, 304)
  }
})

test('files are kept for good, sent compressed to whoever takes that, and are gone when they are gone', async (t) => {
  const get = await consoleOf(await temporaryDirectory(t))
  const plain = await get('/assets/index-4f3a.js')
  assert.equal(await plain.text(), script)
  assert.match(plain.headers.get('cache-control') ?? '', /immutable/)
  const packed = await get('/assets/index-4f3a.js', { 'accept-encoding': 'br, gzip;q=0.9' })
  assert.equal(packed.headers.get('content-encoding'), 'gzip')
  assert.equal(gunzipSync(Buffer.from(await packed.arrayBuffer())).toString(), script)
  for (const path of [
    '/assets/index-0000.js',
    '/assets/index-4f3a.js.gz',
    '/assets/..%2f..%2fsecret.pem',
    '/api/v1/nothing',
    '/api',
  ])
    assert.equal((await get(path)).status, 404, path)
})
