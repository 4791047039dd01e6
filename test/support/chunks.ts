import { randomBytes } from 'node:crypto'
import { generateIdentity, recipientOf } from '../../src/repository/format/age-keys.ts'
import type { Manifest } from '../../src/repository/format/manifest.ts'
import { openReader } from '../../src/repository/reader.ts'
import type { BackupWriter } from '../../src/repository/types.ts'
import { openWriter, type WriterCopy } from '../../src/repository/writer.ts'
import type { Storage } from '../../src/storage/storage.ts'

/** Keys as a repository holds them, without the repository. */
export function chunkKeys() {
  const identity = generateIdentity()
  const namingKey = randomBytes(32)
  const epoch = { id: 'epoch1', publicKey: recipientOf(identity) }
  return {
    namingKey,
    epoch,
    identity,
    writer: (storage: Storage, previous: readonly Manifest[] = [], signal?: AbortSignal) =>
      openWriter({ copies: [writerCopy(storage, previous)], id: '20261121T013131Z-00000001', started: new Date('2026-11-21T01:31:31Z'), namingKey, epoch, host: { id: 'host1' }, threads: 1, signal }), // prettier-ignore
    reader: (storage: Storage) =>
      openReader({ storage, namingKey, epochs: new Map([[epoch.id, identity]]), threads: 1 }),
  }
}

/** A copy that nobody prunes, and whose manifests go nowhere. */
function writerCopy(storage: Storage, previous: readonly Manifest[]): WriterCopy {
  return {
    storage,
    announce: async () => ({ avoid: new Set(), end: async () => {}, leave() {} }),
    visitPrevious: async (visit) => previous.forEach(visit),
    putManifest: async () => {},
  }
}

/** Bytes of their own, as the writer takes them over. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text)
}

/** A manifest of nothing but what the writer has stored. */
export function manifestOf(writer: BackupWriter, id = '20261121T013131Z-00000001'): Manifest {
  const { chunks, sequence, epoch, host, stats } = { ...writer, chunks: writer.chunks() }
  const { newChunks, newStoredBytes, reusedChunks, storedBytes, plainBytes } = stats
  const totals = {
    tables: 0,
    rows: 0,
    plainBytes,
    storedBytes,
    newChunks,
    newStoredBytes,
    reusedChunks,
    gaps: 0,
  }
  const at = '2026-11-21T01:31:31Z'
  const times = { started: at, moment: at, finished: at }
  const facts = { format: 1, kind: 'full', name: null, description: null, source: '', holdfast: '0', lsn: '0/0', major: 17 } as const // prettier-ignore
  return { ...facts, ...times, id, sequence, host, epoch, totals, contents: chunks[0]?.[0] ?? '', chunks }
}
