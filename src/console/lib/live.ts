import type { InfiniteData, Query, QueryClient } from '@tanstack/react-query'
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
        onEvent: (event) => take(client, stale, event),
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
        void client.invalidateQueries({ queryKey: [noun], predicate: isShort }, { cancelRefetch: false })
      waiting.clear()
    }, 300)
  }
}

/** Reading many pages again and again would cost more than it tells. */
function isShort({ state }: Query): boolean {
  const data = state.data as Partial<InfiniteData<unknown>> | undefined
  return (data?.pages?.length ?? 0) <= 3
}

function take(client: QueryClient, stale: (nouns: readonly string[]) => void, event: Event): void {
  switch (event.kind) {
    case 'job':
      return takeJob(client, stale, event.id, event.job)
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

function takeJob(
  client: QueryClient,
  stale: (nouns: readonly string[]) => void,
  id: string,
  job: Job | null,
): void {
  const shown = client.getQueryData<JobDetail>(['jobs', id])
  const goesOn = job !== null && job.status === 'running' && shown?.status === 'running'
  if (job !== null && goesOn) client.setQueryData<JobDetail>(['jobs', id], { ...shown, ...job })
  // Only the figures of one that is listed as running have moved: the lists are as they were otherwise.
  const moved = job !== null && moveInLists(client, job)
  if (moved && (shown === undefined || goesOn)) return
  stale(['jobs', 'restores', 'overview', 'statistics', 'schedules'])
}

/** Puts the job in the place of itself in the lists that have it, if nothing but its progress is new. */
function moveInLists(client: QueryClient, job: Job): boolean {
  let moved = false
  const same = (old: Job): boolean => old.id === job.id && old.status === job.status
  client.setQueriesData<InfiniteData<Page<Job>> | Page<Job>>({ queryKey: ['jobs'] }, (data) => {
    const pages: readonly Page<Job>[] =
      data === undefined ? [] : 'pages' in data ? data.pages : 'items' in data ? [data] : []
    if (data === undefined || !pages.some(({ items }) => items.some(same))) return data
    moved = true
    const put = (page: Page<Job>): Page<Job> => ({
      ...page,
      items: page.items.map((old) => (same(old) ? job : old)),
    })
    return 'pages' in data ? { ...data, pages: data.pages.map(put) } : put(data)
  })
  return moved
}
