import { writeArchive } from '../../src/export/archive.ts'
import type { ByteSink } from '../../src/export/sink.ts'
import type { Repository } from '../../src/repository/types.ts'

/** Keeps what is written in memory. */
export function memorySink(): ByteSink & { readonly bytes: () => Buffer } {
  const parts: Buffer[] = []
  return {
    bytes: () => Buffer.concat(parts),
    write: async (data) => void parts.push(Buffer.from(data)),
  }
}

/** One backup of a repository as an archive. */
export async function archiveOf(repository: Repository, backup = 'latest'): Promise<Buffer> {
  const to = memorySink()
  await writeArchive({ repository, manifest: await repository.find(backup), to })
  return to.bytes()
}
