import type { Database, Queries } from './database.ts'
import { keyScopeOf, may, type Action, type KeyScope, type Resource, type Role } from './permissions.ts'

/** Whom a request acts for, as row level security is told. */
export interface Claims {
  /** `key:<id>` or `person:<id>`: what the audit trail and jobs name. */
  readonly subject: string
  readonly role: Role
  /** Ids of the sources that a tenant_admin is bound to. */
  readonly sources: readonly string[]
  /** Of a key: what it may be used for. A person may do all that the role may. */
  readonly scopes?: readonly KeyScope[]
  /** When the caller has last signed in with all that it takes, ISO 8601. Absent: they sign in with every request, as keys do. */
  readonly recentAt?: string
  /** Where the request came from, for the audit trail. */
  readonly from?: {
    /** Of the connection, and of whom a proxy on this machine names; null if there is none. */
    readonly address: string | null
    /** What the client calls itself. */
    readonly agent: string | null
    /** Id of the request, which its answer tells. */
    readonly request: string
  }
}

/** Whether these claims have a right at all; on which rows, row level security says. */
export function allows({ role, scopes }: Claims, action: Action, resource: Resource): boolean {
  return may(role, action, resource) && scopes?.includes(keyScopeOf(action, resource)) !== false
}

/** A transaction under row level security. */
export interface CallerQueries extends Queries {
  /**
   * Does what must be done in the same transaction and is not the caller's to do, such as putting a job into the queue once its row
   * was let in. Never with what a caller could choose but the ids that row level security has just let through.
   */
  asSystem<T>(work: (queries: Queries) => Promise<T>): Promise<T>
}

/** The role that the API works as. One for all catalogs of a server: it has rights in each by itself. */
export const apiRole = 'holdfast_api'

/** Does the work in a transaction that sees and changes what these claims allow. `database` is one of the role `apiRole`. */
export async function asCaller<T>(
  database: Database,
  claims: Claims,
  work: (queries: CallerQueries) => Promise<T>,
): Promise<T> {
  return await database.transaction(async ({ query }) => {
    await query("SELECT pg_catalog.set_config('holdfast.claims', $1, true)", [JSON.stringify(claims)])
    return await work({
      query,
      async asSystem(inner) {
        await query('SET LOCAL ROLE NONE')
        const result = await inner({ query })
        await query(`SET LOCAL ROLE ${apiRole}`)
        return result
      },
    })
  })
}

/**
 * Does the work of a caller on what the API's role may not touch, such as their own sessions: as the owner, but under the claims, which the
 * audit trail names. Who may do it is the matter of whoever calls this.
 */
export async function asSystemFor<T>(
  database: Database,
  claims: Claims,
  work: (queries: Queries) => Promise<T>,
): Promise<T> {
  return await asCaller(database, claims, (queries) => queries.asSystem(work))
}

/** What belongs to nobody, such as the scheduler, for work that callers do under their claims. */
export function asOwner({ query }: Queries): CallerQueries {
  return { query, asSystem: (work) => work({ query }) }
}
