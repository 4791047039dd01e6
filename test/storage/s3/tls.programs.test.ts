import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { runProgram } from '../../support/programs.ts'
import { s3Server } from '../../support/s3-server.ts'
import { s3At } from '../../support/s3.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

test('a storage whose certificate nobody vouches for is refused, unless the address names its authority', async (t) => {
  const directory = await temporaryDirectory(t)
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'a certificate.pem')]
  const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
  const args = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-keyout', key, '-out', cert]
  runProgram('openssl', ['req', '-x509', '-nodes', '-days', '2', ...args, ...names], Buffer.alloc(0))
  const tls = { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') }
  const server = await s3Server({ tls })
  const address = `s3://bucket/x?endpoint=${server.endpoint}`
  await assert.rejects(s3At(server, address).put('a', Buffer.from('x')), { code: 'storage_certificate' })
  assert.equal(server.requests.length, 0)

  const trusting = s3At(server, `${address}&ca=${encodeURIComponent(cert)}`)
  assert.equal(await trusting.put('a', Buffer.from('x')), 'stored')
  // The certificate is of an address, not of a name.
  const named = address.replace('127.0.0.1', 'localhost')
  const elsewhere = s3At(server, `${named}&ca=${encodeURIComponent(cert)}`)
  await assert.rejects(elsewhere.get('a'), { code: 'storage_certificate' })

  await writeFile(cert, 'nothing')
  for (const path of [cert, join(directory, 'none')]) {
    await assert.rejects(s3At(server, `${address}&ca=${encodeURIComponent(path)}`).get('a'), {
      code: 'usage',
    })
  }
})
