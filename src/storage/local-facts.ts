import { stat, statfs } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { HoldfastError, messageOf } from '../lib/errors.ts'

export interface LocalFacts {
  /** What this user may still write there, in bytes. */
  readonly freeBytes: number
  /** Name of the file system, if it is one of a network or in user space; null for a disk's. */
  readonly network: string | null
  /** Permission bits of the directory; null while it is not made. */
  readonly mode: number | null
}

/** Numbers of statfs(2). */
const networks = new Map<number, string>([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x65735546, 'FUSE'],
  [0x01021997, '9P'],
  [0x00c36400, 'Ceph'],
  [0x5346414f, 'AFS'],
  [0x7461636f, 'OCFS2'],
  [0x01161970, 'GFS2'],
  [0x0bd00bd0, 'Lustre'],
])

/** What a directory is on, or would be once it is made. Touches nothing. */
export async function localFacts(directory: string): Promise<LocalFacts> {
  const mode = await stat(directory).then(
    (facts) => facts.mode & 0o777,
    () => null,
  )
  try {
    const { bavail, bsize, type } = await statfs(await nearest(resolve(directory)))
    return { freeBytes: bavail * bsize, network: networks.get(type) ?? null, mode }
  } catch (error) {
    throw new HoldfastError('storage_failed', `Cannot ask about ${directory}: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

/** The directory, or the nearest one above it that is there. */
async function nearest(directory: string): Promise<string> {
  for (let path = directory; ; path = dirname(path)) {
    const there = await stat(path).then(
      () => true,
      () => false,
    )
    if (there || path === dirname(path)) return path
  }
}
