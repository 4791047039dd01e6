import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { openCatalog } from '../../src/catalog/catalog.ts'
import { catalogKey } from '../../src/catalog/key-file.ts'
import { createSeal } from '../../src/catalog/seal.ts'
import { placeOf } from '../../src/catalog/secrets.ts'
import { parseHostFile } from '../../src/repository/hostfile.ts'
import { addressOf } from '../support/address.ts'
import { commandLine } from '../support/command-line.ts'
import { testServer } from '../support/postgres.ts'

const server = await testServer(17)
const { directory, json } = await commandLine()

interface Rebuilt {
  readonly repository: { readonly name: string; readonly added: boolean }
  readonly backups: number
}

test('who would wait for ever, or work on nothing, is told so', () => {
  for (const args of [['serve', '--no-worker', '--data', 'd'], ['worker', '--data', 'd'], ['catalog']]) {
    const { error } = json<{ error: { code: string } }>(args, { status: 2 })
    assert.equal(error.code, 'usage')
  }
})

test('a catalog that was lost is told what the repository knows, and can back up to it again', async () => {
  const [shop, catalog] = await Promise.all([server.database(), server.database()])
  const back = () =>
    json<{ backup: { id: string; source: string } }>(['backup', shop.url, '--repo', 'repo']).backup
  const made = [back(), back()]
  const path = join(directory, 'key')
  const rebuild = (status = 0, name = 'main') =>
    json<Rebuilt>(['catalog', 'rebuild', name, '--repo', 'repo', '--catalog-key-file', path], {
      status,
      env: { HOLDFAST_CATALOG: catalog.url },
    })
  assert.deepEqual(rebuild().repository, { name: 'main', added: true })

  const seal = createSeal(await catalogKey({ path, make: false }))
  await using opened = await openCatalog({ address: addressOf(catalog.url), seal, connections: 1 })
  const { system } = opened
  const [repository] = await system.query<{ id: string; address: string; secrets: Buffer }>(
    'SELECT id, address, secrets FROM holdfast.repositories',
  )
  assert.ok(repository !== undefined)
  assert.equal(repository.address, join(directory, 'repo'))
  const { hostFile } = seal.open(placeOf.repository(repository.id), repository.secrets)
  assert.equal(parseHostFile(String(hostFile)).format, 1)
  const known = () =>
    system.query<{ id: string; source_hash: string }>(
      'SELECT id, source_hash FROM holdfast.backups ORDER BY sequence',
    )
  assert.deepEqual(
    await known(),
    made.map(({ id, source }) => ({ id, source_hash: source })),
  )

  // What is not there any more goes, what is new comes, and nothing is there twice.
  await system.query(`UPDATE holdfast.backups SET id = 'gone' WHERE id = $1`, [made[0]?.id])
  made.push(back())
  assert.deepEqual(rebuild(), { repository: { name: 'main', added: false }, backups: 3, refused: [] })
  assert.deepEqual(
    (await known()).map(({ id }) => id),
    made.map(({ id }) => id),
  )
  rebuild(2, 'No Name')
})
