import type { Claims } from '../catalog/claims.ts'
import { HoldfastError } from '../lib/errors.ts'

/** What must hold before something is changed that can't be made as it was by doing nothing. */
export interface Confirmation {
  readonly claims: Claims
  /** Such as `restore in place`. */
  readonly action: string
  /** What somebody has typed, and what it must be. */
  readonly typed: string
  readonly expected: string
}

/** The gate that every change of a database in use goes through. Throws `confirmation_missing`. */
export async function confirmed({ typed, expected, action }: Confirmation): Promise<void> {
  if (typed.trim() === expected) return
  throw new HoldfastError(
    'confirmation_missing',
    `For the ${action} the name of the database is to be typed, and this is not it. Nothing was changed.`,
    { hint: 'Look at the preview, and send the name of the database as confirm.' },
  )
}
