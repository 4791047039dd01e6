import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/lib/clock.ts'
import { runBackup, type BackupRequest } from '../../src/snapshot/backup.ts'
import { wholeDatabase } from '../../src/snapshot/scope.ts'

test('a name or description that no manifest can hold is refused before anything is read', async () => {
  const bad: readonly Pick<BackupRequest, 'name' | 'description'>[] = [
    { name: '', description: null },
    { name: 'two\nlines', description: null },
    { name: 'x'.repeat(201), description: null },
    { name: null, description: 'notes of another system\r\n' },
    { name: null, description: 'x'.repeat(4001) },
  ]
  for (const one of bad) {
    const request = {
      ...one,
      // Nobody may connect: nothing listens there.
      source: { host: '127.0.0.1', port: 1, user: 'nobody', password: undefined, database: 'none' },
      scope: wholeDatabase,
      proof: 'counts',
      jobs: 1,
      lockTimeoutMs: 1,
      clock: systemClock,
    } as const
    await assert.rejects(runBackup({ ...request, writer: {} as BackupRequest['writer'] }), { code: 'usage' })
  }
})
