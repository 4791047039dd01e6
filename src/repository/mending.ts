import { randomBytes } from 'node:crypto'
import type { CallOptions } from '../storage/storage.ts'
import { changeDamaged, readDamaged, type DamagePlace } from './damaged.ts'
import { chunkKey, mendedKey } from './format/chunk-names.ts'
import type { Manifest } from './format/manifest.ts'
import type { Signer } from './format/writer-mark.ts'

/** Which chunks a writer must store anew, although there is an object of their name. */
export interface Mending {
  /** Names of chunks that were found damaged: their objects are not to be taken over. */
  readonly names: ReadonlySet<string>
  /** Remembers which backups need such chunks. Call it with every backup that is there. */
  visit(manifest: Pick<Manifest, 'id' | 'chunks'>): void
  /** Under which key a chunk is to be put. Nothing is written over or deleted: beside a damaged object a copy is stored. */
  keyFor(name: string, isDamagedThere: boolean): string
  /** Takes what was put by now off the list of what is hurt, so that the backups that need it are whole again. */
  settle(o: { readonly when: Date } & CallOptions): Promise<void>
}

/** Reads what is known to be damaged, before a writer looks at what is stored. */
export async function openMending(o: { place: DamagePlace; signer: Signer } & CallOptions): Promise<Mending> {
  const { place, signer, signal } = o
  const known = await readDamaged(place, { signal })
  const listed = new Set(known.chunks.map(({ name }) => name))
  // Whether one is missing, or of another size, a writer sees for itself.
  const names = new Set(known.chunks.flatMap(({ name, fault }) => (fault === 'damaged' ? [name] : [])))
  const needs = new Map<string, readonly string[]>()
  const put = new Set<string>()
  const copy = randomBytes(8).toString('hex')
  return {
    names,
    visit({ id, chunks }) {
      if (listed.size > 0) needs.set(id, chunks.flatMap(([name]) => (listed.has(name) ? [name] : []))) // prettier-ignore
    },
    keyFor(name, isDamagedThere) {
      if (listed.has(name)) put.add(name)
      return isDamagedThere ? mendedKey(name, copy) : chunkKey(name)
    },
    async settle({ when, ...options }) {
      if (put.size === 0) return
      await changeDamaged({
        place,
        signer,
        when,
        ...options,
        change({ chunks, backups }) {
          const left = chunks.filter(({ name }) => !put.has(name))
          if (left.length === chunks.length) return null
          const hurt = new Set(left.map(({ name }) => name))
          // A backup that was not there when this writer began may need anything.
          const isHurt = (id: string): boolean =>
            needs.get(id)?.some((name) => hurt.has(name)) ?? hurt.size > 0
          return { chunks: left, backups: backups.filter(isHurt) }
        },
      })
    },
  }
}
