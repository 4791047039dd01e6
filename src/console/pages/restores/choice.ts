import type { Restore, RestoreInput } from '../../lib/types.ts'

/**
 * What is to be restored, and where to. All of it but passwords and identities is in the address, as texts. `repository` in place of `source`: an upload, which goes
 * into a new database only.
 */

export const choiceNames = ['source', 'repository', 'backup', 'step', 'scope', 'names', 'where', 'to', 'database', 'server', 'user', 'changed', 'extra', 'conflicts'] as const // prettier-ignore
export type Choice = { readonly [N in (typeof choiceNames)[number]]?: string | undefined }

export const scopes = ['all', 'modules', 'tables', 'rows'] as const
export type Scope = (typeof scopes)[number]

export function scopeOf({ scope }: Choice): Scope {
  return scopes.find((one) => one === scope) ?? 'all'
}

/** Of modules or tables; a line each, as no name holds one. */
export function namesOf({ names }: Choice): readonly string[] {
  return names === undefined ? [] : names.split('\n')
}

export function isInPlace(choice: Choice): boolean {
  if (choice.repository !== undefined) return false
  // Rows by a condition are compared where they are.
  return choice.to === 'place' || scopeOf(choice) === 'rows'
}

/** Why one can't go on from what is chosen; null: one can. The key of a message. */
export function missingIn(choice: Choice): string | null {
  const scope = scopeOf(choice)
  const count = namesOf(choice).length
  if (scope === 'modules' && count === 0) return 'restores.what.needsModule'
  if (scope === 'tables' && count === 0) return 'restores.what.needsTable'
  if (scope === 'rows' && choice.repository !== undefined) return 'restores.what.rowsOfUpload'
  if (scope === 'rows' && (count !== 1 || (choice.where ?? '').trim() === ''))
    return 'restores.what.needsWhere'
  return null
}

/** The pattern that means exactly this table, and no other (src/lib/patterns.ts). */
export function patternOf({ schema, name }: { schema: string; name: string }): string {
  return `${quoted(schema)}.${quoted(name)}`
}

function quoted(name: string): string {
  return /^[\w$]+$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}

/** What a server is called in an address: `db.example.com:5433`. */
export function serverOf(address: string): { server: string; database: string; user: string } {
  const found = /^postgres(?:ql)?:\/\/(?:([^@/?]*)@)?([^/?]*)(?:\/([^?]*))?/.exec(address)
  const plain = (value: string | undefined): string => decoded(value ?? '')
  return { user: plain(found?.[1]), server: found?.[2] ?? '', database: plain(found?.[3]) }
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}

export interface NewPlace {
  readonly server: string
  readonly database: string
  readonly user: string
}

/** Where a new database would be, if nothing else is said: beside the one in use. */
export function placeOf(choice: Choice, address: string): NewPlace {
  const own = serverOf(address)
  return {
    server: choice.server ?? own.server,
    user: choice.user ?? own.user,
    database: choice.database ?? (own.database === '' ? 'restored' : `${own.database}_restored`),
  }
}

export function inputOf(
  choice: Choice,
  o: {
    readonly from: { readonly source: string } | { readonly repository: string }
    readonly backup: string
    readonly place: NewPlace
    readonly password: string
    /** What opens it, for this restore alone; empty: the service has it. */
    readonly identity: string
  },
): RestoreInput {
  const names = [...namesOf(choice)]
  const scope = scopeOf(choice)
  const what =
    scope === 'all' || names.length === 0 ? {} : scope === 'modules' ? { modules: names } : { tables: names }
  const opens = o.identity.trim() === '' ? {} : { identity: o.identity }
  const base = { ...o.from, backup: o.backup, ...opens, ...what }
  if (!isInPlace(choice)) {
    const { server, database, user } = o.place
    const login = user === '' ? '' : `${encodeURIComponent(user)}@`
    const into = {
      database: `postgres://${login}${server}/${encodeURIComponent(database)}`,
      ...(o.password === '' ? {} : { password: o.password }),
    }
    return { ...base, into }
  }
  return {
    ...base,
    into: { inPlace: true },
    ...(scope === 'rows' ? { where: choice.where ?? '' } : {}),
    createMissing: true,
    ...(choice.changed === 'yes' ? { updateChanged: true } : {}),
    ...(choice.extra === 'yes' ? { deleteExtra: true } : {}),
    ...(choice.conflicts === 'skip' ? { skipConflicts: true } : {}),
    references: 'bring',
  }
}

/** The choice that a restore was begun with: to begin again from it. */
export function choiceOf({ params, source, sourceId, place, target }: Restore): Choice {
  const names = (value: unknown): string[] =>
    Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
  const [modules, tables] = [names(params['modules']), names(params['tables'])]
  const where = typeof params['where'] === 'string' ? params['where'] : undefined
  const scope: Scope = where !== undefined ? 'rows' : modules.length > 0 ? 'modules' : tables.length > 0 ? 'tables' : 'all' // prettier-ignore
  const chosen = modules.length > 0 ? modules : tables
  return {
    ...(sourceId === null ? { repository: source } : { source }),
    backup: typeof params['backup'] === 'string' ? params['backup'] : undefined,
    scope,
    ...(chosen.length === 0 ? {} : { names: chosen.join('\n') }),
    ...(where === undefined ? {} : { where }),
    ...(place === 'in place' ? { to: 'place' } : serverOf(target)),
    ...(params['updateChanged'] === true ? { changed: 'yes' } : {}),
    ...(params['deleteExtra'] === true ? { extra: 'yes' } : {}),
    ...(params['skipConflicts'] === true ? { conflicts: 'skip' } : {}),
  }
}
