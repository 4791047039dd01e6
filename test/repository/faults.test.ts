import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHoldfastError } from '../../src/lib/errors.ts'
import { initRepository, type InitResult } from '../../src/repository/init.ts'
import { addRecipient, admitHost, removeRecipient, rotate } from '../../src/repository/keys.ts'
import { openUnlocked } from '../../src/repository/open.ts'
import { generateIdentity } from '../../src/repository/crypto/age.ts'
import { failAt, openFaultyStorage, type Fault } from '../../src/storage/faulty.ts'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { newUnlocked, setClock } from '../support/repository.ts'

/* Every call of the storage fails once, before it is done or after: what is left must be one of what it may be. */

/** More than any of these operations makes. */
const calls = 12
const kinds: readonly Fault['kind'][] = ['fail', 'lost']

test('an init that the storage fails at any call leaves a repository that opens, or room for the next init', async () => {
  for (const kind of kinds) {
    let failures = 0
    for (let call = 1; call <= calls; call++) {
      const inner = openMemoryStorage()
      const storage = openFaultyStorage(inner, failAt(call, undefined, { kind } as Fault))
      let saved: InitResult | null = null
      const init = (into: Storage) =>
        initRepository({
          storage: into,
          clock: setClock(),
          hostName: 'a',
          recipient: { kind: 'new-identity' },
          save: async (result) => void (saved = result),
        })
      const made = await init(storage).catch(storageFailed)
      if (made === null) {
        failures += 1
        const header = await inner.head('holdfast')
        if (header === null) await init(inner)
      }
      await openUnlocked({ storage: inner, identity: identityOf(saved) })
    }
    assert.ok(failures >= 6, `${failures} calls were made to fail`)
  }
})

test('a change of keys that the storage fails at any call is done or not, and can be done again', async () => {
  const bob = generateIdentity()
  const eve = generateIdentity()
  const changes: Readonly<
    Record<string, (owner: Awaited<ReturnType<typeof newUnlocked>>) => Promise<unknown>>
  > = {
    rotate,
    admitHost: (owner) => admitHost({ ...owner, name: 'beta' }),
    addRecipient: (owner) =>
      addRecipient({ ...owner, name: 'eve', recipient: { kind: 'public-key', publicKey: eve.publicKey } }),
    removeRecipient: (owner) => removeRecipient({ ...owner, name: 'bob' }),
  }
  for (const [name, change] of Object.entries(changes)) {
    for (const kind of kinds) {
      let failures = 0
      for (let call = 1; call <= calls; call++) {
        const owner = await newUnlocked()
        const inner = owner.storage
        const before = await addRecipient({
          ...owner,
          name: 'bob',
          recipient: { kind: 'identity', identity: bob.identity },
        })
        const storage = openFaultyStorage(inner, failAt(call, undefined, { kind } as Fault))
        const broken = { ...owner, ...before, repository: { ...before.repository, storage } }
        const done = await change(broken).catch(storageFailed)
        const opened = await openUnlocked({ storage: inner, identity: owner.identity })
        const told = `${name}, ${kind} at call ${call}`
        assert.ok([2, 3].includes(opened.repository.keyset.version), told)
        if (done !== null) continue
        failures += 1
        // Where the answer was lost it may be done, and then says so: a name that is there already.
        const current = { repository: opened.repository, vault: opened.vault }
        const again = await change({ ...owner, ...current }).catch((error: unknown) => {
          if (isHoldfastError(error, 'usage') && opened.repository.keyset.version === 3) return null
          throw error
        })
        const after = await openUnlocked({ storage: inner, identity: owner.identity })
        assert.ok(again === null || after.repository.keyset.version >= 3, told)
        if (name !== 'removeRecipient') continue
        await assert.rejects(
          openUnlocked({ storage: inner, identity: bob.identity }),
          { code: 'identity_wrong' },
          told,
        )
        const left: string[] = []
        for await (const { key } of inner.list('keys/')) left.push(key)
        assert.equal(left.length, 1, told)
      }
      assert.ok(failures >= 2, `${name}, ${kind}: ${failures} calls were made to fail`)
    }
  }
})

/** Null for an error of the storage, which is what was to be seen. */
function storageFailed(error: unknown): null {
  if (isHoldfastError(error, 'storage_failed')) return null
  throw error
}

function identityOf(result: InitResult | null): string {
  assert.ok(result?.identityFile)
  return result.identityFile
}
