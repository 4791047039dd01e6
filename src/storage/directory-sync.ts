import { syncDirectory } from '../lib/sync-directory.ts'

/** Makes a directory's entries durable. Resolves after a sync that began after the call. */
export type SyncDirectory = (directory: string) => Promise<void>

interface Syncs {
  running: Promise<void>
  /** Begins when `running` has ended; shared by all who have asked since `running` began. */
  waiting: Promise<void> | null
}

/**
 * A SyncDirectory that shares syncs: of many concurrent callers for one directory each waits for at most two. A caller
 * never joins a sync that is under way already, because that may have passed its entry by.
 */
export function sharedDirectorySync(sync: SyncDirectory = syncDirectory): SyncDirectory {
  const byDirectory = new Map<string, Syncs>()

  function begin(directory: string): Promise<void> {
    const running = sync(directory)
    const syncs: Syncs = { running, waiting: null }
    byDirectory.set(directory, syncs)
    const ended = () => {
      if (byDirectory.get(directory) === syncs && syncs.waiting === null) byDirectory.delete(directory)
    }
    running.then(ended, ended)
    return running
  }

  return (directory) => {
    const syncs = byDirectory.get(directory)
    if (syncs === undefined) return begin(directory)
    const again = () => begin(directory)
    syncs.waiting ??= syncs.running.then(again, again)
    return syncs.waiting
  }
}
