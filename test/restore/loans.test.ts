import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lendingPoints } from '../../src/restore/loans.ts'

const points = (...types: string[]): number[] => lendingPoints(types.map((type) => ({ type })))

test('rights are lent when schemas are there, and once more when wrappers that an extension brings are', () => {
  assert.deepEqual(points('SCHEMA', 'SCHEMA', 'COLLATION', 'EXTENSION', 'SERVER', 'SERVER', 'TABLE'), [2, 4])
  assert.deepEqual(points('SCHEMA', 'SERVER'), [1])
  assert.deepEqual(points('TABLE'), [0])
  assert.deepEqual(points(), [0])
})
