import { ask, type CloudFacts, type Retention } from '../remote/facts.ts'
import type { AzureLocation } from './address.ts'
import type { AzureStorage } from './azure.ts'
import { sending, type AzureConnection } from './client.ts'
import { azureError } from './errors.ts'
import { putWhole } from './put.ts'

const dayMs = 24 * 60 * 60 * 1000

/**
 * Asks a container what it is like. Of versions, and of most rules for keeping, the service tells those who manage the account, and not those
 * who use it: one blob below `tmp/` shows what becomes of all of them. It is deleted again, if it may be.
 */
export async function azureFacts(o: {
  readonly storage: AzureStorage
  readonly location: AzureLocation
  readonly signal: AbortSignal
}): Promise<CloudFacts> {
  const { signal } = o
  const name = o.location.container
  const connection = await o.storage.connect()
  const { service, container, clockAheadMs } = connection
  const explain = (thrown: unknown) =>
    azureError(thrown, {
      action: 'read',
      place: `azblob://${name}`,
      container: name,
      clockAheadMs: clockAheadMs(),
      signal,
    })
  const example = await ask(explain, () => showExample(connection, `${o.location.prefix}tmp/example`, signal))
  const retention = await ask(explain, async (): Promise<Retention | null> => {
    if (!('answer' in example)) throw example.failure
    if (example.answer.retention !== null) return example.answer.retention
    const { hasImmutabilityPolicy, hasLegalHold } = await container.getProperties(sending({ signal }))
    const kept = hasImmutabilityPolicy === true || hasLegalHold === true
    return kept ? { days: null, locked: null } : null
  })
  const softDeleteDays = await ask(explain, async () => {
    const { deleteRetentionPolicy: policy } = await service.getProperties(sending({ signal }))
    return policy?.enabled === true ? (policy.days ?? null) : null
  })
  return {
    encrypted: container.url.startsWith('https:'),
    clockAheadMs: clockAheadMs(),
    versioning: 'answer' in example ? { answer: example.answer.versioned ? 'on' : 'off' } : example,
    softDeleteDays,
    retention,
  }
}

async function showExample(
  { container }: AzureConnection,
  key: string,
  signal: AbortSignal,
): Promise<{ readonly versioned: boolean; readonly retention: Retention | null }> {
  const blob = container.getBlockBlobClient(key)
  const options = sending({ signal })
  // One that is left of another time tells as much.
  await putWhole({ blob, data: Buffer.from('x'), call: { signal } })
  const found = await blob.getProperties(options)
  const { versionId, immutabilityPolicyExpiresOn: until, lastModified, immutabilityPolicyMode } = found
  await blob.delete().catch(() => undefined)
  return {
    versioned: versionId !== undefined,
    retention:
      until === undefined || lastModified === undefined
        ? null
        : {
            days: Math.round((until.getTime() - lastModified.getTime()) / dayMs),
            locked: immutabilityPolicyMode === 'Locked',
          },
  }
}
