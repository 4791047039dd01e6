import { HoldfastError } from '../lib/errors.ts'
import { bounded } from './restores/bounded.ts'
import { restoreKinds } from './restores/kinds.ts'
import type { RestoreTask } from './restores/task.ts'

/** What a command is run for. */
export interface CommandRequest {
  /** Name of the source in the configuration that the command gets; null if it is about a whole repository. */
  readonly source: string | null
  readonly params: Readonly<Record<string, unknown>>
  /** Id of the newest backup of the source that the catalog knows; null if it knows none. */
  readonly newest: string | null
  /** What tells backups of the source from others in its repository, as far as the catalog knows. */
  readonly hashes: readonly string[]
  /** Where the repository is, and where that is which is brought up to date from it; null: none is. */
  readonly place: { readonly address: string; readonly to: string | null }
  /** Of jobs that are about a restore, what; null of others. */
  readonly restore: RestoreTask | null
}

/** A kind of job, as data. The command line does the work: its arguments are all that a kind is. */
export interface JobKind {
  readonly name: string
  /** Of what one job runs at a time. */
  readonly exclusive: 'source' | 'repository' | null
  /** Whether it is about one source. */
  readonly ofSource: boolean
  /** Which secrets of the repository its command gets. */
  readonly needs: readonly ('hostFile' | 'identity')[]
  arguments(request: CommandRequest): readonly string[]
  /** What is kept of the result that the command printed. Default: all of it. */
  kept?(printed: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>
}

const backup: JobKind = {
  name: 'backup',
  exclusive: 'source',
  ofSource: true,
  needs: ['hostFile'],
  arguments: ({ source, params }) => [
    'backup',
    source ?? '',
    ...given('--name', params['name']),
    ...given('--description', params['description']),
    ...given('--proof', params['proof']),
  ],
}

const check: JobKind = {
  name: 'check',
  exclusive: 'repository',
  ofSource: false,
  needs: ['identity'],
  arguments: ({ params }) => ['check', ...given('--read-data', params['readData'])],
}

const drill: JobKind = {
  name: 'drill',
  // Another one would only make both slower, and the time that a drill measures is part of what it finds.
  exclusive: 'source',
  ofSource: true,
  needs: ['hostFile', 'identity'],
  arguments: ({ source, params, newest }) => [
    'drill',
    idOf(params['backup'] ?? newest ?? 'latest'),
    ...given('--source', source),
  ],
}

const prune: JobKind = {
  name: 'prune',
  exclusive: 'repository',
  ofSource: true,
  needs: ['hostFile'],
  arguments: ({ source, hashes }) => [
    'prune',
    '--yes',
    ...given('--source', source),
    ...hashes.flatMap((hash) => given('--only', hash)),
  ],
}

/** What a prune would remove, and why what stays does. */
const prunePreview: JobKind = {
  ...prune,
  name: 'prune-preview',
  exclusive: null,
  arguments: (request) =>
    prune.arguments(request).map((argument) => (argument === '--yes' ? '--dry-run' : argument)),
  kept: (printed) => bounded(printed).value,
}

/** How much is stored, and how much more could be. */
const measure: JobKind = {
  name: 'measure',
  exclusive: 'repository',
  ofSource: false,
  needs: ['hostFile'],
  arguments: () => ['stats'],
  kept({ stats, freeBytes }) {
    const { stored, unneeded, backups } = (stats ?? {}) as Readonly<Record<string, unknown>>
    return { stored, unneeded, backups: Array.isArray(backups) ? backups.length : 0, freeBytes }
  },
}

/** What backups hold and take, one by one, for whoever wants to see it now. */
const stats: JobKind = {
  ...measure,
  name: 'stats',
  exclusive: null,
  kept: (printed) => bounded(printed).value,
}

/** Brings another repository up to date, which is a copy of this one, or empty. Addresses begin with no dash. */
const copy: JobKind = {
  name: 'copy',
  exclusive: 'repository',
  ofSource: false,
  needs: ['hostFile'],
  arguments: ({ place: { address, to } }) => ['copy', address, to ?? ''],
}

/** Reads again what a repository knows, for the catalog. */
const refresh: JobKind = {
  name: 'refresh',
  exclusive: 'repository',
  ofSource: false,
  needs: ['hostFile'],
  arguments: () => ['list'],
  // The catalog has the list itself.
  kept: ({ backups, refused }) => ({ backups: Array.isArray(backups) ? backups.length : 0, refused }),
}

/** Removes one backup, whatever the rules say. */
const remove: JobKind = {
  name: 'remove',
  exclusive: 'repository',
  ofSource: false,
  needs: ['hostFile'],
  arguments: ({ params }) => [
    'remove',
    idOf(params['backup']),
    '--yes',
    ...(params['evenLast'] === true ? ['--even-last'] : []),
  ],
}

const pin: JobKind = {
  name: 'pin',
  exclusive: null,
  ofSource: false,
  needs: ['hostFile'],
  arguments: ({ params }) => ['pin', idOf(params['backup']), ...given('--reason', params['reason'])],
}

const unpin: JobKind = {
  name: 'unpin',
  exclusive: null,
  ofSource: false,
  needs: ['hostFile'],
  arguments: ({ params }) => ['unpin', idOf(params['backup'])],
}

/** Reads what is in a backup, for the catalog. */
const show: JobKind = {
  name: 'show',
  exclusive: null,
  ofSource: false,
  needs: ['hostFile', 'identity'],
  arguments: ({ params }) => ['show', idOf(params['backup'])],
  // The catalog keeps it with the backup.
  kept: () => ({}),
}

const jobKinds: readonly JobKind[] = [
  backup,
  check,
  copy,
  measure,
  stats,
  prunePreview,
  drill,
  prune,
  refresh,
  remove,
  pin,
  unpin,
  show,
  ...Object.values(restoreKinds),
]

/** The kind of this name. Throws `usage`. */
export function jobKind(name: string): JobKind {
  const found = jobKinds.find((kind) => kind.name === name)
  if (found !== undefined) return found
  const names = jobKinds.map((kind) => kind.name).join(', ')
  throw new HoldfastError('usage', `There is no job of kind ${name}.`, { hint: `There are ${names}.` })
}

/** In one word, so that a value that begins with a dash is no option of its own. */
function given(option: string, value: unknown): string[] {
  return typeof value === 'string' && value !== '' ? [`${option}=${value}`] : []
}

function idOf(value: unknown): string {
  if (typeof value === 'string' && /^[\w-]{1,64}$/.test(value) && !value.startsWith('-')) return value
  throw new HoldfastError('usage', 'That is no id of a backup.')
}
