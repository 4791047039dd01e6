import { HoldfastError, isHoldfastError, messageOf } from '../lib/errors.ts'
import type { Sentence } from '../lib/sentence.ts'
import { literal, qualified } from '../postgres/quote.ts'
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
  /** Takes the entry that failed, and tells why. Throws `error` on if it is of another kind, or comes of anything but the rows. */
  take(entry: SchemaEntry, error: unknown): void
  /** Takes and tells the entry if what it needs was taken. Throws `restore_failed` if that would leave rows unguarded. */
  takeIfInNeed(wire: Wire, entry: SchemaEntry): Promise<boolean>
}

/**
 * SQLSTATEs of what rows do to an index: values that its expression does not take, duplicates, too long ones, and errors that the
 * user's functions raise.
 */
const ofRows = /^(22|23|54000|P0)/
/** Of a server that is out of something, was told to end, or is damaged. */
const ofServer = /^(53|57|58|XX)/

/** Parts of what was told already. */
const goesUnsaid: ReadonlySet<string> = new Set(['ACL', 'COMMENT'])

/** What gives an error to who misses it. Of all else (policies, triggers, rules) nobody would see that it is not in force. */
const isMissed: ReadonlySet<string> = new Set([
  ...goesUnsaid,
  'AGGREGATE',
  'CONSTRAINT',
  'FK CONSTRAINT',
  'FUNCTION',
  'INDEX',
  'INDEX ATTACH',
  'MATERIALIZED VIEW',
  'PROCEDURE',
  'STATISTICS',
  'VIEW',
])

/** `onWarning` is told of each that is left out. */
export function createLeftOut(o: { onWarning: (said: Sentence) => void }): LeftOut {
  const taken = new Map<number, string>()
  return {
    take(entry, error) {
      if (!isHoldfastError(error, 'restore_failed')) throw error
      const { sqlstate } = error.details
      if (typeof sqlstate !== 'string') throw error
      const why = messageOf(error.cause ?? error)
      if (entry.type === 'MATERIALIZED VIEW DATA' && !ofServer.test(sqlstate))
        o.onWarning(viewNotFilled(`${entry.schema}.${entry.name}`, why))
      else if (['INDEX', 'CONSTRAINT'].includes(entry.type) && ofRows.test(sqlstate))
        o.onWarning(indexLeftOut(entryLabel(entry), why))
      else throw error
      taken.set(entry.id, labelOf(entry))
    },
    async takeIfInNeed(wire, entry) {
      const needed = entry.dependsOn.map((id) => taken.get(id)).find((label) => label !== undefined)
      if (needed === undefined) return false
      const what = labelOf(entry)
      const [, name] = entry.type === 'RULE' ? (/^(.+) _RETURN$/s.exec(entry.name) ?? []) : []
      if (name !== undefined) {
        await closeView(wire, { schema: entry.schema ?? '', name, needed })
        o.onWarning(viewClosed(`${entry.schema}.${name}`, needed))
        taken.set(entry.id, `view ${entry.schema}.${name}`)
      } else if (entry.type === 'INDEX ATTACH') {
        o.onWarning(indexIncomplete(needed))
        taken.set(entry.id, needed)
      } else if (entry.type === 'MATERIALIZED VIEW DATA') {
        if (needed !== what)
          o.onWarning(viewNotFilled(`${entry.schema}.${entry.name}`, `it reads the ${needed}`))
        taken.set(entry.id, what)
      } else if (isMissed.has(entry.type)) {
        if (!goesUnsaid.has(entry.type)) o.onWarning(leftOutWith(what, needed))
        taken.set(entry.id, what)
      } else {
        const message = `The ${what} needs the ${needed}, which restored rows do not allow, and without it they would not be guarded.`
        const hint =
          'Leave the table of it out (--exclude-table), or correct the rows in the source and make another backup.'
        throw new HoldfastError('restore_failed', message, { hint })
      }
      return true
    },
  }
}

/** The rows of a materialized view go by its name. */
function labelOf(entry: SchemaEntry): string {
  return entryLabel(entry.type === 'MATERIALIZED VIEW DATA' ? { ...entry, type: 'MATERIALIZED VIEW' } : entry)
}

/**
 * A view that needs a constraint (GROUP BY a primary key) stands in for itself until then, as a row of nulls that could be
 * taken for an answer. Reading it gives an error instead, which says why.
 */
async function closeView(
  wire: Wire,
  { schema, name, needed }: { schema: string; name: string; needed: string },
): Promise<void> {
  const said = `The view ${schema}.${name} was not restored: it needs the ${needed}.`
  // The condition is known when it is run only, so that the view can be made, and OFFSET 0 keeps the server from looking
  // through the view, where it could answer without asking for it. The columns' names, in whatever encoding, stay on the server.
  const body = `DECLARE id pg_catalog.regclass := ${literal(qualified(schema, name))};
    BEGIN EXECUTE pg_catalog.format('CREATE OR REPLACE VIEW %s AS %s WHERE pg_catalog.concat(%L)::boolean OFFSET 0',
      id, pg_catalog.rtrim(pg_catalog.pg_get_viewdef(id), ';'), ${literal(said)}); END`
  await wire.query(`DO ${literal(body)}`)
}

const viewNotFilled = (view: string, why: string): Sentence =>
  sentence(
    'view_not_filled',
    { view, why },
    `The materialized view ${view} could not be filled: ${why}. It can be read once REFRESH MATERIALIZED VIEW succeeds.`,
  )

const viewClosed = (view: string, needed: string): Sentence =>
  sentence(
    'view_closed',
    { view, needed },
    `The view ${view} can not be read: it needs the ${needed}, which is not there. Make that, then the view anew.`,
  )

const indexLeftOut = (what: string, why: string): Sentence =>
  sentence(
    'index_left_out',
    { what, why },
    `The ${what} is not there, because restored rows do not allow it: ${why}. All rows are there. Correct them, then make it: holdfast export --format sql has its statement.`,
  )

const indexIncomplete = (part: string): Sentence =>
  sentence(
    'index_incomplete',
    { part },
    `The index of a partitioned table that the ${part} is a part of is not valid before that is made and attached: ALTER INDEX ... ATTACH PARTITION.`,
  )

const leftOutWith = (what: string, needed: string): Sentence =>
  sentence(
    'left_out_with',
    { what, needed },
    `The ${what} is not there: it needs the ${needed}, which is not there.`,
  )
