import type { Queries } from '../catalog/database.ts'
import { findRepository } from '../catalog/repositories.ts'
import { findSource } from '../catalog/sources.ts'
import { HoldfastError } from '../lib/errors.ts'
import { jobKind, type JobKind } from '../jobs/kinds.ts'
import { found } from './context.ts'
import { paramsOf, type kinds } from './contract.ts'
import { requireSource } from './refusals.ts'

/** What a job or schedule is to be about, as a request says it. */
export interface Wanted {
  readonly kind: (typeof kinds)[number]
  readonly source?: string | undefined
  readonly repository?: string | undefined
  readonly params: Readonly<Record<string, unknown>>
  /** Which backups stay, of a schedule. */
  readonly keep?: unknown
}

export interface FoundTarget {
  readonly kind: JobKind
  readonly sourceId: string | null
  readonly repositoryId: string
  readonly about: string
  readonly params: Readonly<Record<string, unknown>>
}

/** Finds what is meant, and checks that the kind takes it. Throws `not_found`, `request_invalid`. */
export async function findTarget(queries: Queries, wanted: Wanted): Promise<FoundTarget> {
  const kind = jobKind(wanted.kind)
  const checked = paramsOf[wanted.kind].safeParse(wanted.params)
  if (!checked.success) {
    const problems = checked.error.issues.map(({ path, message }) => ({
      path: ['params', ...path].join('.'),
      what: message,
    }))
    throw new HoldfastError('request_invalid', problems.map(({ path, what }) => `${path}: ${what}`).join('; '), { details: { problems } }) // prettier-ignore
  }
  if (
    kind.ofSource !== (wanted.source !== undefined) ||
    kind.ofSource !== (wanted.repository === undefined)
  ) {
    const needs = kind.ofSource ? 'a source, and no repository' : 'a repository, and no source'
    throw new HoldfastError('request_invalid', `A ${kind.name} is of ${needs}.`)
  }
  const { params } = wanted
  if (wanted.source !== undefined) {
    const source = found(await findSource(queries, wanted.source), `source ${wanted.source}`)
    requireSource({ ...source, keep: wanted.keep ?? params['keep'] })
    const { id: sourceId, repositoryId, name: about } = source
    return { kind, sourceId, repositoryId, about, params }
  }
  const name = wanted.repository ?? ''
  const { id: repositoryId } = found(await findRepository(queries, name), `repository ${name}`)
  const { to } = params
  if (typeof to === 'string') {
    if (to === name)
      throw new HoldfastError('request_invalid', 'params.to: a repository is no copy of itself.')
    const { kind: other } = found(await findRepository(queries, to), `repository ${to}`)
    if (other === 'upload')
      throw new HoldfastError(
        'request_invalid',
        `params.to: ${to} is an upload, and nothing is written to it.`,
      )
  }
  return { kind, sourceId: null, repositoryId, about: name, params }
}
