import assert from 'node:assert/strict'
import { argon2Sync } from 'node:crypto'
import { test } from 'node:test'
import { emailOf } from '../../src/people/accounts.ts'
import { generatePassword, hashPassword, requirePassword, verifyPassword } from '../../src/people/password.ts'

test('a password is told from others, in every spelling of its letters, and nothing of it is in the hash', async () => {
  const hash = await hashPassword('caf\u00e9 au lait with mint')
  assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/)
  assert.notEqual(hash, await hashPassword('caf\u00e9 au lait with mint'), 'each has a salt of its own')
  assert.deepEqual(await verifyPassword('cafe\u0301 au lait with mint', hash), {
    right: true,
    outdated: false,
  })
  assert.equal((await verifyPassword('cafe au lait with mint', hash)).right, false)
  assert.equal((await verifyPassword('', hash)).right, false)
})

test('a hash says itself what it took, so one of another time still counts, and is to be made anew', async () => {
  const nonce = Buffer.from('0123456789abcdef')
  const message = 'a password of before'
  const tag = argon2Sync('argon2id', {
    message,
    nonce,
    memory: 8192,
    passes: 1,
    parallelism: 1,
    tagLength: 32,
  })
  const plain = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '')
  const hash = `$argon2id$v=19$m=8192,t=1,p=1$${plain(nonce)}$${plain(tag)}`
  assert.deepEqual(await verifyPassword(message, hash), { right: true, outdated: true })
})

test('what is tried first is refused, and nothing else', () => {
  for (const bad of [
    'short words',
    'qwertyuiop12',
    'QWERTYUIOP12',
    'Correct Horse Battery Staple',
    'aaaaaaaaaaaaaaaa',
    'abababababab',
    'amina.haddad@example.com',
    'Amina.Haddad',
    '🐫🐫🐫🐫🐫🐫🐫🐫🐫🐫🐫🐫',
  ])
    assert.throws(() => requirePassword(bad, 'amina.haddad@example.com'), { code: 'password_refused' }, bad)
  for (const good of [
    'seven green camels',
    'كلمات لا علاقة بينها',
    '            four spaces',
    generatePassword(),
  ])
    requirePassword(good, 'amina@example.com')
  assert.notEqual(generatePassword(), generatePassword())
  assert.match(generatePassword(), /^([a-z2-9]{6}-){3}[a-z2-9]{6}$/)
})

test('an address is known under one spelling, and letters that turn into others are none', () => {
  assert.equal(emailOf(' Amina@Example.COM '), 'amina@example.com')
  for (const bad of [
    'amina',
    '@',
    'a b@example.com',
    '\u212Aim@example.com',
    'am\u0131na@example.com',
    'a@b\n',
    `${'a'.repeat(400)}@b`,
  ])
    // prettier-ignore
    assert.throws(() => emailOf(bad), { code: 'request_invalid' }, bad)
})
