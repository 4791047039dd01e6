import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { steadyClock, systemClock } from '../../src/lib/clock.ts'
import { isHoldfastError } from '../../src/lib/errors.ts'
import { openStorage } from '../../src/storage/address.ts'
import { parseAzureAddress } from '../../src/storage/azure/address.ts'
import { parseGoogleAddress } from '../../src/storage/google/address.ts'
import { parseS3Address, printS3Address } from '../../src/storage/s3/address.ts'

const limits = { requests: null, bytesPerSecond: null }
const open = (address: string) =>
  openStorage(address, { clock: systemClock, steadyClock, random: () => 0, limits, environment: {} })

test('paths and file addresses are local storage', () => {
  assert.equal(open('/srv/backups').address, '/srv/backups')
  assert.equal(open('backups').address, resolve('backups'))
  assert.equal(open('file:///srv/my%20backups').address, '/srv/my backups')
})

test('other addresses are refused, and never shown whole: they may hold a password', () => {
  for (const address of ['azure://a:secret@b', 'https://u:secret@x/', 'gcs://secret']) {
    assert.throws(
      () => open(address),
      (error: Error & { code?: string }) => error.code === 'usage' && !error.message.includes('secret'),
    )
  }
  for (const address of ['', 'file://host/x']) assert.throws(() => open(address), { code: 'usage' })
})

test('an address of S3 is printed as it was given', () => {
  for (const address of [
    's3://bucket',
    's3://bucket/shop/backups',
    's3://my.bucket/a?region=eu-central-1',
    's3://bucket?endpoint=https://s3.example.com',
    's3://bucket/a?endpoint=https://s3.example.com:9000/path/s3&region=garage&path-style=false&ca=/etc/a%20b%26c.pem',
    's3://bucket/a?path-style=true',
    's3://bucket/a?endpoint=http://storage.internal&insecure=true',
    's3://bucket/a?endpoint=http://[::1]:9000',
  ]) {
    assert.equal(open(address).address, address)
    assert.deepEqual(parseS3Address(printS3Address(parseS3Address(address))), parseS3Address(address))
  }
  assert.equal(open('S3://bucket/a/?').address, 's3://bucket/a')
  assert.equal(parseS3Address('s3://bucket?endpoint=http://127.0.0.1:1').pathStyle, true)
  assert.equal(parseS3Address('s3://bucket').pathStyle, false)
  assert.equal(parseS3Address('s3://bucket/a/b').prefix, 'a/b/')
  assert.equal(parseS3Address('s3://bucket/').prefix, '')
})

test('an address of Azure is printed as it was given', () => {
  for (const address of [
    'azblob://backups',
    'azblob://backups/shop/b?account=myaccount',
    'azblob://b-1/a?account=shop&endpoint=https://blobs.example.com:444/shop&ca=/etc/a%20b%26c.pem',
    'azblob://backups?endpoint=http://storage.internal/shop&insecure=true',
    'azblob://backups?endpoint=http://127.0.0.1:10000/devstoreaccount1',
  ]) {
    assert.equal(open(address).address, address)
  }
  assert.equal(open('AZBLOB://backups/a/?').address, 'azblob://backups/a')
  assert.equal(parseAzureAddress('azblob://backups/a/b').prefix, 'a/b/')
})

test('an address of Google is printed as it was given', () => {
  for (const address of [
    'gs://backups',
    'gs://my.backups_1/shop/b?project=shop-123',
    'gs://backups/a?endpoint=https://storage.example.com:444&project=example.com:shop&ca=/etc/a%20b%26c.pem',
    'gs://backups?endpoint=http://127.0.0.1:4443',
  ]) {
    assert.equal(open(address).address, address)
  }
  assert.equal(open('GS://backups/a/?').address, 'gs://backups/a')
  assert.equal(parseGoogleAddress('gs://backups/a/b').prefix, 'a/b/')
})

test('an address of another kind is refused with the one that was meant', () => {
  for (const [address, meant] of [
    ['azure://a', /azblob:\/\//],
    ['wasbs://a', /azblob:\/\//],
    ['gcs://a', /gs:\/\//],
    ['sftp://a', /file:\/\/, s3:\/\//],
    ['constructor://a', /file:\/\/, s3:\/\//],
  ] as const) {
    assert.throws(() => open(address), { code: 'usage', hint: meant })
  }
})

test('an address that lacks a slash is not taken for a directory, and not shown', () => {
  for (const address of ['s3:/secret/shop', 's3:https://u:secret@h/bucket', 'GS:secret', 'file:/secret'])
    assert.throws(
      () => open(address),
      (error) => isHoldfastError(error, 'usage') && !/secret/.test(error.message + error.hint),
      address,
    )
  assert.match(open('./s3:x').address, /\/s3:x$/)
})

test('an address of S3 that holds a secret or means nothing is refused, and its values are not repeated', () => {
  refuseAll([
    's3://key:hunter22@bucket/x',
    's3://hunter22@bucket/x',
    's3://bucket/x?secret-access-key=hunter22',
    's3://bucket/x?AWSAccessKeyId=hunter22',
    's3://bucket/x?X-Amz-Signature=hunter22',
    's3://bucket/x?endpoint=https://u:hunter22@s3.example.com',
    's3://bucket/x?hunter22',
    's3://bucket/x#hunter22',
    's3://bucket/x?endpoint=hunter22',
    's3://bucket/x?path-style=hunter22',
    's3://bucket/x?region=hunter22%20',
    's3://bucket/x?region=hunter22&region=b',
    's3://bucket/x?region=hunter22%',
    's3://',
    's3:///hunter22',
    's3://bucket//hunter22',
    's3://bucket/../hunter22',
    's3://bucket/hunter22?region=',
  ])
})

test('an address of Azure that holds a secret or means nothing is refused, and its values are not repeated', () => {
  const signed = 'sv=2024-11-04&sp=rcl&sig=hunter22'
  refuseAll([
    'azblob://account:hunter22@backups/x',
    'azblob://hunter22@backups/x',
    `azblob://backups/x?${signed}`,
    'azblob://backups/x?sig=hunter22',
    'azblob://backups/x?AccountKey=hunter22',
    'azblob://backups/x?sas=hunter22',
    'azblob://backups/x?endpoint=https://u:hunter22@blobs.example.com',
    `azblob://backups/x?endpoint=${encodeURIComponent(`https://shop.blob.core.windows.net/?${signed}`)}`,
    `azblob://backups/x?endpoint=https://shop.blob.core.windows.net/?${signed}`,
    'azblob://backups/x#hunter22',
    'azblob://backups/x?account=hunter22!',
    'azblob://Hunter22_/x',
    'azblob://hunter22--a/x',
    'azblob://$hunter22/x',
    'azblob://backups//hunter22',
    'azblob://backups/x?account=hunter22&account=b',
  ])
})

test('an address of Google that holds a secret or means nothing is refused, and its values are not repeated', () => {
  refuseAll([
    'gs://hunter22@backups/x',
    'gs://backups/x?key=hunter22',
    'gs://backups/x?access_token=hunter22',
    'gs://backups/x?private_key=hunter22',
    'gs://backups/x?X-Goog-Signature=hunter22',
    'gs://backups/x?endpoint=https://u:hunter22@storage.example.com',
    'gs://backups/x?project=hunter22!',
    'gs://backups/x?insecure=hunter22',
    'gs://backups/x#hunter22',
    'gs://Hunter22/x',
    'gs://backups//hunter22',
    // A token goes along with every request.
    'gs://backups/hunter22?endpoint=http://storage.example.com',
  ])
})

function refuseAll(addresses: readonly string[]): void {
  for (const address of addresses) {
    assert.throws(
      () => open(address),
      (error: Error & { code?: string; hint?: string }) =>
        error.code === 'usage' && !`${error.message} ${error.hint}`.includes('hunter22'),
      address,
    )
  }
}

test('plain http is for this machine only, unless the address allows it', () => {
  for (const host of ['localhost:1', '127.0.0.1', '127.8.8.8:90', '[::1]:90'])
    open(`s3://bucket?endpoint=http://${host}`)
  for (const host of ['example.com', '10.0.0.1', 'localhost.example.com', '127.0.0.1.example.com']) {
    assert.throws(() => open(`s3://bucket?endpoint=http://${host}`), {
      code: 'usage',
      message: /in the clear/,
    })
    open(`s3://bucket?endpoint=http://${host}&insecure=true`)
    assert.throws(() => open(`azblob://backups?endpoint=http://${host}/shop`), { message: /in the clear/ })
    open(`azblob://backups?endpoint=http://${host}/shop&insecure=true`)
  }
})
