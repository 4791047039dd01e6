import assert from 'node:assert/strict'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { localChecks } from '../../src/cli/storage-checks.ts'
import type { SourceCheck } from '../../src/cli/source-checks.ts'
import { commandLine } from '../support/command-line.ts'

/* `storage test` of directories. Buckets: storage.radosgw.test.ts. */

const { directory, run, json } = await commandLine()

test('a directory is told as it is, before and after there is a repository', async () => {
  const { checks, metrics } = json<{
    checks: SourceCheck[]
    metrics: { put: { calls: number; bytes: number } }
  }>(['storage', 'test', 'elsewhere'])
  const found = new Map(checks.map(({ name, result, text }) => [name, `${result}: ${text}`]))
  for (const name of ['write', 'write once', 'read', 'list', 'latency', 'rate', 'room', 'permissions']) {
    assert.match(found.get(name) ?? '', /^good/, name)
  }
  assert.ok(metrics.put.calls >= 6 && metrics.put.bytes > 8_000_000)
  await chmod(join(directory, 'repo'), 0o755)
  const told = run(['storage', 'test'])
  assert.equal(told.status, 0, told.stderr)
  assert.match(
    told.stdout,
    /ok +write once[\s\S]*note +permissions +other users.*755[\s\S]*A repository would work there/,
  )
  assert.equal(run(['check']).status, 0)
})

test('a directory that may not be written is a problem, with its exit status', async () => {
  await writeFile(join(directory, 'file'), '')
  const { error } = json<{ error: { code: string; details: { checks: SourceCheck[] } } }>(
    ['storage', 'test', 'file/in/the/way'],
    { status: 1 },
  )
  assert.equal(error.code, 'storage_failed')
  assert.deepEqual(error.details.checks.filter(({ result }) => result === 'bad').map(({ name }) => name), ['write']) // prettier-ignore
})

test('a file system of a network is named', () => {
  const checks = localChecks({ freeBytes: 10, network: 'NFS', mode: 0o700 })
  assert.match(checks.find(({ name }) => name === 'file system')?.text ?? '', /^NFS, over a network/)
})

test('rates are read as they are shown', () => {
  for (const rate of ['20MB/s', '1.5GB/s', '500kB', '2000 b/s']) {
    assert.equal(
      run(['storage', 'test', 'rated', '--limit-rate', rate === '20MB/s' ? rate : '1GB/s']).status,
      0,
    )
  }
  for (const rate of ['20', 'fast', '20Mbit/s', '10B/s', '-1MB/s']) {
    const { status, stderr } = run(['storage', 'test', 'rated', `--limit-rate=${rate}`])
    assert.deepEqual([status, /--limit-rate can't be/.test(stderr)], [2, true], rate)
  }
})
