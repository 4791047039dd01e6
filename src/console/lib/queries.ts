import {
  keepPreviousData,
  QueryClient,
  useInfiniteQuery,
  useMutation,
  useQueries,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query'
import { useMemo } from 'react'
import { isApiError, request } from './api.ts'
import { freshMs } from './live.ts'
import type { Backup, Job, JobDetail, Log, Page, Repository, Schedule, Source } from './types.ts'

/** What pages read. Keys begin with the noun of the path, so that whoever changes something says which nouns are stale. */

export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 1_000,
        retry: (tries, error) => tries < 2 && isApiError(error, 'unreachable'),
        placeholderData: keepPreviousData,
      },
    },
  })
}

type Filter = Readonly<Record<string, string | undefined>>

interface Items<T> {
  readonly items: readonly T[]
}

function useList<T>(noun: string, every = freshMs.calm) {
  return useQuery({
    queryKey: [noun],
    queryFn: ({ signal }) => request<Items<T>>('GET', `/${noun}`, { signal }),
    select: ({ items }) => items,
    refetchInterval: every,
  })
}

export const useSources = () => useList<Source>('sources')
export const useRepositories = () => useList<Repository>('repositories')
export const useSchedules = () => useList<Schedule>('schedules')

/** A list that comes in pages, as one; `more` reads the next page. */
function usePaged<T>(noun: string, query: Filter, every: number) {
  const found = useInfiniteQuery({
    queryKey: [noun, 'pages', query],
    queryFn: ({ signal, pageParam }) =>
      request<Page<T>>('GET', `/${noun}`, { signal, query: { ...query, limit: 200, after: pageParam } }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
    // Reading many pages again and again would cost more than it tells.
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) > 3 ? false : every),
  })
  const items = useMemo(() => found.data?.pages.flatMap((page) => page.items), [found.data])
  return { ...found, items }
}

export const useJobs = (filter: Filter = {}) => usePaged<Job>('jobs', filter, freshMs.busy)
export const useBackups = (filter: Filter = {}) => usePaged<Backup>('backups', filter, freshMs.calm)

/** The newest few of one list for each of several filters, such as the last backup of each source; undefined where not read yet. */
export function useEach<T>(noun: string, filters: readonly Filter[], limit: number) {
  return useQueries({
    queries: filters.map((filter) => ({
      queryKey: [noun, 'each', filter, limit],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        request<Page<T>>('GET', `/${noun}`, { signal, query: { ...filter, limit } }),
      refetchInterval: freshMs.calm,
    })),
    combine: (found) => ({
      lists: found.map(({ data }) => data?.items),
      error: found.find(({ error }) => error !== null)?.error ?? null,
    }),
  })
}

/** Those that are under way, for the shell and the overview. */
export function useRunningJobs() {
  return useQuery({
    queryKey: ['jobs', 'running'],
    queryFn: ({ signal }) => request<Page<Job>>('GET', '/jobs', { signal, query: { status: 'running' } }),
    select: ({ items }) => items,
    refetchInterval: freshMs.busy,
  })
}

export const isOver = ({ status }: Pick<Job, 'status'>): boolean =>
  status === 'completed' || status === 'failed' || status === 'cancelled'

export function useJob(id: string) {
  return useQuery({
    queryKey: ['jobs', id],
    queryFn: ({ signal }) => request<JobDetail>('GET', `/jobs/${id}`, { signal }),
    refetchInterval: ({ state }) => (state.data !== undefined && isOver(state.data) ? false : freshMs.live),
  })
}

export function useJobLog(id: string, over: boolean) {
  return useQuery({
    queryKey: ['jobs', id, 'log', over],
    queryFn: ({ signal }) => request<Log>('GET', `/jobs/${id}/log`, { signal, query: { limit: 1000 } }),
    select: ({ lines }) => lines,
    refetchInterval: over ? false : freshMs.live,
  })
}

/** One that changes something; afterwards what is shown of these nouns is read again. */
export function useChange<Input, Result>(
  change: (input: Input) => Promise<Result>,
  nouns: readonly string[],
) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSuccess() {
      // Not waited for: when what was shown is gone, so is whoever wanted to go on from here.
      for (const noun of nouns) void client.invalidateQueries({ queryKey: [noun] })
    },
  })
}
