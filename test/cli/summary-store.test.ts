import assert from 'node:assert/strict'
import { chmod, readdir, readFile, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { summaryStore } from '../../src/cli/summary-store.ts'
import { putManifest } from '../../src/repository/manifests.ts'
import { openRepository } from '../../src/repository/open.ts'
import { parseHostFile } from '../../src/repository/hostfile.ts'
import { openLocalStorage } from '../../src/storage/local.ts'
import { commandLine } from '../support/command-line.ts'
import { sampleManifest } from '../support/repository.ts'

const cli = await commandLine()

test('what a list keeps only its user can read; what others could have written is not believed, and a hurt file is made anew', async () => {
  const storage = openLocalStorage(join(cli.directory, 'repo'))
  const configuration = join(cli.directory, '.config/holdfast')
  const [id = ''] = await readdir(configuration)
  const credentials = parseHostFile(await readFile(join(configuration, id, 'host.json'), 'utf8'))
  for (let i = 0; i < 100; i++) await putManifest(storage, sampleManifest(credentials), credentials)
  const listed = cli.json(['list'])
  const directory = join(cli.directory, '.cache/holdfast/summaries')
  const [name = ''] = await readdir(directory)
  const file = join(directory, name)
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  assert.equal((await stat(directory)).mode & 0o777, 0o700)
  assert.deepEqual(cli.json(['list']), listed)

  const repository = await openRepository({ storage })
  const store = summaryStore({ HOME: cli.directory }, repository)
  const { size } = await stat(file)
  assert.equal((await store.read())?.length, size)
  await chmod(file, 0o620)
  assert.equal(await store.read(), null)
  await chmod(file, 0o600)
  await truncate(file, size >> 1)
  assert.deepEqual(cli.json(['list']), listed)
  assert.equal((await stat(file)).size, size)
  assert.deepEqual(await readdir(directory), [name])

  // Nowhere to write to is no failure.
  const nowhere = summaryStore({ HOME: '/nowhere' }, repository)
  await nowhere.write('text')
  assert.equal(await nowhere.read(), null)
})
