import { randomBytes } from 'node:crypto'
import { HoldfastError } from '../lib/errors.ts'
import { generateIdentity } from './crypto/age.ts'
import type { Epoch, Keyset } from './types.ts'

/** A new epoch: the public half for the key set, the secret half for the vault. */
export async function newEpoch(created: Date): Promise<{ epoch: Epoch; secret: string }> {
  const { identity, publicKey } = generateIdentity()
  const id = randomBytes(8).toString('hex')
  return { epoch: { id, publicKey, created: created.toISOString() }, secret: identity }
}

/** The epoch that new objects are sealed to: the last one begun. */
export function currentEpoch(keyset: Keyset): Epoch {
  const epoch = keyset.epochs.at(-1)
  if (epoch === undefined) throw new HoldfastError('internal', 'The key set has no epoch')
  return epoch
}
