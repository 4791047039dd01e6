import { isHoldfastError, messageOf } from '../lib/errors.ts'
import type { Sentence } from '../lib/sentence.ts'
import { ident, literal, qualified } from '../postgres/quote.ts'
import type { SchemaEntry } from '../postgres/schema/entry.ts'
import type { Wire } from '../postgres/wire.ts'
import { entryLabel } from './entries.ts'
import { sentence } from './sentences.ts'

/**
 * What a restore goes on without, since the rows do not let it be: an index that the source's own rows break (one that was damaged
 * there, as by an update of the system's collations), a materialized view whose query fails by now, and what needs any of them. All is
 * told, and the rows are there; taking them away again for it would help nobody.
 */
export interface LeftOut {
  /** Takes the entry that failed, and tells why. Throws `error` on if it comes of anything but the rows. */
  take(entry: SchemaEntry, error: unknown): void
  /** Takes and tells the entry if what it needs was taken. */
  takeIfInNeed(wire: Wire, entry: SchemaEntry): Promise<boolean>
}

/**
 * SQLSTATEs of what rows do to an index: values that its expression does not take, duplicates, too long ones, and errors that the
 * user's functions raise.
 */
const ofRows = /^(22|23|54|P0)/
/** Of a server that is out of something, was told to end, or is damaged. */
const ofServer = /^(53|57|58|XX)/

/** Parts of what was told already. */
const goesUnsaid: ReadonlySet<string> = new Set(['COMMENT', 'INDEX ATTACH'])

/**
 * A view that needs a constraint (GROUP BY a primary key) stands in for itself until then, as a row of nulls that could be
 * taken for an answer. Reading it gives an error instead, which says why.
 */
async function closeView(
  wire: Wire,
  { schema, name, why }: { schema: string; name: string; why: string },
): Promise<void> {
  const view = qualified(schema, name)
  const oid = `${literal(view)}::pg_catalog.regclass`
  const [[definition] = []] = await wire.query(`SELECT pg_catalog.pg_get_viewdef(${oid})`)
  const columns = await wire.query(
    `SELECT attname FROM pg_catalog.pg_attribute WHERE attrelid = ${oid} AND attnum > 0 ORDER BY attnum`,
  )
  // Known when it is run only: else the view could not be made. In each column as well: the server does not ask what `WHERE` says
  // where it knows by itself that no row is wanted.
  const said = `pg_catalog.concat(${literal(`The view ${schema}.${name} was not restored: ${why}.`)})::boolean`
  const closed = columns.map(([name]) => {
    const column = ident(name ?? '')
    return `CASE WHEN ${said} THEN d.${column} ELSE d.${column} END AS ${column}`
  })
  const nulls = (definition ?? '').replace(/;\s*$/, '')
  await wire.query(
    `CREATE OR REPLACE VIEW ${view} AS SELECT ${closed.join(', ')} FROM (${nulls}) d WHERE ${said}`,
  )
}

/** `onWarning` is told of each that is left out. */
export function createLeftOut(o: { onWarning: (said: Sentence) => void }): LeftOut {
  const taken = new Map<number, string>()
  return {
    take(entry, error) {
      const sqlstate = isHoldfastError(error, 'restore_failed') ? String(error.details['sqlstate']) : '58'
      const what = entryLabel(entry)
      const why = messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error)
      if (entry.type === 'MATERIALIZED VIEW DATA') {
        if (ofServer.test(sqlstate)) throw error
        const view = `${entry.schema}.${entry.name}`
        o.onWarning(
          sentence(
            'view_not_filled',
            { view, why },
            `The materialized view ${view} could not be filled: ${why}. It can be read once REFRESH MATERIALIZED VIEW succeeds.`,
          ),
        )
      } else {
        if (!ofRows.test(sqlstate)) throw error
        o.onWarning(
          sentence(
            'index_left_out',
            { what, why },
            `The ${what} is not there, because restored rows do not allow it: ${why}. All rows are there: correct them, then make it.`,
          ),
        )
      }
      taken.set(entry.id, what)
    },
    async takeIfInNeed(wire, entry) {
      const needed = entry.dependsOn.map((id) => taken.get(id)).find((label) => label !== undefined)
      if (needed === undefined) return false
      const [, name] = entry.type === 'RULE' ? (/^(.+) _RETURN$/s.exec(entry.name) ?? []) : []
      if (name !== undefined) {
        const schema = entry.schema ?? ''
        const view = `${schema}.${name}`
        taken.set(entry.id, `view ${view}`)
        await closeView(wire, { schema, name, why: `it needs the ${needed}` })
        o.onWarning(
          sentence(
            'view_closed',
            { view, needed },
            `The view ${view} can not be read: it needs the ${needed}, which is not there. Make that, then the view anew.`,
          ),
        )
      } else if (goesUnsaid.has(entry.type)) taken.set(entry.id, needed)
      else {
        const what = entryLabel(entry)
        taken.set(entry.id, what)
        o.onWarning(
          sentence(
            'left_out_with',
            { what, needed },
            `The ${what} is not there: it needs the ${needed}, which is not there.`,
          ),
        )
      }
      return true
    },
  }
}

/** The entries without those that need what was left out: these are taken and told. */
export async function withoutInNeed(
  wire: Wire,
  entries: readonly SchemaEntry[],
  leftOut: LeftOut | null,
): Promise<SchemaEntry[]> {
  const kept: SchemaEntry[] = []
  for (const entry of entries) if ((await leftOut?.takeIfInNeed(wire, entry)) !== true) kept.push(entry)
  return kept
}
