import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { steadyClock, systemClock } from '../../src/lib/clock.ts'
import { openStorage } from '../../src/storage/address.ts'
import { parseS3Address, printS3Address } from '../../src/storage/s3/address.ts'

const limits = { requests: null, bytesPerSecond: null }
const open = (address: string) =>
  openStorage(address, { clock: systemClock, steadyClock, random: () => 0, limits })

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

test('an address of S3 that holds a secret or means nothing is refused, and its values are not repeated', () => {
  for (const address of [
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
  ]) {
    assert.throws(
      () => open(address),
      (error: Error & { code?: string; hint?: string }) =>
        error.code === 'usage' && !`${error.message} ${error.hint}`.includes('hunter22'),
      address,
    )
  }
})

test('plain http is for this machine only, unless the address allows it', () => {
  for (const host of ['localhost:1', '127.0.0.1', '127.8.8.8:90', '[::1]:90'])
    open(`s3://bucket?endpoint=http://${host}`)
  for (const host of ['example.com', '10.0.0.1', 'localhost.example.com', '127.0.0.1.example.com']) {
    assert.throws(() => open(`s3://bucket?endpoint=http://${host}`), {
      code: 'usage',
      message: /in the clear/,
    })
    open(`s3://bucket?endpoint=http://${host}&insecure=true`)
  }
})
