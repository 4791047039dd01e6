import type { Sentence } from '../../../lib/sentence.ts'
import { tableLabel } from '../../../postgres/introspect/tables.ts'
import type { Wire } from '../../../postgres/wire.ts'
import { sentence } from '../../sentences.ts'
import type { LiveForeignKey, LiveTable } from '../live.ts'
import type { Unit } from '../types.ts'
import { columnOf } from '../unique.ts'

/*
 * Which columns get new values when a row comes a second time, beside the one that is there.
 *
 * - A column of a unique key that gets its value by itself is fresh: an identity, or a default that gives another value each time.
 * - A column of a foreign key follows, in each row whose referenced row comes as well. It is never fresh, also if it has such a default: the
 *   key of a table that is 1:1 with another must be the other's.
 * - All others keep what the backup has.
 */
export interface Renewal {
  readonly fresh: readonly FreshColumn[]
  /** Columns that may follow; whether they do, the row says. */
  readonly following: readonly string[]
}

export interface FreshColumn {
  readonly name: string
  /** SQL that gives the next value: the column's own default. */
  readonly next: string
}

/** Rows of a table that others need come back under their old keys: nothing of them is fresh, but what they refer to may be new. */
export function renewalOfParents(live: LiveTable, foreignKeys: readonly LiveForeignKey[]): Renewal {
  return { fresh: [], following: followingOf(live, foreignKeys) }
}

/** What becomes of the unit's columns, and what stands in the way. */
export async function readRenewal(
  wire: Wire,
  unit: Pick<Unit, 'live' | 'shared'>,
  foreignKeys: readonly LiveForeignKey[],
): Promise<{ readonly renewal: Renewal; readonly problems: readonly Sentence[] }> {
  const { live, shared } = unit
  const following = followingOf(live, foreignKeys)
  const keys = new Set([
    ...live.keys.flatMap((k) => k.columns.map((c) => c.name)),
    ...live.uniques.flatMap((u) => u.parts.flatMap((p) => columnOf(u, p.sql) ?? [])),
  ])
  const defaults = (await readDefaults(wire, live)).filter(
    (d) => d.volatile && keys.has(d.name) && shared.includes(d.name) && !following.includes(d.name),
  )
  const closed = defaults.flatMap((d) => d.closed)
  return {
    renewal: { fresh: defaults.map(({ name, next }) => ({ name, next })), following },
    problems: closed.map((sequence) =>
      sentence(
        'sequence_refused',
        { sequence, table: tableLabel(live) },
        `The role lacks USAGE on the sequence ${sequence}, which gives ${tableLabel(live)} its keys.`,
      ),
    ),
  }
}

function followingOf(live: LiveTable, foreignKeys: readonly LiveForeignKey[]): string[] {
  const own = foreignKeys.filter(
    (k) => [live.oid, ...live.above].includes(k.child) || live.below.includes(k.child),
  )
  return [...new Set(own.flatMap((k) => k.childColumns))]
}

interface Default {
  readonly name: string
  readonly next: string
  /** Whether it may give another value each time. */
  readonly volatile: boolean
  /** Sequences that it takes values of, and the role may not. */
  readonly closed: readonly string[]
}

/** A partition's identity is that of the table at the top, from Postgres 17 on. A domain may have a default where the column has none. */
async function readDefaults(wire: Wire, live: LiveTable): Promise<Default[]> {
  const rows = await wire.query(
    `SELECT pg_catalog.json_build_object('name', a.attname, 'next', coalesce(e.next, i.next),
       'volatile', i.next IS NOT NULL OR EXISTS (SELECT FROM pg_catalog.regexp_matches(e.tree, ':(?:op)?funcid ([0-9]+)', 'g') m
         JOIN pg_catalog.pg_proc f ON f.oid = m[1]::pg_catalog.oid WHERE f.provolatile = 'v'),
       'closed', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.format('%s.%s', n.nspname, s.relname)), '[]')
         FROM pg_catalog.pg_class s JOIN pg_catalog.pg_namespace n ON n.oid = s.relnamespace
         WHERE CASE WHEN s.relkind = 'S' THEN NOT pg_catalog.has_sequence_privilege(s.oid, 'USAGE, UPDATE') ELSE false END
           AND (s.oid = i.sequence OR s.oid IN (SELECT p.refobjid FROM pg_catalog.pg_depend p
             WHERE p.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND p.objid = d.oid
               AND p.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass))))
     FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
     LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     LEFT JOIN LATERAL (SELECT s.oid AS sequence, pg_catalog.format('pg_catalog.nextval(%L::pg_catalog.regclass)',
         pg_catalog.format('%I.%I', n.nspname, s.relname)) AS next
       FROM pg_catalog.pg_attribute o JOIN pg_catalog.pg_depend p ON p.refobjid = o.attrelid AND p.refobjsubid = o.attnum
       JOIN pg_catalog.pg_class s ON s.oid = p.objid AND s.relkind = 'S' JOIN pg_catalog.pg_namespace n ON n.oid = s.relnamespace
       WHERE a.attidentity <> '' AND o.attrelid IN (${[live.oid, ...live.above].join(', ')}) AND o.attname = a.attname AND p.deptype = 'i'
         AND p.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND p.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
       LIMIT 1) i ON true
     LEFT JOIN LATERAL (SELECT coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), pg_catalog.pg_get_expr(t.typdefaultbin, 0)) AS next,
         coalesce(d.adbin, t.typdefaultbin)::pg_catalog.text AS tree) e ON true
     WHERE a.attrelid = ${live.oid} AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND coalesce(e.next, i.next) IS NOT NULL
     ORDER BY a.attnum`,
  )
  return rows.map(([json]) => JSON.parse(json ?? '') as Default)
}
