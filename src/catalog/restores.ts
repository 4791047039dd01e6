import type { Queries } from './database.ts'
import { iso, pageOf, type Listed, type Page } from './rows.ts'
import type { Seal } from './seal.ts'
import { placeOf, type RestoreSecrets } from './secrets.ts'

type Json = Readonly<Record<string, unknown>>

/** Where a restore is. What each means: migrations/040-restores.sql. */
export const restoreSteps = ['run', 'preview', 'agreement', 'change', 'inquiry', 'over'] as const
export type RestoreStep = (typeof restoreSteps)[number]
export const restorePlaces = ['new', 'in place'] as const
export type RestorePlace = (typeof restorePlaces)[number]

/** What a job of the kinds restore, undo and release is about. */
export interface RestoreRecord {
  /** That of its job. */
  readonly id: string
  readonly place: RestorePlace
  readonly target: string
  readonly asUser: string | null
  readonly database: string | null
  readonly step: RestoreStep
  readonly restore: string | null
  readonly undoes: string | null
  readonly preview: Json | null
  readonly previewCut: string | null
  readonly digest: string | null
  readonly expiresAt: string | null
  readonly confirmedAt: string | null
  readonly confirmedBy: string | null
  readonly changed: boolean | null
  readonly why: Json | null
  readonly report: Json | null
  /** Rows that were changed, of its report. */
  readonly totals: Json | null
}

export interface RestoreRow extends Record<string, unknown> {
  readonly id: string
  readonly place: RestorePlace
  readonly target: string
  readonly as_user: string | null
  readonly database: string | null
  readonly step: RestoreStep
  readonly restore: string | null
  readonly undoes: string | null
  readonly preview: Json | null
  readonly preview_cut: string | null
  readonly digest: string | null
  readonly expires_at: Date | null
  readonly confirmed_at: Date | null
  readonly confirmed_by: string | null
  readonly changed: boolean | null
  readonly why: Json | null
  readonly report: Json | null
  readonly totals: Json | null
}

const columns = `id, place, target, as_user, database, step, restore, undoes, preview, preview_cut, digest, expires_at,
  confirmed_at, confirmed_by, changed, why, report, nullif(report->'totals', 'null') AS totals`

function toRecord(row: RestoreRow): RestoreRecord {
  const { as_user: asUser, preview_cut: previewCut, confirmed_by: confirmedBy, ...rest } = row
  const { expires_at, confirmed_at, ...same } = rest
  return {
    ...same,
    asUser,
    previewCut,
    confirmedBy,
    expiresAt: iso(expires_at),
    confirmedAt: iso(confirmed_at),
  }
}

/** Adds what a new job is about. */
export async function addRestore(
  { query }: Queries,
  o: {
    seal: Seal
    id: string
    place: RestorePlace
    target: string
    asUser: string | null
    database: string | null
    step: RestoreStep
    restore: string | null
    undoes: string | null
    secrets: RestoreSecrets
  },
): Promise<void> {
  const sealed = o.seal.seal(placeOf.restore(o.id, o.target, o.asUser), { ...o.secrets })
  await query(
    `INSERT INTO holdfast.restores (id, place, target, as_user, database, step, restore, undoes, secrets)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [o.id, o.place, o.target, o.asUser, o.database, o.step, o.restore, o.undoes, sealed],
  )
}

/** Null: there is none that the caller may see. */
export async function findRestore({ query }: Queries, id: string): Promise<RestoreRecord | null> {
  const [row] = await query<RestoreRow>(`SELECT ${columns} FROM holdfast.restores WHERE id = $1`, [id])
  return row === undefined ? null : toRecord(row)
}

/** Newest first, without previews and reports. */
export async function listRestores(
  { query }: Queries,
  filter: { sourceId: string | null },
  page: Page,
): Promise<Listed<RestoreRecord & { readonly exactly: string }>> {
  const rows = await query<RestoreRow & { exactly: string }>(
    `SELECT r.id, r.place, r.target, r.as_user, r.database, r.step, r.restore, r.undoes, NULL AS preview, r.preview_cut, r.digest,
       r.expires_at, r.confirmed_at, r.confirmed_by, r.changed, r.why, NULL AS report,
       nullif(r.report->'totals', 'null') AS totals, j.created_at::text AS exactly
     FROM holdfast.restores AS r JOIN holdfast.jobs AS j ON j.id = r.id
     WHERE ($1::uuid IS NULL OR j.source_id = $1)
       AND ($2::timestamptz IS NULL OR (j.created_at, j.id) < ($2, $3::uuid))
     ORDER BY j.created_at DESC, j.id DESC LIMIT $4`,
    [filter.sourceId, page.after?.at ?? null, page.after?.id ?? null, page.limit + 1],
  )
  const listed = pageOf(rows, page, ({ exactly, id }) => ({ at: exactly, id }))
  const items = listed.items.map(({ exactly, ...row }) => ({ ...toRecord(row), exactly }))
  return { items, next: listed.next }
}

/** What is known of a restore by now; what is left out stays. */
export interface RestoreNote {
  readonly step?: RestoreStep
  readonly preview?: Json
  readonly previewCut?: string | null
  readonly digest?: string | null
  readonly database?: string | null
  readonly expiresInSeconds?: number
  readonly changed?: boolean | null
  readonly why?: Json | null
  readonly report?: Json | null
}

/** Notes it, in the transaction that says the same of the job. */
export async function noteRestore({ query }: Queries, id: string, note: RestoreNote): Promise<void> {
  const json = (value: Json | null | undefined) =>
    value === undefined || value === null ? null : JSON.stringify(value)
  await query(
    `UPDATE holdfast.restores SET step = coalesce($2, step), preview = coalesce($3, preview),
       preview_cut = coalesce($4, preview_cut), digest = coalesce($5, digest), database = coalesce($6, database),
       expires_at = coalesce(pg_catalog.now() + pg_catalog.make_interval(secs => $7), expires_at),
       changed = coalesce($8, changed), why = coalesce($9, why), report = coalesce($10, report)
     WHERE id = $1`,
    [
      id,
      note.step ?? null,
      json(note.preview),
      note.previewCut ?? null,
      note.digest ?? null,
      note.database ?? null,
      note.expiresInSeconds ?? null,
      note.changed ?? null,
      json(note.why),
      json(note.report),
    ],
  )
}
