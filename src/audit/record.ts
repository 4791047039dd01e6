import type { Claims } from '../catalog/claims.ts'
import type { Queries } from '../catalog/database.ts'
import type { AuditResult } from './entry.ts'

/** What changes no row, and so is recorded by whoever does it. */
export interface AuditEvent {
  /** Null: nobody is known, as of a sign-in that failed. */
  readonly claims: Claims | null
  /** Where it came from, if there are no claims that tell. */
  readonly from?: Claims['from']
  /** Resource and what was done: `audit.export`, `session.create`, `request.refuse`. */
  readonly action: string
  /** What it was done to, as people call it. Never a secret. */
  readonly about: string
  readonly sourceId?: string | null
  readonly result: AuditResult
  /** Of what was refused or has failed. */
  readonly code?: string
  /** What else is worth knowing. Never a secret. */
  readonly facts?: Readonly<Record<string, unknown>>
}

/** More is told by nobody who means well. */
const agentCharacters = 300
const aboutCharacters = 500

/**
 * Records what has happened, in the transaction of `queries` if it is one: as the owner of the catalog, so from the API by `asSystem`. Changes
 * of rows need no call: triggers record them.
 */
export async function record({ query }: Queries, event: AuditEvent): Promise<void> {
  const { claims } = event
  const from = claims?.from ?? event.from
  const storable = (text: string | null | undefined, most: number): string | null =>
    text?.replaceAll('\0', '').slice(0, most).toWellFormed() ?? null
  await query(
    `INSERT INTO holdfast.audit_pending (who, role, address, agent, request, action, about, source_id, result, code, after)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      claims?.subject ?? 'nobody',
      claims?.role ?? null,
      from?.address ?? null,
      storable(from?.agent, agentCharacters),
      from?.request ?? null,
      event.action,
      storable(event.about, aboutCharacters),
      event.sourceId ?? null,
      event.result,
      event.code ?? null,
      event.facts === undefined ? null : JSON.stringify(event.facts),
    ],
  )
}
