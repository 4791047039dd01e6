import assert from 'node:assert/strict'
import { previewPrune, runPrune } from '../../src/prune/prune.ts'
import { noRules } from '../../src/retention/policy.ts'
import { checkRepository } from '../../src/repository/check.ts'
import { putChecked } from '../../src/repository/checked.ts'
import { erasuresInForce, putErasure } from '../../src/repository/erasures.ts'
import { chunkKey, chunkName } from '../../src/repository/format/chunk-names.ts'
import { initRepository } from '../../src/repository/init.ts'
import { admitHost, rotate } from '../../src/repository/keys.ts'
import { noteDamage } from '../../src/repository/note-damage.ts'
import { openRepository, openUnlocked } from '../../src/repository/open.ts'
import { putPin, readPins, removePins } from '../../src/repository/pins.ts'
import { readerOf } from '../../src/repository/session.ts'
import { newId } from '../../src/repository/ids.ts'
import type { HostCredentials } from '../../src/repository/types.ts'
import { markUse } from '../../src/repository/uses.ts'
import { putVerified } from '../../src/repository/verified.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { bytesOf } from '../support/chunks.ts'
import { begin, finish, hour, type movingClock } from '../support/prune.ts'
import { replaceObject } from '../support/repository.ts'
import { sampleRestore, storeRestore } from '../support/restores.ts'
import { readerHere } from './reader.ts'

/** What somebody knows who works with a repository: what they hold, and what they were told is done. */
export interface Life {
  readonly clock: ReturnType<typeof movingClock>
  credentials: HostCredentials | null
  identity: string | null
  /** Rows by the id of each backup that was begun. */
  readonly rows: Map<string, readonly string[]>
  /** Ids of backups that they were told are made, and that no policy removes. */
  readonly kept: Set<string>
  readonly pinned: Set<string>
  erasures: number
  restores: number
}

export function newLife(clock: Life['clock']): Life {
  return {
    clock,
    credentials: null,
    identity: null,
    rows: new Map(),
    kept: new Set(),
    pinned: new Set(),
    erasures: 0,
    restores: 0,
  }
}

export function copyOf(life: Life, clock: Life['clock']): Life {
  return { ...life, clock, rows: new Map(life.rows), kept: new Set(life.kept), pinned: new Set(life.pinned) }
}

/** One thing that is done with a repository. What it writes down in the life is what it was told has been done. */
export interface Step {
  readonly name: string
  run(life: Life, storage: Storage): Promise<void>
  /** Done to the storage by others, and not made to fail. */
  readonly byOthers?: boolean
}

const held = <T>(value: T | null): T => value ?? assert.fail('there is no repository yet')

function backup(rows: readonly string[]): Step {
  return {
    name: `a backup of ${rows.join('')}`,
    async run(life, storage) {
      const machine = { storage, credentials: held(life.credentials), clock: life.clock }
      await using writer = await begin(machine)
      life.rows.set(writer.id, rows)
      await finish(machine, writer, rows)
      life.kept.add(writer.id)
    },
  }
}

const open = async (life: Life, storage: Storage) =>
  await openUnlocked({ storage, identity: held(life.identity) })

function check(share: number): Step {
  return {
    name: share < 1 ? 'a check of a share' : 'a check of everything',
    async run(life, storage) {
      const { repository, vault } = await open(life, storage)
      await using reader = readerOf(repository, vault, 1)
      const when = life.clock.now()
      const result = await checkRepository({ repository, reader, share, now: when })
      const signer = { id: 'owner', seed: vault.ownerSeed }
      await noteDamage({ place: repository, result, signer, when })
      const arc = result.arc ?? assert.fail()
      const found = { when: when.toISOString(), seconds: 0, ...arc, objects: 1, bytes: 1, hurt: 0 }
      await putChecked({ repository, vault, after: result.earlier, found })
    },
  }
}

/** The two newest stay, and what is pinned. */
function prune(name: string): Step {
  return {
    name,
    async run(life, storage) {
      const request = {
        repository: await openRepository({ storage }),
        policy: { ...noRules, last: 2 },
        sources: null,
        restoresMs: 90 * 24 * hour,
        despiteRefused: false,
        graceMs: 24 * hour,
        clock: life.clock,
      }
      const { decisions } = await previewPrune(request)
      // From now on they may be gone, whatever becomes of this.
      for (const { backup: one, keep } of decisions) if (!keep) life.kept.delete(one.id)
      await runPrune(request)
    },
  }
}

/** The whole life of a repository, in which each step finds what the ones before have left. */
export const steps: readonly Step[] = [
  {
    name: 'init',
    async run(life, storage) {
      await initRepository({
        storage,
        clock: life.clock,
        hostName: 'alpha',
        recipient: { kind: 'new-identity' },
        save: async ({ hostCredentials, identityFile }) => {
          life.credentials = hostCredentials
          life.identity = identityFile
        },
      })
    },
  },
  backup(['a', 'b']),
  backup(['b', 'c']),
  {
    name: 'a pin',
    async run(life, storage) {
      const repository = await openRepository({ storage, trust: { host: held(life.credentials) } })
      const oldest = (await repository.manifests()).backups.at(-1)?.id ?? assert.fail()
      const when = life.clock.now()
      await putPin({ repository, credentials: held(life.credentials), backup: oldest, when, reason: 'r', who: 'w' }) // prettier-ignore
      life.pinned.add(oldest)
    },
  },
  {
    name: 'a restore, and what it leaves',
    async run(life, storage) {
      const { repository, vault } = await open(life, storage)
      const manifest = await repository.find('latest')
      await using _ = await markUse({ storage, id: manifest.id })
      await using reader = readerOf(repository, vault, 1)
      for (const [name] of manifest.chunks) await reader.read(name)
      const restore = sampleRestore(31 + life.restores, { id: newId(life.clock.now()) })
      await storeRestore({ repository, vault, restore })
      life.restores += 1
    },
  },
  {
    name: 'the mark of a drill',
    async run(life, storage) {
      const { repository, vault } = await open(life, storage)
      const manifest = await repository.find('latest')
      const compared = { hashed: 1, sampled: 0, counted: 0 }
      const found = { result: 'passed', level: 'whole', compared, assertions: { passed: 0, failed: 0 }, notVerified: 0, seconds: 1, holdfast: '0' } as const // prettier-ignore
      await putVerified({ repository, vault, manifest, when: life.clock.now(), found })
    },
  },
  {
    name: 'an erasure',
    async run(life, storage) {
      const { repository, vault } = await open(life, storage)
      const erasure = { schema: 'public', name: 't', columns: ['id'], reason: 'r', who: 'w', keys: [] }
      await putErasure({ repository, vault, when: life.clock.now(), withdraws: null, erasure })
      life.erasures += 1
    },
  },
  {
    name: 'new keys',
    async run(life, storage) {
      await rotate({ ...(await open(life, storage)), clock: life.clock })
    },
  },
  {
    name: 'another host',
    async run(life, storage) {
      const name = `host ${life.clock.now().getTime()}`
      const { credentials } = await admitHost({ ...(await open(life, storage)), clock: life.clock, name })
      life.credentials = credentials
    },
  },
  backup(['c', 'd']),
  check(0.3),
  {
    name: 'a disk that damages a chunk',
    byOthers: true,
    async run(life, storage) {
      const { vault } = await open(life, storage)
      const key = chunkKey(chunkName(vault.namingKey, bytesOf('c')))
      await replaceObject(storage, key, (await storage.get(key)).map((byte, at) => (at === 250 ? byte ^ 1 : byte))) // prettier-ignore
    },
  },
  check(1),
  backup(['c', 'e']),
  prune('a prune that plans'),
  prune('a prune that removes'),
  {
    name: 'an unpin',
    async run(life, storage) {
      const { repository } = await open(life, storage)
      for (const id of [...life.pinned, ...(await readPins({ repository })).keys()]) {
        life.pinned.delete(id)
        life.kept.delete(id)
        await removePins({ repository, backup: id })
      }
    },
  },
  backup(['a', 'f']),
  prune('a second prune that plans'),
  prune('a second prune that removes'),
]

/** Everything that was said to be there is there, whole, and what it was. `mayBeHurt`: a chunk was damaged and is not mended. */
export async function requireKept(life: Life, storage: Storage, mayBeHurt: boolean): Promise<void> {
  const { repository, vault } = await open(life, storage)
  const reader = readerHere(storage, vault)
  const { report, refused } = await checkRepository({ repository, reader, share: 1, now: life.clock.now() })
  assert.deepEqual(refused, [])
  const ids = new Set<string>()
  const damaged = chunkName(vault.namingKey, bytesOf('c'))
  for (const { id, ...faults } of [...report.backups, ...report.restores, ...report.erasures])
    for (const [fault, names] of Object.entries(faults))
      assert.deepEqual(names.filter((name) => !mayBeHurt || name !== damaged), [], `${fault} in ${id}`) // prettier-ignore
  for (const { id } of report.backups) {
    ids.add(id)
    const { chunks } = await repository.find(id)
    const texts: string[] = []
    for (const [name] of chunks)
      texts.push(mayBeHurt && name === damaged ? 'c' : Buffer.from(await reader.read(name)).toString())
    const rows = life.rows.get(id) ?? assert.fail(`${id} was never begun`)
    // Where a prune stands in the way spaces are added.
    const expected = [...rows, JSON.stringify({ id, rows })]
    assert.deepEqual(new Set(texts.map((text) => text.trimEnd())), new Set(expected), id)
  }
  for (const id of [...life.kept, ...life.pinned]) assert.ok(ids.has(id), `${id} is gone`)
  const pins = await readPins({ repository })
  for (const id of life.pinned) assert.ok(pins.has(id), `${id} is not pinned any more`)
  const erasures = await erasuresInForce({ repository, reader })
  assert.ok(erasures.length >= life.erasures, `${erasures.length} of ${life.erasures} erasures`)
  assert.ok(report.restores.length >= life.restores, `${report.restores.length} of ${life.restores} restores`)
}
