import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { azureAt, azurite, freshAzureAddress } from '../../support/azurite.ts'
import { runProgram } from '../../support/programs.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'
import { listed } from '../conformance.ts'

/* A machine that has an identity and no key, over https: Microsoft's library asks a metadata server of ours, and Azurite takes the token. */

test('a machine with an identity needs no key, and a certificate that nobody vouches for ends it', async (t) => {
  const directory = await temporaryDirectory(t)
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
  const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
  runProgram('openssl', ['req', '-x509', '-nodes', '-days', '2', '-newkey', 'rsa:2048', '-keyout', key, '-out', cert, ...names], Buffer.alloc(0)) // prettier-ignore
  const place = await azurite(['--cert', cert, '--key', key, '--oauth', 'basic'])
  const asked: string[] = []
  const metadata = createServer((request, response) => {
    asked.push(`${request.headers['x-identity-header'] as string} ${request.url ?? ''}`)
    const expires = Math.floor(Date.now() / 1000) + 3600
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ access_token: token(expires), expires_on: expires, token_type: 'Bearer' }))
  })
  await new Promise<void>((resolve) => metadata.listen(0, '127.0.0.1', resolve))
  after(() => metadata.close())
  // As on App Service, where the library looks for a machine's identity.
  process.env['AZURE_TOKEN_CREDENTIALS'] = 'ManagedIdentityCredential'
  process.env['IDENTITY_ENDPOINT'] = `http://127.0.0.1:${(metadata.address() as AddressInfo).port}/token`
  process.env['IDENTITY_HEADER'] = 'of this test'

  const address = freshAzureAddress(place, 'conformance')
  await assert.rejects(azureAt({}, address).get('a'), { code: 'storage_certificate' })
  const storage = azureAt({}, `${address}&ca=${encodeURIComponent(cert)}`)
  await assert.rejects(storage.put('a', Buffer.from('x')), { code: 'storage_bucket_missing' })
  const { container } = await storage.connect()
  await container.create()
  assert.equal(await storage.put('a', Buffer.from('whole')), 'stored')
  assert.equal(Buffer.from(await storage.get('a')).toString(), 'whole')
  assert.deepEqual(await listed(storage, ''), ['a'])
  assert.ok(asked.every((one) => one.startsWith('of this test /token?') && one.includes('storage.azure.com')))
  assert.ok(asked.length >= 1)
})

/** What Azurite takes: it looks at what a token says, and not at its signature. */
function token(expires: number): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = {
    aud: 'https://storage.azure.com',
    iss: 'https://sts.windows.net/00000000-0000-0000-0000-000000000001/',
    iat: expires - 3700,
    nbf: expires - 3700,
    exp: expires,
  }
  return `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}.c2lnbmF0dXJl`
}
