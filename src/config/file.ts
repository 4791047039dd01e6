import { readFile, realpath, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { HoldfastError, isHoldfastError, messageOf } from '../lib/errors.ts'
import { oneAtATime } from '../lib/one-at-a-time.ts'
import { replaceFile } from '../lib/replace-file.ts'

export const configName = 'holdfast.json'

/** Larger than any configuration that a person writes. */
const maxBytes = 1024 * 1024

/**
 * The configuration file in this directory or the nearest one above it; null if there is none. A file that somebody else could have put there, or
 * can change, is refused with `config_untrusted`: it says which programs are run and where data goes. `uid`: of this
 * process; undefined where users have no numbers.
 */
export async function findConfigFile(directory: string, uid: number | undefined): Promise<string | null> {
  for (let at = resolve(directory); ; at = dirname(at)) {
    const path = join(at, configName)
    const found = await stat(path).catch(() => null)
    if (found?.isFile() === true) {
      const why = distrust(found, uid)
      if (why === null) return path
      throw new HoldfastError('config_untrusted', `${path} is not used: ${why}.`, {
        hint: `If you trust it, pass --config ${path}, or make it your own: chown and chmod go-w.`,
        details: { file: path },
      })
    }
    if (at === dirname(at)) return null
  }
}

function distrust(file: { uid: number; mode: number }, uid: number | undefined): string | null {
  if (uid !== undefined && file.uid !== uid && file.uid !== 0) return 'it belongs to another user'
  return (file.mode & 0o002) !== 0 ? 'every user of this machine may change it' : null
}

/** The text of a configuration file. Throws `config_missing` if there is none, `config_invalid` if it can't be one. */
export async function readConfigFile(path: string): Promise<string> {
  let bytes: Buffer
  try {
    const { size } = await stat(path)
    if (size > maxBytes) throw new HoldfastError('config_invalid', `${path} is too large: ${size} bytes.`)
    bytes = await readFile(path)
  } catch (error) {
    if (error instanceof HoldfastError) throw error
    throw new HoldfastError(
      'config_missing',
      `The configuration file ${path} can't be read: ${messageOf(error)}`,
      { cause: error, hint: 'Check the path and its permissions.' },
    )
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new HoldfastError('config_invalid', `${path} is not UTF-8 text.`)
  }
}

/**
 * Changes the text of a configuration file, and resolves to the new one. It is there whole or not at all, and takes nothing back that
 * another process changes at the same time. The permissions of the file stay. `absent` is what a file that is not there has, which is made
 * then; without it that is `config_missing`. Throws `config_busy`, `storage_full`, `storage_denied` and the like, and what `change` throws.
 */
export async function changeConfigFile(o: {
  readonly path: string
  readonly absent?: string
  readonly change: (text: string) => string
  readonly signal: AbortSignal
}): Promise<string> {
  // A link stays a link: what it points to is replaced.
  const path = await realpath(o.path).catch(() => o.path)
  const done = await oneAtATime(path, o.signal, async () => {
    const content = o.change(await textOr(o.absent, path))
    await replaceFile({ path, content, mode: 0o644, keepMode: true })
    return content
  })
  if (done === null) throw new HoldfastError('config_busy', `Others keep changing ${path}.`)
  return done.result
}

async function textOr(absent: string | undefined, path: string): Promise<string> {
  return await readConfigFile(path).catch((error: unknown) => {
    const cause = isHoldfastError(error, 'config_missing') ? error.cause : null
    if (absent !== undefined && (cause as NodeJS.ErrnoException | null)?.code === 'ENOENT') return absent
    throw error
  })
}
