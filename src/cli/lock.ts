import type { Source } from '../config/config.ts'
import { lockModes } from '../config/declaration.ts'
import { HoldfastError } from '../lib/errors.ts'
import type { LockRequest } from '../repository/backup-lock.ts'
import type { ManifestLock } from '../repository/format/manifest.ts'
import type { CommandContext } from './command.ts'
import { loadConfig } from './config.ts'
import { span } from './keep.ts'
import { choice, custom } from './option.ts'

const hour = 60 * 60 * 1000
/** A lock of the mode compliance is for good: one digit too many should not cost a bucket. */
const longest = 3650 * 24 * hour

const lockSpan = span({ flags: '--lock-for <span>', description: '' })

/** Options of how everything that a backup needs is locked. */
export const lockOptions = {
  lockFor: custom({
    flags: '--lock-for <span>',
    description:
      'lock what the backup needs in the storage for so long, 30d or 8w, by its clock: nobody can delete it before; none: not, whatever holdfast.json says',
    read: (given) => (given === 'none' ? null : lockSpan.read(given)),
  }),
  lockMode: choice({
    flags: '--lock-mode <mode>',
    description:
      'who can end such a lock: governance, who has a right of its own for it, which is the default; compliance, nobody, not even the owner of the storage',
    choices: lockModes,
    default: undefined,
  }),
}

type Given = { readonly [K in keyof typeof lockOptions]: ReturnType<(typeof lockOptions)[K]['read']> }

/**
 * How the backup is to be locked: as it was given, else as the configured source says, else as the configuration says of all; null: not at all.
 * Throws `usage`.
 */
export async function lockMeant(
  context: CommandContext,
  given: Given,
  source: Source | null,
): Promise<LockRequest | null> {
  if (given.lockFor === null) return null
  const configured = source?.lock ?? (await loadConfig(context))?.lock
  const forMs = given.lockFor ?? lockSpan.read(configured?.for)
  const mode = given.lockMode ?? (given.lockFor === undefined ? configured?.mode : undefined) ?? 'governance'
  if (forMs === undefined && given.lockMode !== undefined)
    throw new HoldfastError('usage', '--lock-mode needs --lock-for, which says for how long.')
  if (forMs === undefined) return null
  if (forMs < hour || forMs > longest)
    throw new HoldfastError('usage', '--lock-for must be from 1h to 3650d.')
  return { forMs, mode }
}

/** `until 2026-12-28, governance`; what is over is told as that. */
export function lockText({ until, mode }: ManifestLock, now: Date): string {
  // Locks end with a day in UTC, which its last minute belongs to.
  const day = new Date(Date.parse(until) - 60_000).toISOString().slice(0, 10)
  return Date.parse(until) <= now.getTime() ? `was until ${day}` : `until ${day}, ${mode}`
}
