import { useDestinations, useSchedules, useSources, useSubscriptions } from '../../lib/queries.ts'
import type { Destination, Subscription } from '../../lib/types.ts'

interface ShownDestinations {
  /** Undefined until whatever is said of them is known, too: nothing moves when the rest comes. */
  readonly destinations: readonly Destination[] | undefined
  readonly subscriptions: readonly Subscription[]
  readonly error: Error | null
}

export function useShownDestinations(): ShownDestinations {
  const { data, error } = useDestinations()
  const subscriptions = useSubscriptions()
  const waits = [subscriptions, useSources(), useSchedules()].some(({ isLoading }) => isLoading)
  return { destinations: waits ? undefined : data, subscriptions: subscriptions.data ?? [], error }
}
