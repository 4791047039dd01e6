import assert from 'node:assert/strict'
import { test } from 'node:test'
import { azureAccess, azureSecrets } from '../../../src/storage/azure/access.ts'
import { parseAzureAddress } from '../../../src/storage/azure/address.ts'

/* Which account and credential are meant, from the address and the environment. */

const key = Buffer.from('hunter22-the-key-of-an-account').toString('base64')
const sas = 'sv=2024-11-04&sp=rcl&sig=hunter22%2Bsignature%3D'
const access = (address: string, environment: Readonly<Record<string, string>>) =>
  azureAccess(parseAzureAddress(address), environment)
const connection = `DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=${key};EndpointSuffix=core.chinacloudapi.cn`

test('the address comes before the environment, and of that the connection string before the rest', () => {
  const all = { AZURE_STORAGE_ACCOUNT: 'other', AZURE_STORAGE_KEY: key, AZURE_STORAGE_SAS_TOKEN: sas }
  const plain = access('azblob://backups?account=shop', all)
  assert.equal(plain.service.href, 'https://shop.blob.core.windows.net/')
  assert.deepEqual(plain.credential, { kind: 'key', account: 'shop', key })
  assert.equal(access('azblob://backups', all).service.host, 'other.blob.core.windows.net')

  const string = access('azblob://backups', { ...all, AZURE_STORAGE_CONNECTION_STRING: connection })
  assert.equal(string.service.href, 'https://shop.blob.core.chinacloudapi.cn/')
  assert.deepEqual(string.credential, { kind: 'key', account: 'shop', key })

  const endpoint = access('azblob://backups?endpoint=https://blobs.example.com/shop', {
    AZURE_STORAGE_KEY: key,
  })
  assert.equal(endpoint.service.href, 'https://blobs.example.com/shop')
  assert.deepEqual(endpoint.credential, { kind: 'key', account: 'shop', key })
})

test('a SAS is used where there is no key, and a login where there is neither', () => {
  const address = 'azblob://backups?account=shop'
  assert.deepEqual(access(address, { AZURE_STORAGE_SAS_TOKEN: `?${sas}` }).credential, {
    kind: 'sas',
    token: sas,
  })
  const shared = `BlobEndpoint=https://shop.blob.core.windows.net/;SharedAccessSignature=${sas}`
  const given = { AZURE_STORAGE_CONNECTION_STRING: shared, AZURE_STORAGE_KEY: key }
  assert.deepEqual(access('azblob://backups', given).credential, { kind: 'sas', token: sas })
  assert.deepEqual(access(address, {}).credential, { kind: 'login' })
  assert.deepEqual(access(address, { AZURE_STORAGE_KEY: '' }).credential, { kind: 'login' })
})

test('what can not be meant is refused, and no value of the environment is repeated', () => {
  const cases: [string, Readonly<Record<string, string>>, RegExp][] = [
    ['azblob://backups', {}, /names no storage account/],
    ['azblob://backups?account=other', { AZURE_STORAGE_CONNECTION_STRING: connection }, /another account/],
    ['azblob://backups', { AZURE_STORAGE_CONNECTION_STRING: 'hunter22' }, /not a connection string/],
    ['azblob://backups', { AZURE_STORAGE_CONNECTION_STRING: 'BlobEndpoint=hunter22' }, /not the address/],
    ['azblob://backups?account=shop', { AZURE_STORAGE_KEY: 'hunter22!' }, /not base64/],
    [
      'azblob://backups',
      { AZURE_STORAGE_CONNECTION_STRING: connection.replace('https;', 'http;') },
      /in the clear/,
    ],
    [
      'azblob://backups?endpoint=http://10.0.0.1/shop&insecure=true',
      { AZURE_STORAGE_SAS_TOKEN: sas },
      /credential itself/,
    ],
    ['azblob://backups?endpoint=http://127.0.0.1/shop', {}, /credential itself/],
  ]
  for (const [address, environment, message] of cases) {
    assert.throws(
      () => access(address, environment),
      (error: Error & { code?: string; hint?: string }) =>
        error.code === 'usage' &&
        message.test(error.message) &&
        !`${error.message} ${error.hint}`.includes('hunter22'),
      address,
    )
  }
  access('azblob://backups?endpoint=http://10.0.0.1/shop&insecure=true', { AZURE_STORAGE_KEY: key })
  access('azblob://backups?endpoint=http://127.0.0.1/shop', { AZURE_STORAGE_SAS_TOKEN: sas })
})

test('every secret of the environment is known, to be kept out of what is printed', () => {
  const secrets = azureSecrets({
    AZURE_STORAGE_CONNECTION_STRING: connection,
    AZURE_STORAGE_SAS_TOKEN: `?${sas}`,
    AZURE_STORAGE_ACCOUNT: 'shop',
  })
  for (const secret of [connection, key, `?${sas}`, 'hunter22+signature='])
    assert.ok(secrets.includes(secret))
  assert.ok(!secrets.includes('shop'))
  assert.deepEqual(azureSecrets({}), [])
})
