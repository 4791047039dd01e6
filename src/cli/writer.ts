import { currentEpoch } from '../repository/epochs.ts'
import { namingKeyOf, requireAdmitted } from '../repository/hostfile.ts'
import { putManifest } from '../repository/manifests.ts'
import { openRepository } from '../repository/open.ts'
import type { BackupWriter, HostCredentials, Repository } from '../repository/types.ts'
import { openWriter } from '../repository/writer.ts'

/** A writer for one backup by this machine. Throws `host_not_admitted`, at once and again before the manifest is written. */
export async function openBackupWriter(options: {
  repository: Repository
  host: HostCredentials
  signal?: AbortSignal | undefined
}): Promise<BackupWriter> {
  const { repository, host, signal } = options
  const { storage, keyset } = repository
  requireAdmitted(keyset, host)
  const { backups } = await repository.manifests({ signal })
  return await openWriter({
    storage,
    namingKey: namingKeyOf(host),
    epoch: currentEpoch(keyset),
    host: { id: host.host },
    previous: backups,
    signal,
    async putManifest(manifest) {
      // A host that was revoked during the backup would leave one that nobody accepts.
      const now = await openRepository({ storage, trust: { host }, signal })
      requireAdmitted(now.keyset, host)
      await putManifest(storage, manifest, host, { signal })
    },
  })
}
