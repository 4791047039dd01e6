import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { openStorage } from '../../src/storage/address.ts'

test('paths and file addresses are local storage', () => {
  assert.equal(openStorage('/srv/backups').address, '/srv/backups')
  assert.equal(openStorage('backups').address, resolve('backups'))
  assert.equal(openStorage('file:///srv/my%20backups').address, '/srv/my backups')
})

test('other addresses are refused, and never shown whole: they may hold a password', () => {
  for (const address of [
    's3://key:secret@bucket/x',
    'azure://a:secret@b',
    'https://u:secret@x/',
    'gcs://secret',
  ]) {
    assert.throws(
      () => openStorage(address),
      (error: Error & { code?: string }) => error.code === 'usage' && !error.message.includes('secret'),
    )
  }
  for (const address of ['', 'file://host/x']) assert.throws(() => openStorage(address), { code: 'usage' })
})
