/**
 * Run as a program: prunes a repository on a local disk, and prints how many backups and chunks were removed, and the most memory that the process
 * has held, in MB. Only the chunks are no files: they are listed and deleted, and never read. Arguments: the directory, the number of chunks.
 */
import { runPrune } from '../../src/prune/prune.ts'
import { noRules } from '../../src/retention/policy.ts'
import { chunkKey, chunkPrefix } from '../../src/repository/format/chunk-names.ts'
import { openRepository } from '../../src/repository/open.ts'
import { openLocalStorage } from '../../src/storage/local.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { numberedName } from './chunks.ts'

const [directory = '', chunks = ''] = process.argv.slice(2)
const local = openLocalStorage(directory)
const storage: Storage = {
  ...local,
  async *list(prefix, options) {
    yield* local.list(prefix, options)
    if (prefix !== chunkPrefix) return
    for (let n = 0; n < Number(chunks); n++)
      yield { key: chunkKey(numberedName(n)), size: 300, modified: new Date(0) }
  },
  async delete(key, options) {
    if (!key.startsWith(chunkPrefix)) await local.delete(key, options)
  },
}
const request = {
  repository: await openRepository({ storage }),
  policy: { ...noRules, last: 1 },
  sources: null,
  restoresMs: 0,
  graceMs: 0,
  despiteRefused: false,
  clock: { now: () => new Date() },
}
await runPrune(request)
const { removed } = await runPrune(request)
const megabytes = Math.round(process.resourceUsage().maxRSS / 1000)
process.stdout.write(`${removed.backups.length} ${removed.chunks.objects} ${megabytes}\n`)
