import { HoldfastError } from '../lib/errors.ts'
import type { Connection } from './connect.ts'

/** Majors that are backed up: what a newer one has is not known, and could be left out without a word. */
export const supportedMajors = { oldest: 15, newest: 18 } as const

/** Why a server of this major version is not backed up, and what to do; null: it is. `version`: as the server calls it. */
export function unsupported(
  major: number,
  version: string,
): { readonly message: string; readonly hint: string } | null {
  const { oldest, newest } = supportedMajors
  if (major >= oldest && major <= newest) return null
  const [far, more] = major < oldest ? ['older', ''] : ['newer', ' Is there a newer Holdfast?']
  return {
    message: `Postgres ${version} is ${far} than what is supported`,
    hint: `Holdfast backs up Postgres ${oldest} to ${newest}.${more}`,
  }
}

/** Throws `source_unsupported`. */
export function requireSupported({ version }: Pick<Connection, 'version'>): void {
  const major = Math.floor(version / 10_000)
  const found = unsupported(major, String(major))
  if (found === null) return
  throw new HoldfastError('source_unsupported', `${found.message}.`, { hint: found.hint, details: { major } })
}
