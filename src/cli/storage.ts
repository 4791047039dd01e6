import { steadyClock } from '../lib/clock.ts'
import { openStorage } from '../storage/address.ts'
import type { Storage } from '../storage/storage.ts'
import type { CommandContext } from './command.ts'

/** The storage at an address, within the limits that were given. Touches nothing. */
export function openStorageAt(context: CommandContext, address: string): Storage {
  const { clock, limits } = context
  return openStorage(address, { clock, steadyClock, random: Math.random, limits })
}
