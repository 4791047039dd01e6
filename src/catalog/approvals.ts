import type { Queries } from './database.ts'
import { iso, pageOf, type Listed, type Page } from './rows.ts'
import type { Seal } from './seal.ts'
import { placeOf } from './secrets.ts'

export const approvalStatuses = ['pending', 'approved', 'refused', 'used', 'expired'] as const
export type ApprovalStatus = (typeof approvalStatuses)[number]

/** The wish of one person to do what destroys, on which another decides. */
export interface ApprovalRecord {
  readonly id: string
  readonly operation: string
  readonly about: string
  readonly reason: string | null
  readonly requestedBy: string
  readonly status: ApprovalStatus
  readonly decidedBy: string | null
  readonly decidedAt: string | null
  readonly createdAt: string
  readonly expiresAt: string
}

interface Row extends Record<string, unknown> {
  readonly id: string
  readonly operation: string
  readonly about: string
  readonly reason: string | null
  readonly requested_by: string
  readonly status: ApprovalStatus
  readonly decided_by: string | null
  readonly decided_at: Date | null
  readonly created_at: Date
  readonly expires_at: Date
  readonly exactly: string
}

const columns = `id, operation, about, reason, requested_by, decided_by, decided_at, created_at, expires_at, created_at::text AS exactly,
  CASE WHEN status IN ('pending', 'approved') AND expires_at <= pg_catalog.now() THEN 'expired' ELSE status END AS status`

function toRecord(row: Row): ApprovalRecord {
  const { id, operation, about, reason, status } = row
  return {
    id,
    operation,
    about,
    reason,
    requestedBy: row.requested_by,
    status,
    decidedBy: row.decided_by,
    decidedAt: iso(row.decided_at),
    createdAt: iso(row.created_at),
    expiresAt: iso(row.expires_at),
  }
}

/** Newest first. */
export async function listApprovals({ query }: Queries, page: Page): Promise<Listed<ApprovalRecord>> {
  const rows = await query<Row>(
    `SELECT ${columns} FROM holdfast.approvals
     WHERE ($1::timestamptz IS NULL OR (created_at, id) < ($1, $2::uuid)) ORDER BY created_at DESC, id DESC LIMIT $3`,
    [page.after?.at ?? null, page.after?.id ?? null, page.limit + 1],
  )
  const listed = pageOf(rows, page, ({ exactly, id }) => ({ at: exactly, id }))
  return { items: listed.items.map(toRecord), next: listed.next }
}

/** Whether two callers are one person: by a session, or by keys that they have made. */
export async function isSamePerson({ query }: Queries, one: string, other: string): Promise<boolean> {
  const [row] = await query<{ same: boolean }>(
    'SELECT holdfast.owner_of($1) = holdfast.owner_of($2) AS same',
    [one, other],
  )
  return row?.same === true
}

export async function findApproval({ query }: Queries, id: string): Promise<ApprovalRecord | null> {
  const [row] = await query<Row>(`SELECT ${columns} FROM holdfast.approvals WHERE id = $1`, [id])
  return row === undefined ? null : toRecord(row)
}

/** Decides on a wish that is open. Null: there is none that this caller may decide on. */
export async function decideApproval(
  { query }: Queries,
  o: { id: string; status: 'approved' | 'refused'; by: string },
): Promise<ApprovalRecord | null> {
  const [row] = await query<Row>(
    `UPDATE holdfast.approvals SET status = $2, decided_by = $3, decided_at = pg_catalog.now()
     WHERE id = $1 AND status = 'pending' AND expires_at > pg_catalog.now()
       AND holdfast.owner_of(requested_by) <> holdfast.owner_of($3) RETURNING ${columns}`,
    [o.id, o.status, o.by],
  )
  return row === undefined ? null : toRecord(row)
}

/** What somebody wants to do: the same wish only if all of it is the same. */
export interface Wish {
  readonly operation: string
  readonly about: string
  /** Of the request's body, hex. */
  readonly bodyHash: string
  readonly by: string
}

const wishHours = 24

/** Writes a wish down, as the owner, unless the same is open already. Resolves to its id. */
export async function askApproval(
  { query }: Queries,
  o: { seal: Seal; wish: Wish; reason: string | null },
): Promise<string> {
  const { operation, about, bodyHash, by } = o.wish
  const open = await query<{ id: string; request: Buffer }>(
    `SELECT id, request FROM holdfast.approvals WHERE operation = $1 AND about = $2 AND requested_by = $3 AND status IN ('pending', 'approved')
       AND expires_at > pg_catalog.now() ORDER BY created_at DESC LIMIT 20`,
    [operation, about, by],
  )
  for (const one of open)
    if (o.seal.open(placeOf.approval(by), one.request)['hash'] === bodyHash) return one.id
  const [row] = await query<{ id: string }>(
    `INSERT INTO holdfast.approvals (operation, about, request, reason, requested_by, expires_at)
     VALUES ($1, $2, $3, $4, $5, pg_catalog.now() + pg_catalog.make_interval(hours => $6)) RETURNING id`,
    [operation, about, o.seal.seal(placeOf.approval(by), { hash: bodyHash }), o.reason, by, wishHours],
  )
  if (row === undefined) throw new TypeError('INSERT returned no row')
  return row.id
}

/** Uses an approval, as the owner: once, and for that very wish. False: it is none for that. */
export async function useApproval(
  { query }: Queries,
  o: { seal: Seal; wish: Wish; id: string },
): Promise<boolean> {
  const { operation, about, bodyHash, by } = o.wish
  const [row] = await query<{ request: Buffer }>(
    `UPDATE holdfast.approvals SET status = 'used' WHERE id = $1 AND operation = $2 AND about = $3 AND requested_by = $4
       AND status = 'approved' AND expires_at > pg_catalog.now() RETURNING request`,
    [o.id, operation, about, by],
  )
  return row !== undefined && o.seal.open(placeOf.approval(by), row.request)['hash'] === bodyHash
}
