import { createHash } from 'node:crypto'
import { open, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { makeDirectories } from '../lib/make-directories.ts'
import { replaceFile } from '../lib/replace-file.ts'
import type { SummaryStore } from '../repository/summaries.ts'
import type { Repository } from '../repository/types.ts'
import { version } from '../version.ts'
import type { Environment } from './command.ts'

/**
 * A file of this user's for one repository at one address, below `$XDG_CACHE_HOME/holdfast` or `~/.cache/holdfast`. Nothing is
 * written into a directory of somebody else's, nor believed that others could have written.
 */
export function summaryStore(env: Environment, { id, storage }: Repository): SummaryStore {
  const given = env['XDG_CACHE_HOME']
  const own = given?.startsWith('/') === true ? given : (env['HOME'] ?? homedir())
  const base = own === given ? own : join(own, '.cache')
  const place = createHash('sha256').update(storage.address).digest('hex').slice(0, 16)
  const path = join(base, 'holdfast', 'summaries', `${id}-${place}`)
  return {
    holdfast: version,
    async read() {
      try {
        await using file = await open(path, 'r')
        const { uid, mode } = await file.stat()
        return uid === process.getuid?.() && (mode & 0o022) === 0 ? await file.readFile('utf8') : null
      } catch {
        return null
      }
    },
    async write(content) {
      try {
        if ((await stat(own)).uid !== process.getuid?.()) return
        await makeDirectories(dirname(path), { mode: 0o700 })
        await replaceFile({ path, content, mode: 0o600 })
      } catch {
        // The next list takes as long as this one.
      }
    },
  }
}
