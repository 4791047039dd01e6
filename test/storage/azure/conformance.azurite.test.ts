import { ContainerSASPermissions } from '@azure/storage-blob'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { steadyClock } from '../../../src/lib/clock.ts'
import type { AzureStorage } from '../../../src/storage/azure/azure.ts'
import { createRetry, retryingStorage } from '../../../src/storage/retry.ts'
import type { Storage } from '../../../src/storage/storage.ts'
import { azureAt, azurite, containerAt, freshAzureAddress } from '../../support/azurite.ts'
import { notedRetry } from '../../support/noted-retry.ts'
import { tcpProxy } from '../../support/tcp-proxy.ts'
import { listed, storageConformance } from '../conformance.ts'

/* The contract, and what a server refuses, against Azurite. */

const place = await azurite()
await containerAt(place, 'conformance').create()
const parts = { from: 1024 ** 2, size: 300_000 }

function retrying(address: string): Storage {
  const retry = createRetry({ clock: steadyClock, random: Math.random })
  return retryingStorage(azureAt(place.environment, address, { retry }), retry)
}

storageConformance('azure', async () => retrying(freshAzureAddress(place, 'conformance')))

test('wrong credentials and a missing container are told as what they are', async () => {
  const address = freshAzureAddress(place, 'conformance')
  const wrong = { ...place.environment, AZURE_STORAGE_KEY: Buffer.alloc(64, 1).toString('base64') }
  const stranger = azureAt(wrong, address)
  // Azurite has for a wrong signature the name that the service has for a network that is kept out.
  const refused = { code: 'storage_denied', hint: /credential is wrong/ }
  await assert.rejects(stranger.get('a'), refused)
  await assert.rejects(stranger.put('a', Buffer.from('x')), refused)
  await assert.rejects(listed(stranger, ''), refused)
  const nowhere = azureAt(place.environment, freshAzureAddress(place, 'nowhere'), { parts })
  const missing = { code: 'storage_bucket_missing', hint: /container nowhere/ }
  await assert.rejects(nowhere.head('a'), missing)
  await assert.rejects(nowhere.get('a'), missing)
  await assert.rejects(nowhere.put('a', Buffer.from('x')), missing)
  await assert.rejects(nowhere.put('a', Buffer.alloc(parts.from)), missing)
  await assert.rejects(nowhere.delete('a'), missing)
  await assert.rejects(listed(nowhere, ''), missing)
})

test('a SAS gives the rights that it names, and no others', async () => {
  const owner = azureAt(place.environment, freshAzureAddress(place, 'conformance'))
  const container = containerAt(place, 'conformance')
  const signed = async (rights: string, minutes = 60): Promise<AzureStorage> => {
    const url = new URL(
      await container.generateSasUrl({
        permissions: ContainerSASPermissions.parse(rights),
        expiresOn: new Date(Date.now() + minutes * 60_000),
      }),
    )
    return azureAt({ AZURE_STORAGE_SAS_TOKEN: url.search }, owner.address, { parts })
  }
  const backingUp = await signed('rcl')
  assert.equal(await backingUp.put('a', Buffer.from('x')), 'stored')
  assert.equal(await backingUp.put('a', Buffer.from('y')), 'exists')
  assert.equal(await backingUp.put('big', Buffer.alloc(parts.from)), 'stored')
  assert.equal(Buffer.from(await backingUp.get('a')).toString(), 'x')
  assert.deepEqual(await listed(backingUp, ''), ['a', 'big'])
  await assert.rejects(backingUp.delete('a'), { code: 'storage_denied', hint: /d in a SAS/ })
  const reading = await signed('rl')
  await assert.rejects(reading.put('b', Buffer.from('x')), { code: 'storage_denied', hint: /c in a SAS/ })
  await assert.rejects(listed(await signed('rc'), ''), { code: 'storage_denied', hint: /l in a SAS/ })
  await assert.rejects((await signed('rcl', -1)).get('a'), { code: 'storage_denied', hint: /credential/ })
  assert.equal(await (await signed('rwcld')).delete('a'), undefined)
})

test('connections that are cut again and again lose nothing', async () => {
  const server = new URL(place.endpoint)
  await using proxy = await tcpProxy(Number(server.port))
  const address = freshAzureAddress({ endpoint: proxy.url(place.endpoint) }, 'conformance')
  const { retry } = notedRetry()
  const storage = retryingStorage(azureAt(place.environment, address, { retry }), retry)
  const objects = Array.from({ length: 6 }, (_, i) => ({ key: `k${i}`, data: randomBytes(300_000 + i) }))
  for (const { key, data } of objects) {
    // The answer to a put is short: it is cut within it.
    proxy.cutAfter(10)
    const result = await storage.put(key, data)
    assert.ok(result === 'stored' || result === 'exists')
    proxy.cutAfter(100_000)
    assert.ok(data.equals(await storage.get(key)))
  }
  proxy.cutAfter(500)
  assert.deepEqual(
    await listed(storage, ''),
    objects.map(({ key }) => key),
  )
})

test('what others put into the container is passed over', async () => {
  const storage = azureAt(place.environment, freshAzureAddress(place, 'conformance'))
  const prefix = new URL(storage.address).pathname.slice(1)
  const container = containerAt(place, 'conformance')
  await storage.put('folder/a', Buffer.from('x'))
  await container.getBlockBlobClient(`${prefix}/folder`).upload('', 0, { metadata: { hdi_isfolder: 'true' } })
  await container.getBlockBlobClient(`${prefix}/a b.txt`).upload('x', 1)
  await container.getBlockBlobClient(`${prefix}/tmp/b`).upload('x', 1)
  assert.deepEqual(await listed(storage, ''), ['folder/a'])
})
