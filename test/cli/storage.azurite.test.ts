import { ContainerSASPermissions } from '@azure/storage-blob'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SourceCheck } from '../../src/cli/source-checks.ts'
import { azureAt, azurite, containerAt } from '../support/azurite.ts'
import { commandLine } from '../support/command-line.ts'
import { testServer } from '../support/postgres.ts'
import { storageJourney } from '../support/storage-journey.ts'

/* A repository in Azure's blob storage, as far as Azurite is that, by the real command line. */

const place = await azurite()
const server = await testServer(17)
const line = await commandLine()
const container = containerAt(place, 'backups')
await container.create()
const address = `azblob://backups/team/shop?endpoint=${place.endpoint}`
const env = { ...place.environment }

interface Told {
  readonly storage: string
  readonly checks: readonly SourceCheck[]
}
interface Refused {
  readonly error: { readonly code: string; readonly details: Partial<Told> }
}
const found = (checks: readonly SourceCheck[] = []): Map<string, string> =>
  new Map(checks.map(({ name, result, text }) => [name, `${result}: ${text}`]))

test('from init to a prune, all of it works in a container as on a disk', async (t) => {
  await storageJourney(t, { server, line, address, env, storage: azureAt(env, address) })
})

test('a container is told as it is, to its owner and to a credential that can only create', async () => {
  const { storage, checks } = line.json<Told>(['storage', 'test', address], { env })
  assert.equal(storage, address)
  const owner = found(checks)
  for (const name of ['write', 'write once', 'read', 'list', 'latency', 'rate', 'clock']) {
    assert.match(owner.get(name) ?? '', /^good/, name)
  }
  assert.match(owner.get('delete') ?? '', /^note: objects can be deleted/)
  assert.match(owner.get('encrypted') ?? '', /^note: no/)
  assert.match(owner.get('retention') ?? '', /^note: none/)
  assert.match(owner.get('soft delete') ?? '', /^note: off/)

  const url = await container.generateSasUrl({
    permissions: ContainerSASPermissions.parse('rcl'),
    expiresOn: new Date(Date.now() + 3_600_000),
  })
  // The address of the account, and not that of the container, which the SAS is of.
  const sas = { AZURE_STORAGE_SAS_TOKEN: new URL(url).search }
  const guest = found(line.json<Told>(['storage', 'test', address], { env: sas }).checks)
  assert.match(guest.get('delete') ?? '', /^good: this credential can not delete/)
  assert.match(guest.get('soft delete') ?? '', /^unknown: could not be asked/)
})

test('a container that would not do is told with what to do, and no secret', async () => {
  const wrong = { ...env, AZURE_STORAGE_KEY: Buffer.from('hunter22'.repeat(8)).toString('base64') }
  const sas = { AZURE_STORAGE_SAS_TOKEN: 'sv=2024-11-04&se=2020-01-01T00:00:00Z&sr=c&sp=rcl&sig=hunter22' }
  const cases: [string, string, number, Record<string, string>][] = [
    [address, 'storage_denied', 5, wrong],
    [address, 'storage_denied', 5, sas],
    [`azblob://nowhere/x?endpoint=${place.endpoint}`, 'storage_bucket_missing', 3, env],
    ['azblob://backups/x?endpoint=http://127.0.0.1:1/holdfast', 'storage_unreachable', 6, env],
    ['azblob://backups/x?endpoint=http://storage.example.com', 'usage', 2, env],
    ['azblob://backups/x', 'usage', 2, {}],
    [address, 'usage', 2, {}],
    ['azblob://backups/x?sig=hunter22', 'usage', 2, env],
    ['azure://backups/x', 'usage', 2, env],
  ]
  for (const [where, code, status, environment] of cases) {
    const args = ['storage', 'test', where, '--json', '--quiet']
    const told = line.run(args, { ...environment, HOLDFAST_DEBUG: '1' })
    assert.equal(told.status, status, `${where}: ${told.stdout}${told.stderr}`)
    assert.equal((JSON.parse(told.stdout) as Refused).error.code, code, where)
    for (const secret of [env.AZURE_STORAGE_KEY, wrong.AZURE_STORAGE_KEY, 'hunter22'])
      assert.ok(!`${told.stdout}${told.stderr}`.includes(secret), where)
  }
})
