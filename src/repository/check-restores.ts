import { isHoldfastError } from '../lib/errors.ts'
import type { CallOptions } from '../storage/storage.ts'
import { readErasedDocuments } from './erasures.ts'
import type { ErasedDocument } from './format/erased.ts'
import { restoreKey } from './format/fields.ts'
import type { Manifest } from './format/manifest.ts'
import { listRestores, type RefusedRestore, type RestoresOf } from './restores.ts'

/** The documents of restores, as a check goes through them. */
export interface VisitedRestores {
  /** Ids of the restores whose documents were visited, newest first. */
  readonly ids: readonly string[]
  readonly refused: readonly RefusedRestore[]
  /** Visits the same documents again. */
  again(visit: (id: string, chunks: Manifest['chunks']) => void): Promise<void>
}

/** Visits what restores left. A document that is stored from now on, by a restore that is running, is not visited again. */
export async function visitRestores(
  repository: RestoresOf,
  visit: (document: Pick<Manifest, 'chunks'>) => void,
  options: CallOptions,
): Promise<VisitedRestores> {
  const visited = new Set<string>()
  const { restores, refused } = await listRestores(repository, {
    ...options,
    visit(document, part) {
      visited.add(restoreKey(document.id, part))
      visit(document)
    },
  })
  return {
    ids: restores.map(({ id }) => id),
    refused,
    async again(visitAgain) {
      await listRestores(repository, {
        ...options,
        visit({ id, chunks }, part) {
          if (visited.has(restoreKey(id, part))) visitAgain(id, chunks)
        },
      })
    },
  }
}

/** The documents of erasures and withdrawals, which name one chunk each, and what is not accepted under `erased/`. */
export async function visitErasures(
  repository: RestoresOf,
  options: CallOptions,
): Promise<{ readonly documents: readonly ErasedDocument[]; readonly refused: readonly RefusedRestore[] }> {
  const refused: RefusedRestore[] = []
  const documents = await readErasedDocuments({ repository, ...options }, (key, error) => {
    if (!isHoldfastError(error) || error.code === 'storage_failed') throw error
    refused.push({ key, code: error.code, reason: error.message })
  })
  return { documents, refused }
}
