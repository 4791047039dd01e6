import { HoldfastError } from '../../lib/errors.ts'
import type { CommandRequest, JobKind } from '../kinds.ts'
import type { RestoreTask } from './task.ts'

type Params = Readonly<Record<string, unknown>>

/** What is said of a restore that is of no source, but of a whole repository, such as an upload: the name of that. */
export function repositoryOf(params: Params): string | null {
  return typeof params['repository'] === 'string' ? params['repository'] : null
}

/** What the target is called in the configuration that the command gets, beside the source. */
export function targetName(source: string | null): string {
  return source === 'target' ? 'target-of-restore' : 'target'
}

const all = {
  // Each says for itself what it excludes: two restores into new databases don't meet.
  exclusive: null,
  ofSource: true,
  needs: ['hostFile', 'identity'],
} as const

const restore: JobKind = {
  ...all,
  name: 'restore',
  arguments(request) {
    const { task, params } = taskOf(request)
    if (task.step === 'inquiry') return inquiry(request, task)
    return [
      'restore',
      idOf(params['backup']),
      ...place(request),
      ...(task.place === 'new' ? newChoices(params) : inPlaceChoices(params)),
      ...stepOptions(task, params['swap'] === undefined ? '--preview' : '--plan'),
    ]
  },
}

const undo: JobKind = {
  ...all,
  name: 'undo',
  arguments(request) {
    const { task, params } = taskOf(request)
    if (task.step === 'inquiry') return inquiry(request, task)
    return [
      'undo',
      idOf(task.undoes),
      ...place(request),
      ...on('--overwrite', params['overwrite']),
      ...on('--skip-conflicts', params['skipConflicts']),
      ...stepOptions(task, '--preview'),
    ]
  },
}

/** Lets a restored copy work. */
const release: JobKind = {
  ...all,
  name: 'release',
  needs: [],
  arguments: (request) => [
    'release',
    targetName(request.source),
    '--yes',
    `--confirm=${taskOf(request).task.database ?? ''}`,
  ],
}

export const restoreKinds = { restore, undo, release } as const

function taskOf({ restore: task, params }: CommandRequest): { task: RestoreTask; params: Params } {
  if (task === null) throw new HoldfastError('internal', 'The job is about no restore.')
  return { task, params }
}

function place({ source }: CommandRequest): string[] {
  return [...given('--source', source), `--to=${targetName(source)}`]
}

function stepOptions({ step, database, digest, restore: id }: RestoreTask, look: string): string[] {
  if (step === 'preview') return [look]
  const found = id === null ? [] : [`--id=${id}`]
  if (step === 'run') return found
  const agreed = ['--yes', `--confirm=${database ?? ''}`]
  return [...agreed, ...found, ...(digest === null ? [] : [`--expect=${digest}`])]
}

/** Asks the repository what is left of it, and the database whether that was committed. */
function inquiry(request: CommandRequest, { restore: id, place: where }: RestoreTask): string[] {
  return [
    'restores',
    idOf(id),
    ...given('--source', request.source),
    ...(where === 'new' ? [] : [`--to=${targetName(request.source)}`]),
  ]
}

function newChoices(params: Params): string[] {
  return [
    ...on('--create-database', params['create']),
    ...on('--restart', params['restart']),
    ...rows(params),
    ...owners(params),
  ]
}

function inPlaceChoices(params: Params): string[] {
  const { swap } = params
  if (swap !== undefined)
    return [
      swap === 'schemas' ? '--swap-schemas' : '--swap',
      ...on('--quarantine', params['quarantine']),
      ...owners(params),
    ]
  return [
    '--in-place',
    ...rows(params),
    ...owners(params),
    ...given('--where', params['where']),
    ...on('--create-missing', params['createMissing']),
    ...on('--update-changed', params['updateChanged']),
    ...on('--delete-extra', params['deleteExtra']),
    ...on('--new-ids', params['newIds']),
    ...given('--keep-newer', params['keepNewer']),
    ...given('--references', params['references']),
    ...on('--skip-conflicts', params['skipConflicts']),
    ...each('--component', params['components']),
  ]
}

function rows(params: Params): string[] {
  return [
    ...each('--schema', params['schemas']),
    ...each('--table', params['tables']),
    ...each('--module', params['modules']),
    ...each('--exclude-table', params['excludeTables']),
  ]
}

function owners(params: Params): string[] {
  return [
    ...on('--no-owner', params['noOwner']),
    ...on('--no-grants', params['noGrants']),
    ...given('--roles', params['roles']),
  ]
}

/** In one word, so that a value that begins with a dash is no option of its own. */
function given(option: string, value: unknown): string[] {
  return typeof value === 'string' && value !== '' ? [`${option}=${value}`] : []
}

function each(option: string, values: unknown): string[] {
  return Array.isArray(values) ? values.flatMap((value) => given(option, value)) : []
}

function on(option: string, value: unknown): string[] {
  return value === true ? [option] : []
}

function idOf(value: unknown): string {
  if (typeof value === 'string' && /^\d[\w-]{0,63}$/.test(value)) return value
  throw new HoldfastError('usage', 'That is no id of a backup or restore.')
}
