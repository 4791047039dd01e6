import type { Sentence } from '../../lib/sentence.ts'
import { tableLabel } from '../../postgres/introspect/tables.ts'
import { literal } from '../../postgres/quote.ts'
import type { Wire } from '../../postgres/wire.ts'
import { sentence } from '../sentences.ts'
import type { Applied } from './apply.ts'
import { shares } from './keys.ts'
import type { LiveForeignKey } from './live.ts'
import type { Actions, Unit } from './types.ts'

/*
 * What a role lacks at the other end of foreign keys: tables that were not chosen, and that must be looked at to know whether the
 * changes break a key.
 */

/** What the role can't do at the ends of a foreign key. */
export interface KeyRights {
  /** Why; null if it may. */
  readonly child: Lack | null
  readonly parent: Lack | null
  readonly parentLock: Lack | null
}

const lacks = {
  lacks_usage: 'it lacks USAGE on the schema',
  lacks_select: 'it lacks SELECT on the columns of the key',
  lacks_update: 'it lacks UPDATE',
  hides_rows: 'row level security hides rows from it',
} as const
type Lack = keyof typeof lacks

const lacking = (table: string, columns: string): string => `
  CASE WHEN NOT pg_catalog.has_schema_privilege(${table}.relnamespace, 'USAGE') THEN 'lacks_usage'
    WHEN EXISTS (SELECT FROM pg_catalog.unnest(${columns}) k WHERE NOT pg_catalog.has_column_privilege(${table}.oid, k, 'SELECT'))
      THEN 'lacks_select'
    WHEN pg_catalog.row_security_active(${table}.oid) THEN 'hides_rows' END`

const noKeyRights: KeyRights = { child: null, parent: null, parentLock: null }

/** As a part of another sentence. */
function lack(why: Lack): Sentence {
  return sentence(why, {}, lacks[why])
}

/** Of these keys, by object id. */
export async function readKeyRights(
  wire: Wire,
  keys: readonly LiveForeignKey[],
): Promise<ReadonlyMap<number, KeyRights>> {
  if (keys.length === 0) return new Map()
  const rows = await wire.query(
    `SELECT f.oid, ${lacking('c', 'f.conkey')}, ${lacking('p', 'f.confkey')},
       CASE WHEN pg_catalog.has_any_column_privilege(p.oid, 'UPDATE') THEN NULL ELSE 'lacks_update' END
     FROM pg_catalog.pg_constraint f JOIN pg_catalog.pg_class c ON c.oid = f.conrelid JOIN pg_catalog.pg_class p ON p.oid = f.confrelid
     JOIN pg_catalog.json_array_elements_text(${literal(JSON.stringify(keys.map((k) => k.oid)))}::pg_catalog.json) w (oid) ON f.oid = w.oid::pg_catalog.oid`,
  )
  return new Map(
    rows.map(([oid, child, parent, parentLock]) => [
      Number(oid),
      // Sound because the query says no others.
      { child, parent, parentLock } as KeyRights,
    ]),
  )
}

/** Tables that the role would have to look at for these units and can't, each with what it lacks. */
export function unreadableKeys(o: {
  units: readonly Unit[]
  foreignKeys: readonly LiveForeignKey[]
  rights: ReadonlyMap<number, KeyRights>
  actions: Actions
}): Sentence[] {
  const { create, update } = o.actions
  const chosen = new Set(o.units.map((u) => u.live.oid))
  return o.foreignKeys.flatMap((key) => {
    const rights = o.rights.get(key.oid)
    if (rights === undefined) return []
    const [childTable, parentTable] = [tableLabel(key.childTable), tableLabel(key.parentTable)]
    const child = o.units.some((u) => shares(u, key.child))
    const parent = o.units.some((u) => shares(u, key.parent))
    // What was chosen itself has its own problems.
    const looksUp = child && (create || update) && rights.parent !== null && !chosen.has(key.parent)
    const looksBack =
      parent && (update || o.actions.delete) && rights.child !== null && !chosen.has(key.child)
    return [
      ...(looksUp && rights.parent !== null
        ? [
            sentence(
              'key_up_unreadable',
              { table: parentTable, child: childTable, key: key.name, why: lack(rights.parent) },
              `The role can't look at ${parentTable}, which rows of ${childTable} refer to (foreign key ${key.name}): ${lacks[rights.parent]}.`,
            ),
          ]
        : []),
      ...(looksBack && rights.child !== null
        ? [
            sentence(
              'key_back_unreadable',
              { table: childTable, parent: parentTable, key: key.name, why: lack(rights.child) },
              `The role can't look at ${childTable}, whose rows refer to ${parentTable} (foreign key ${key.name}): ${lacks[rights.child]}.`,
            ),
          ]
        : []),
    ]
  })
}

/**
 * What keeps a role from checking the keys that these changes touch by itself, where the server does not: tables that it may not look at,
 * or lock rows of, and keys that hold over periods, of which equality says nothing.
 */
export async function uncheckableKeys(
  wire: Wire,
  o: {
    planned: ReadonlyMap<Unit, Applied>
    foreignKeys: readonly LiveForeignKey[]
    rights: ReadonlyMap<number, KeyRights>
  },
): Promise<Sentence[]> {
  const units = [...o.planned]
  const unchecked = o.foreignKeys.flatMap((key) => {
    const { child, parent, parentLock } = o.rights.get(key.oid) ?? noKeyRights
    const written = units.some(([u, n]) => shares(u, key.child) && n.created + n.updated > 0)
    const gone = units.some(([u, n]) => shares(u, key.parent) && n.updated + n.deleted > 0)
    const reasons = [
      ...(written || gone ? [parent, parentLock].map((why) => [key.parentTable, why] as const) : []),
      ...(gone ? [[key.childTable, child] as const] : []),
    ]
    const name = tableLabel(key.childTable)
    return reasons.flatMap(([table, why]) =>
      why === null
        ? []
        : [
            sentence(
              'key_uncheckable',
              { table: tableLabel(table), child: name, key: key.name, why: lack(why) },
              `The role can't check the foreign key ${key.name} of ${name} itself, as it must where it switches off all triggers: on ${tableLabel(table)} ${lacks[why]}.`,
            ),
          ],
    )
  })
  const oids = new Set(units.flatMap(([{ live }]) => [live.oid, ...live.above, ...live.below]))
  const periods = await wire.query(
    `SELECT n.nspname, c.relname, f.conname, f.conrelid, f.confrelid FROM pg_catalog.pg_constraint f
     JOIN pg_catalog.pg_class c ON c.oid = f.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE f.contype = 'f' AND f.conparentid = 0 AND pg_catalog.to_jsonb(f)->>'conperiod' = 'true' ORDER BY f.oid`,
  )
  return [
    ...unchecked,
    ...periods
      .filter(([, , , child, parent]) => oids.has(Number(child)) || oids.has(Number(parent)))
      .map(([schema, name, key]) => {
        const table = tableLabel({ schema: schema ?? '', name: name ?? '' })
        return sentence(
          'key_of_periods',
          { table, key: key ?? '' },
          `Only the server can check the foreign key ${key} of ${table}, which is about periods, and with all triggers off it does not: restore as the owner of the tables.`,
        )
      }),
  ]
}
