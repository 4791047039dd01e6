import {
  keepPreviousData,
  QueryClient,
  replaceEqualDeep,
  useInfiniteQuery,
  useMutation,
  useQueries,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query'
import { useMemo } from 'react'
import { isApiError, request } from './api.ts'
import { fresh, isLong, type Freshness } from './live.ts'
import { useOnly } from './only.ts'
import type { Alarm, Approval, AuditEntries, Backup, BackupDetail, Delivery, Destination, Job, JobDetail, Key, Log, Overview, Page, Person, Provider, Repository, RepositoryKeys, RepositoryStorage, Restore, RestoreSummary, Roles, Schedule, Settings, SignInWays, Source, SourceCounts, SourceTables, Subscription, Statistics, System } from './types.ts' // prettier-ignore
import { useMay, type Resource } from '../session.ts'

/*
 * What pages read. Keys begin with the noun of the path, so that whoever changes something says which nouns are stale. What the role may
 * not read is never asked for: it stays undefined, and whoever shows it says nothing of it.
 */

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

interface ListOptions<T> {
  /** False: not yet. */
  readonly enabled?: boolean
  /** Which of them are seen here; without it, all. */
  readonly shown?: ((one: T) => boolean) | undefined
}

function useList<T>(noun: string, resource: Resource | null, options: ListOptions<T> = {}) {
  const { enabled = true, shown } = options
  const may = useMayRead(resource)
  return useQuery({
    enabled: may && enabled,
    queryKey: [noun],
    queryFn: ({ signal }) => request<Items<T>>('GET', `/${noun}`, { signal }),
    select: ({ items }) => (shown === undefined ? items : items.filter(shown)),
    refetchInterval: fresh.slow,
  })
}

/** null: everybody may. */
function useMayRead(resource: Resource | null): boolean {
  const may = useMay('read', resource ?? 'sources')
  return resource === null || may
}

export function useSources() {
  const { source } = useOnly()
  return useList<Source>(
    'sources',
    'sources',
    source === undefined ? {} : { shown: ({ name }) => name === source },
  )
}

export function useRepositories() {
  const { source } = useOnly()
  const own = useSources().data
  return useList<Repository>('repositories', 'repositories', {
    enabled: source === undefined || own !== undefined,
    shown:
      source === undefined ? undefined : ({ id }) => own?.some((one) => one.repositoryId === id) ?? false,
  })
}

/** Of one source: its own, and those of the repository that it is in. */
export function useSchedules() {
  const { source } = useOnly()
  const own = useSources().data
  const shown = ({ sourceId, repositoryId }: Schedule): boolean =>
    own?.some((one) => (sourceId === null ? one.repositoryId === repositoryId : one.id === sourceId)) ?? false
  return useList<Schedule>('schedules', 'schedules', {
    enabled: source === undefined || own !== undefined,
    shown: source === undefined ? undefined : shown,
  })
}

/** A list that comes in pages, as one; `more` reads the next page. */
function usePaged<T>(noun: 'jobs' | 'backups' | 'restores' | 'alarms', filter: Filter, every: Freshness) {
  const may = useMayRead(noun)
  const query = { ...filter, ...useOnly() }
  const found = useInfiniteQuery({
    enabled: may,
    queryKey: [noun, 'pages', query],
    queryFn: ({ signal, pageParam }) =>
      request<Page<T>>('GET', `/${noun}`, { signal, query: { ...query, limit: 200, after: pageParam } }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
    // Nor is it looked for what is the same in a long one: in each answer and each event that would take longer than a frame.
    refetchInterval: ({ state }) => (isLong(state.data) ? false : every()),
    structuralSharing: (old, found) => (isLong(found) ? found : replaceEqualDeep(old, found)),
  })
  const items = useMemo(() => found.data?.pages.flatMap((page) => page.items), [found.data])
  // By name: what is not asked for here does not have the page drawn anew when it changes, such as when it was read last.
  const { error, isLoading, hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = found
  return { items, error, isLoading, hasNextPage, isFetchingNextPage, fetchNextPage, refetch }
}

export const useJobs = (filter: Filter = {}) => usePaged<Job>('jobs', filter, fresh.busy)
export const useBackups = (filter: Filter = {}) => usePaged<Backup>('backups', filter, fresh.calm)

export const useRestores = (filter: Filter = {}) => usePaged<RestoreSummary>('restores', filter, fresh.untold)

/** The newest few of one list for each of several filters, such as the last backup of each source; undefined where not read yet. */
export function useEach<T>(noun: 'backups', filters: readonly Filter[], limit: number) {
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
  const only = useOnly()
  return useQuery({
    queryKey: ['jobs', 'running', only],
    queryFn: ({ signal }) =>
      request<Page<Job>>('GET', '/jobs', { signal, query: { status: 'running', ...only } }),
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

export function useRestore(id: string) {
  const may = useMayRead('restores')
  return useQuery({
    enabled: may,
    queryKey: ['restores', id],
    queryFn: ({ signal }) => request<Restore>('GET', `/restores/${id}`, { signal }),
    // One that waits for somebody may be confirmed elsewhere.
    refetchInterval: ({ state }) =>
      state.data === undefined || !isOver(state.data)
        ? state.data?.status === 'waiting'
          ? fresh.untold()
          : fresh.always()
        : false,
  })
}

/** The reader's own, in which days begin. */
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone

/** How safe each source is, what is used of each storage, and how many alarms and jobs there are. */
export function useOverview() {
  const { source } = useOnly()
  const repositories = useRepositories().data
  return useQuery({
    queryKey: ['overview'],
    queryFn: ({ signal }) => request<Overview>('GET', '/overview', { signal, query: { zone } }),
    select: (all) =>
      source === undefined
        ? all
        : {
            ...all,
            sources: all.sources.filter((one) => one.source === source),
            storage: all.storage.filter((one) => repositories?.some(({ name }) => name === one.repository)),
          },
    refetchInterval: fresh.untold,
  })
}

/** Of the last thirty days. */
export function useStatistics() {
  const only = useOnly()
  return useQuery({
    queryKey: ['statistics', only],
    queryFn: ({ signal }) => request<Statistics>('GET', '/statistics', { signal, query: { zone, ...only } }),
    refetchInterval: 60_000,
  })
}

/** How full a storage is and how that went. */
export function useRepositoryStorage(name: string) {
  const may = useMayRead('repositories')
  return useQuery({
    enabled: may,
    queryKey: ['repositories', name, 'storage'],
    queryFn: ({ signal }) => request<RepositoryStorage>('GET', `/repositories/${name}/storage`, { signal }),
    refetchInterval: fresh.untold,
  })
}

/** Who has which key of it. They change a few times a year. */
export function useRepositoryKeys(name: string) {
  return useQuery({
    queryKey: ['repositories', name, 'keys'],
    queryFn: ({ signal }) => request<RepositoryKeys>('GET', `/repositories/${name}/keys`, { signal }),
    staleTime: Infinity,
    // Those of another repository would be taken for its own.
    placeholderData: () => undefined,
  })
}

/** Tables and modules of a source, as its newest backup counted them. */
export function useSourceTables(name: string | undefined) {
  return useQuery({
    queryKey: ['sources', name, 'tables'],
    queryFn: ({ signal }) => request<SourceTables>('GET', `/sources/${name}/tables`, { signal }),
    enabled: name !== undefined,
  })
}

/** What the modules of a source have now. It is work for the database: only while somebody looks, and not again and again. */
export function useSourceCounts(name: string, enabled: boolean) {
  return useQuery({
    queryKey: ['sources', name, 'counts'],
    queryFn: ({ signal }) => request<SourceCounts>('GET', `/sources/${name}/counts`, { signal }),
    enabled,
    staleTime: 30_000,
    // Those of another source would be taken for its own.
    placeholderData: () => undefined,
  })
}

/** One backup with its tables, which a job reads the first time; `details` is null until then. */
export function useBackupDetail(o: {
  readonly id: string | undefined
  /** Its name: an upload or a copy may have a backup of the same id. Null: the role may not know it. Undefined: it is not known yet. */
  readonly repository: string | null | undefined
  readonly reading: boolean
}) {
  const { id, repository } = o
  return useQuery({
    queryKey: ['backups', 'one', id, repository],
    queryFn: ({ signal }) =>
      request<BackupDetail>('GET', `/backups/${id}`, {
        signal,
        query: { repository: repository ?? undefined },
      }),
    enabled: id !== undefined && repository !== undefined,
    refetchInterval: o.reading ? fresh.always() : false,
    placeholderData: (old, before) =>
      before?.queryKey[3] === repository && old?.id === id ? old : undefined,
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

export const usePeople = () => useList<Person>('people', 'people')
export const useKeys = () => useList<Key>('keys', 'api_keys')
export const useProviders = () => useList<Provider>('providers', 'providers')
export const useDestinations = () => useList<Destination>('destinations', 'destinations')
export const useSubscriptions = () => useList<Subscription>('subscriptions', 'subscriptions')
/** What was sent to a destination lately, newest first. */
export function useDeliveries(destination: string) {
  const may = useMay('read', 'deliveries')
  return useQuery({
    enabled: may,
    queryKey: ['deliveries', destination],
    queryFn: ({ signal }) =>
      request<Page<Delivery>>('GET', '/deliveries', { signal, query: { destination, limit: 10 } }),
    select: ({ items }) => items,
    refetchInterval: fresh.untold,
  })
}

export const useRoles = () => useList<Roles['items'][number]>('roles', null)
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

export function useSystem() {
  return useQuery({
    queryKey: ['system'],
    queryFn: ({ signal }) => request<System>('GET', '/system', { signal }),
    refetchInterval: 10_000,
  })
}

/** What was done, newest first, and the head of the whole trail. */
export function useAudit(filter: Filter) {
  const found = useInfiniteQuery({
    queryKey: ['audit', filter],
    queryFn: ({ signal, pageParam }) =>
      request<AuditEntries>('GET', '/audit', { signal, query: { ...filter, limit: 200, after: pageParam } }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
  })
  const items = useMemo(() => found.data?.pages.flatMap((page) => page.items), [found.data])
  return { ...found, items, head: found.data?.pages[0]?.head }
}
