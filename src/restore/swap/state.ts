import type { Connection } from '../../postgres/connect.ts'
import { ident, literal } from '../../postgres/quote.ts'

/**
 * What a database beside the live one is. Kept as its comment, which its owner may set, also from another database and in the
 * transaction that renames it.
 *
 * - `filling`: a restore works on it, or has died doing so. Never used for anything but to be dropped.
 * - `ready`: restored and compared; nobody can connect. It can take the live one's place at any moment.
 * - `replaced`: it was the live one. Nobody can connect; it can be renamed back, or dropped.
 */
export interface SwapState {
  readonly state: 'filling' | 'ready' | 'replaced'
  /** Name of the live database. */
  readonly of: string
  /** Tells this swap from others; part of the names. */
  readonly id: string
  readonly backup: string
  /** ISO 8601: when it got into this state. */
  readonly at: string
  /** Restored in quarantine. */
  readonly quarantine: boolean
  /** The comment that it had as the live one. */
  readonly comment: string | null
}

/** A database that a swap has left beside a live one. */
export interface BesideDatabase extends SwapState {
  readonly name: string
  readonly oid: number
  /** Null where the role may not ask. */
  readonly bytes: number | null
}

const prefix = 'holdfast swap: '

export function stateSql(database: string, state: SwapState): string {
  return `COMMENT ON DATABASE ${ident(database)} IS ${literal(prefix + JSON.stringify(state))}`
}

/** What swaps of this database have left on the server, newest first. */
export async function readBeside(connection: Connection, of: string): Promise<BesideDatabase[]> {
  const rows = await connection.query<{ name: string; oid: number; comment: string; bytes: string | null }>(
    `SELECT d.datname AS name, d.oid, pg_catalog.shobj_description(d.oid, 'pg_database') AS comment,
       CASE WHEN pg_catalog.has_database_privilege(d.oid, 'CONNECT') OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')
         THEN pg_catalog.pg_database_size(d.oid) END AS bytes
     FROM pg_catalog.pg_database d
     WHERE pg_catalog.starts_with(pg_catalog.shobj_description(d.oid, 'pg_database'), ${literal(prefix)})`,
  )
  const found = rows.flatMap(({ name, oid, comment, bytes }) => {
    const state = parseState(comment.slice(prefix.length))
    if (state === null || state.of !== of) return []
    return [{ ...state, name, oid, bytes: bytes === null ? null : Number(bytes) }]
  })
  return found.sort((a, b) => b.at.localeCompare(a.at))
}

/**
 * Databases with a name as a swap of this database gives, and no word of it: what a run has left that died right after it had made
 * one, or somebody else's. They are told, and never dropped.
 */
export async function readUnmarked(connection: Connection, of: string): Promise<string[]> {
  const id = '00000000'
  const beginning = besideName(of, 'holdfast', id).slice(0, -id.length)
  const rows = await connection.query<{ name: string }>(
    `SELECT datname AS name FROM pg_catalog.pg_database d
     WHERE pg_catalog.starts_with(datname::pg_catalog.text, $1) AND pg_catalog.substr(datname::pg_catalog.text, pg_catalog.length($1) + 1) ~ '^[0-9a-f]{8}$'
       AND NOT coalesce(pg_catalog.starts_with(pg_catalog.shobj_description(d.oid, 'pg_database'), ${literal(prefix)}), false) ORDER BY 1`,
    [beginning],
  )
  return rows.map((r) => r.name)
}

/** Null: somebody else has written it. */
function parseState(text: string): SwapState | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null) return null
  const { state, of, id, backup, at, quarantine, comment } = value as Record<string, unknown>
  if (state !== 'filling' && state !== 'ready' && state !== 'replaced') return null
  if (![of, id, backup, at].every((one) => typeof one === 'string')) return null
  return {
    state,
    of: String(of),
    id: String(id),
    backup: String(backup),
    at: String(at),
    quarantine: quarantine === true,
    comment: typeof comment === 'string' ? comment : null,
  }
}

/** Postgres cuts names after so many bytes. */
const nameBytes = 63

/** `shop_before_1f2e3d4c`. A long name is cut, and no character in two. */
export function besideName(database: string, word: 'holdfast' | 'before' | 'after', id: string): string {
  const ending = `_${word}_${id}`
  let kept = ''
  for (const character of database) {
    if (Buffer.byteLength(kept + character + ending) > nameBytes) break
    kept += character
  }
  return kept + ending
}
