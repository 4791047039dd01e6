import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nameTable } from '../../src/repository/name-table.ts'
import { numberedName } from '../support/chunks.ts'

test('each name is there once, under its number, however many there are', () => {
  const table = nameTable()
  const names = Array.from({ length: 5000 }, (_, n) => numberedName(n))
  for (const [n, name] of names.entries()) {
    assert.equal(table.find(name), -1)
    assert.equal(table.add(name), n)
    assert.equal(table.add(names[n >> 1] ?? ''), n >> 1)
  }
  assert.equal(table.size, names.length)
  for (const [n, name] of names.entries()) {
    assert.equal(table.find(name), n)
    assert.equal(table.name(n), name)
  }
})

test('names that differ in one digit only are told apart', () => {
  const table = nameTable()
  const names = Array.from({ length: 64 }, (_, n) => `${'0'.repeat(n)}1${'0'.repeat(63 - n)}`)
  names.push('0'.repeat(64))
  for (const name of names) table.add(name)
  assert.deepEqual(names.map((name) => table.name(table.find(name))), names) // prettier-ignore
  assert.equal(table.find('2'.repeat(64)), -1)
})
