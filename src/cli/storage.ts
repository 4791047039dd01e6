import { steadyClock } from '../lib/clock.ts'
import { openAny, type Opened } from '../storage/address.ts'
import { azureSecrets } from '../storage/azure/access.ts'
import type { Storage } from '../storage/storage.ts'
import type { CommandContext } from './command.ts'

/** The storage at an address, within the limits that were given. Touches nothing. */
export function openStorageAt(context: CommandContext, address: string): Storage {
  return openAnyAt(context, address).storage
}

/** The same, telling of what kind it is. */
export function openAnyAt(context: CommandContext, address: string): Opened {
  const { clock, limits, signal: cancelled, env, redactor } = context
  const opened = openAny(address, {
    clock,
    steadyClock,
    random: Math.random,
    limits,
    cancelled,
    environment: env,
  })
  if (opened.kind === 'azure') for (const secret of azureSecrets(env)) redactor.add(secret)
  return opened
}
