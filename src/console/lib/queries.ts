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
import { fresh, type Freshness } from './live.ts'
import type {
  Alarm,
  Approval,
  Backup,
  Destination,
  Job,
  JobDetail,
  Key,
  Log,
  Page,
  Person,
  Provider,
  Repository,
  Roles,
  Schedule,
  Settings,
  SignInWays,
  Source,
  Subscription,
} from './types.ts'
import { useMay } from '../session.ts'

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

function useList<T>(noun: string, every: Freshness = fresh.slow) {
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
function usePaged<T>(noun: string, query: Filter, every: Freshness) {
  const found = useInfiniteQuery({
    queryKey: [noun, 'pages', query],
    queryFn: ({ signal, pageParam }) =>
      request<Page<T>>('GET', `/${noun}`, { signal, query: { ...query, limit: 200, after: pageParam } }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
    // Reading many pages again and again would cost more than it tells.
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) > 3 ? false : every()),
  })
  const items = useMemo(() => found.data?.pages.flatMap((page) => page.items), [found.data])
  return { ...found, items }
}

export const useJobs = (filter: Filter = {}) => usePaged<Job>('jobs', filter, fresh.busy)
export const useBackups = (filter: Filter = {}) => usePaged<Backup>('backups', filter, fresh.calm)

/** The newest few of one list for each of several filters, such as the last backup of each source; undefined where not read yet. */
export function useEach<T>(noun: string, filters: readonly Filter[], limit: number) {
  return useQueries({
    queries: filters.map((filter) => ({
      queryKey: [noun, 'each', filter, limit],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        request<Page<T>>('GET', `/${noun}`, { signal, query: { ...filter, limit } }),
      refetchInterval: fresh.calm,
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
    refetchInterval: fresh.busy,
  })
}

export const isOver = ({ status }: Pick<Job, 'status'>): boolean =>
  status === 'completed' || status === 'failed' || status === 'cancelled'

export function useJob(id: string) {
  return useQuery({
    queryKey: ['jobs', id],
    queryFn: ({ signal }) => request<JobDetail>('GET', `/jobs/${id}`, { signal }),
    refetchInterval: ({ state }) => (state.data !== undefined && isOver(state.data) ? false : fresh.busy()),
  })
}

export function useJobLog(id: string, over: boolean) {
  return useQuery({
    queryKey: ['jobs', id, 'log', over],
    queryFn: ({ signal }) => request<Log>('GET', `/jobs/${id}/log`, { signal, query: { limit: 1000 } }),
    select: ({ lines }) => lines,
    refetchInterval: over ? false : fresh.always(),
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

export const usePeople = () => useList<Person>('people')
export const useKeys = () => useList<Key>('keys')
export const useProviders = () => useList<Provider>('providers')
export const useRoles = () => useList<Roles['items'][number]>('roles')
export const useDestinations = () => useList<Destination>('destinations')
export const useSubscriptions = () => useList<Subscription>('subscriptions')
export const useAlarms = (filter: Filter = {}) => usePaged<Alarm>('alarms', filter, fresh.calm)

/** Those that are open and that the one who is signed in has not seen, for the bell: some, and whether there are more. */
export function useUnseenAlarms() {
  const may = useMay('read', 'alarms')
  return useQuery({
    enabled: may,
    queryKey: ['alarms', 'unseen'],
    queryFn: ({ signal }) =>
      request<Page<Alarm>>('GET', '/alarms', { signal, query: { open: 'true', unseen: 'true', limit: 20 } }),
    refetchInterval: fresh.calm,
  })
}

export function useAlarm(id: string) {
  return useQuery({
    queryKey: ['alarms', id],
    queryFn: ({ signal }) => request<Alarm>('GET', `/alarms/${id}`, { signal }),
    refetchInterval: fresh.calm,
  })
}

/** Where else somebody can sign in. */
export function useSignInWays() {
  return useQuery({
    queryKey: ['sign-in'],
    queryFn: ({ signal }) => request<SignInWays>('GET', '/sign-in', { signal }),
    staleTime: 60_000,
  })
}

export function useSettings() {
  const may = useMay('read', 'settings')
  return useQuery({
    enabled: may,
    queryKey: ['settings'],
    queryFn: ({ signal }) => request<Settings>('GET', '/settings', { signal }),
  })
}

/** Nothing tells of them, and somebody waits for each. */
const approvalsEveryMs = 4_000

export function useApprovals() {
  const may = useMay('read', 'approvals')
  return useQuery({
    enabled: may,
    queryKey: ['approvals'],
    queryFn: ({ signal }) => request<Page<Approval>>('GET', '/approvals', { signal, query: { limit: 200 } }),
    select: ({ items }) => items,
    refetchInterval: approvalsEveryMs,
  })
}

export function useApproval(id: string): Approval | undefined {
  return useApprovals().data?.find((one) => one.id === id)
}

export const isDecided = ({ status }: Approval): boolean => status !== 'pending' && status !== 'expired'
