import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BackupContents } from '../../src/repository/format/contents.ts'
import type { Manifest } from '../../src/repository/format/manifest.ts'
import type { HostCredentials } from '../../src/repository/types.ts'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'

/** Bytes as they must be, or their SHA-256 where they are many. */
export type ExpectedBytes = { readonly text: string } | { readonly sha256: string }

/** What is known of the stored repository: test/vectors/repository/expected.json. */
export interface ExpectedRepository {
  readonly identity: string
  readonly repositoryId: string
  readonly ownerKey: string
  readonly host: HostCredentials
  /** Oldest first. */
  readonly backups: readonly {
    readonly manifest: Manifest
    readonly contents: BackupContents
    readonly schema: ExpectedBytes
    /** By `schema.table`. */
    readonly rows: Readonly<Record<string, ExpectedBytes>>
    readonly largeObjects: ExpectedBytes
  }[]
}

const vectors = join(import.meta.dirname, '../vectors')

function expectedOf<T>(vector: string): T {
  return JSON.parse(readFileSync(join(vectors, vector, 'expected.json'), 'utf8')) as T
}

export const expectedRepository = expectedOf<ExpectedRepository>('repository')

/** What is known of the later one, whose backup and restores are of format 2: test/vectors/second/expected.json. */
export const expectedSecond =
  expectedOf<Pick<ExpectedRepository, 'identity' | 'ownerKey' | 'backups'>>('second')

/** A copy of the stored repository. */
export async function vectorRepository(vector: 'repository' | 'second' = 'repository'): Promise<Storage> {
  const storage = openMemoryStorage()
  const objects = join(vectors, vector, 'objects')
  for (const entry of readdirSync(objects, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    await storage.put(path.slice(objects.length + 1), readFileSync(path))
  }
  return storage
}
