import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmod, chown, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { failedChecks } from '../../src/cli/source-checks.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { isHoldfastError } from '../../src/lib/errors.ts'
import { makeAddress, type ServerAddress, type TlsSettings } from '../../src/postgres/address.ts'
import { connect, connectWire } from '../../src/postgres/connect.ts'
import { examineSource } from '../../src/snapshot/examine.ts'
import { wholeDatabase } from '../../src/snapshot/scope.ts'
import { addressOf } from '../support/address.ts'
import { testServer, type TestServer } from '../support/postgres.ts'
import { untilSome } from '../support/sessions.ts'

/** A server with a certificate for `localhost` that has signed itself. */
async function encryptedServer(): Promise<{ server: TestServer; root: string }> {
  const server = await testServer(17, { label: 'tls' })
  const directory = server.dataDirectory
  const paths = [join(directory, 'server.key'), join(directory, 'server.crt')] as const
  const request = ['req', '-x509', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  const name = ['-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  await promisify(execFile)('openssl', [...request, ...name, '-keyout', paths[0], '-out', paths[1]])
  const owner = await stat(directory)
  for (const path of paths) {
    await chmod(path, 0o600)
    if (process.geteuid?.() === 0) await chown(path, owner.uid, owner.gid)
  }
  await server.query('ALTER SYSTEM SET ssl = on')
  await server.query('SELECT pg_reload_conf()')
  for (let attempt = 0; attempt < 100; attempt++) {
    if ((await server.query('SHOW ssl'))[0]?.['ssl'] === 'on') break
    await sleep(20)
  }
  return { server, root: await readFile(paths[1], 'utf8') }
}

test('encryption as libpq means it: modes, checks of chain and name, COPY and cancel', async () => {
  const { server, root } = await encryptedServer()
  const plain = addressOf(server.url())
  const at = (tls: TlsSettings, host = 'localhost'): ServerAddress =>
    makeAddress({ ...plain, host, password: server.password, tls })
  const isEncrypted = async (address: ServerAddress): Promise<unknown> => {
    await using connection = await connect({ address })
    const [row] = await connection.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')
    return row?.['ssl']
  }
  assert.equal(await isEncrypted(at({ mode: 'disable' })), false)
  assert.equal(await isEncrypted(at({ mode: 'allow' })), false)
  for (const mode of ['prefer', 'require'] as const) assert.equal(await isEncrypted(at({ mode })), true)
  for (const mode of ['require', 'verify-ca', 'verify-full'] as const) {
    assert.equal(await isEncrypted(at({ mode, rootCertificate: root })), true)
  }
  assert.equal(await isEncrypted(at({ mode: 'verify-ca', rootCertificate: root }, '127.0.0.1')), true)
  const wrongName = at({ mode: 'verify-full', rootCertificate: root }, '127.0.0.1')
  const unknown = at({ mode: 'verify-full', rootCertificate: 'system' })
  for (const address of [wrongName, unknown]) {
    const refused: unknown = await connect({ address }).catch((error: unknown) => error)
    assert.ok(isHoldfastError(refused, 'connection_failed'))
    const [reachable, encrypted] = failedChecks(address, refused)
    assert.deepEqual([reachable?.result, encrypted?.name, encrypted?.result], ['good', 'encrypted', 'bad'])
  }
  const verified = at({ mode: 'verify-full', rootCertificate: root })
  const facts = await examineSource({ address: verified, scope: wholeDatabase, clock: systemClock })
  assert.match(facts.server.tls ?? '', /^TLSv1\.[23]$/)

  await using wire = await connectWire({ address: at({ mode: 'verify-full', rootCertificate: root }) })
  let bytesRead = 0
  const rows = await wire.copyOut("COPY (SELECT repeat('x', 99) FROM generate_series(1, 100000)) TO STDOUT", {
    write: (bytes) => void (bytesRead += bytes.length),
  })
  assert.deepEqual([rows, bytesRead], [100_000, 10_000_000])
  const cancelled = assert.rejects(wire.query('SELECT pg_sleep(60)'), { code: 'query_failed' })
  await untilSome(server, `pid = ${wire.processId} AND wait_event = 'PgSleep'`)
  await wire.cancel()
  await cancelled
})

test('a server without encryption: prefer falls back, require does not', async () => {
  const server = await testServer(17)
  const plain = addressOf(server.url())
  const at = (mode: TlsSettings['mode']): ServerAddress =>
    makeAddress({ ...plain, password: server.password, tls: { mode } })
  for (const mode of ['disable', 'allow', 'prefer'] as const) {
    await using connection = await connect({ address: at(mode) })
    assert.ok(connection.version > 170000)
  }
  await assert.rejects(connect({ address: at('require') }), { code: 'connection_failed' })
})
