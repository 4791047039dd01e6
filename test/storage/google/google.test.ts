import { steadyClock } from '../../../src/lib/clock.ts'
import { createRetry, retryingStorage } from '../../../src/storage/retry.ts'
import { freshGoogleAddress, gcsServer, googleAt } from '../../support/google.ts'
import { storageConformance } from '../conformance.ts'

/* The contract against a strict server of our own. */

const server = await gcsServer({ page: 100 })
storageConformance(
  'google',
  async () => {
    const retry = createRetry({ clock: steadyClock, random: Math.random })
    return retryingStorage(googleAt(server, freshGoogleAddress(server), { retry }), retry)
  },
  { manyKeys: 1500 },
)
