import type { InfiniteData, QueryClient } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { currentSession, onSession } from '../session.ts'
import { followEvents } from './event-stream.ts'
import type { Event, Job, JobDetail, Page } from './types.ts'

/*
 * What is shown is as it is now: the service tells of jobs, alarms and backups as they change. While it can't, they are asked for again
 * and again, as is always what it does not tell of.
 */

let live = false
const listeners = new Set<() => void>()

/** In milliseconds, or not at all. `busy` and `calm` are of what is told; `slow` is of what is not. */
export const fresh = {
  busy: () => (live ? false : 3_000),
  calm: () => (live ? false : 15_000),
  slow: () => 60_000,
  /** Of what follows from what is told, and is not told itself, such as restores. */
  untold: () => 5_000,
  /** Of what is written all the time and not told, such as the log of a job that runs. */
  always: () => 1_000,
} as const

export type Freshness = () => number | false

/** Whether the service tells what changes. */
export function useLive(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => live,
  )
}

function setLive(next: boolean): void {
  if (live === next) return
  live = next
  for (const listener of listeners) listener()
}

/** Follows the events of whoever is signed in; each session has a stream of its own. Ends by the function that it returns. */
export function startLive(client: QueryClient): () => void {
  let ending: AbortController | null = null
  let follows: string | null = null
  const stale = newStale(client)
  const takeJob = newTakeJob(client, stale)

  const restart = (): void => {
    const session = currentSession()
    const who = session === null ? null : `${session.subject} ${session.session?.id ?? ''}`
    if (who === follows) return
    follows = who
    ending?.abort()
    ending = null
    if (who === null) return setLive(false)
    const controller = new AbortController()
    ending = controller
    const away = (): void => {
      if (!live) return
      setLive(false)
      // How often they are asked for from now on is found when they are next asked for.
      void client.invalidateQueries()
    }
    void followEvents(
      {
        onLive(anew) {
          setLive(true)
          if (anew) stale(told)
        },
        onAway: away,
        onEvent: (event) => take(client, stale, takeJob, event),
      },
      controller.signal,
    )
  }
  restart()
  const stop = onSession(restart)
  return () => {
    stop()
    ending?.abort()
  }
}

/** Whatever events are about. */
const told = ['jobs', 'alarms', 'backups', 'restores', 'overview', 'statistics'] as const

/** Marks nouns as stale, those of a moment together: a job that runs is told of every second, and lists are not read as often. */
function newStale(client: QueryClient): (nouns: readonly string[]) => void {
  const waiting = new Set<string>()
  let timer: ReturnType<typeof setTimeout> | undefined
  return (nouns) => {
    for (const noun of nouns) waiting.add(noun)
    timer ??= setTimeout(() => {
      timer = undefined
      for (const noun of waiting)
        void client.invalidateQueries({ queryKey: [noun], predicate: ({ state }) => !isLong(state.data) })
      waiting.clear()
    }, 300)
  }
}

/** A list of so many pages that reading them again and again would cost more than it tells. */
export function isLong(data: unknown): boolean {
  return ((data as Partial<InfiniteData<unknown>> | undefined)?.pages?.length ?? 0) > 3
}

type TakeJob = (id: string, job: Job | null) => void

function take(
  client: QueryClient,
  stale: (nouns: readonly string[]) => void,
  takeJob: TakeJob,
  event: Event,
): void {
  switch (event.kind) {
    case 'job':
      return takeJob(event.id, event.job)
    case 'alarm':
      return stale(['alarms', 'overview'])
    case 'backup':
      return stale(['backups', 'overview', 'statistics'])
    case 'reset':
      void client.invalidateQueries()
      return
    case 'end':
      // The stream closes by itself, and is asked for again.
      return
  }
}

/** Those of a moment are taken together, each as it is last: a list of ten thousand is gone through once for all of them. */
export function newTakeJob(client: QueryClient, stale: (nouns: readonly string[]) => void): TakeJob {
  const waiting = new Map<string, Job | null>()
  let timer: ReturnType<typeof setTimeout> | undefined
  return (id, job) => {
    waiting.set(id, job)
    timer ??= setTimeout(() => {
      timer = undefined
      takeJobs(client, stale, waiting)
      waiting.clear()
    }, 100)
  }
}

function takeJobs(
  client: QueryClient,
  stale: (nouns: readonly string[]) => void,
  jobs: ReadonlyMap<string, Job | null>,
): void {
  const moved = moveInLists(client, jobs)
  let others = false
  for (const [id, job] of jobs) {
    const shown = client.getQueryData<JobDetail>(['jobs', id])
    const goesOn = job !== null && job.status === 'running' && shown?.status === 'running'
    if (job !== null && goesOn) client.setQueryData<JobDetail>(['jobs', id], { ...shown, ...job })
    // Only the figures of one that is listed as running have moved: the lists are as they were otherwise.
    others ||= !(moved.has(id) && (shown === undefined || goesOn))
  }
  if (others) stale(['jobs', 'restores', 'overview', 'statistics', 'schedules'])
}

/** Puts jobs in the places of themselves in the lists that have them, if nothing but their progress is new. Those that were put. */
function moveInLists(client: QueryClient, jobs: ReadonlyMap<string, Job | null>): ReadonlySet<string> {
  const moved = new Set<string>()
  const put = (page: Page<Job>): Page<Job> => {
    let touched = false
    const items = page.items.map((old) => {
      const job = jobs.get(old.id)
      if (job === undefined || job === null || job.status !== old.status) return old
      moved.add(old.id)
      touched = true
      return job
    })
    return touched ? { ...page, items } : page
  }
  type List = InfiniteData<Page<Job>> | Page<Job>
  client.setQueriesData<List>({ queryKey: ['jobs'] }, (data: List | undefined) => {
    // Undefined leaves it as it is, and nobody is told.
    if (data === undefined) return undefined
    const before: readonly Page<Job>[] = 'pages' in data ? data.pages : 'items' in data ? [data] : []
    const pages = before.map(put)
    if (pages.every((page, n) => page === before[n])) return undefined
    return 'pages' in data ? { ...data, pages } : pages[0]
  })
  return moved
}
