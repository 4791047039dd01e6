import type { Sentence } from '../../lib/sentence.ts'
import { ident, literal, qualified } from '../../postgres/quote.ts'
import type { Wire } from '../../postgres/wire.ts'
import { sentence } from '../sentences.ts'
import type { LiveTable } from './live.ts'
import { after, changesOf, liveOf, storedOf } from './names.ts'
import type { Unit } from './types.ts'

/**
 * Raises the sequences that fill columns of the table, if rows have come back that lie beyond them; never lowers one. It is not undone if
 * the transaction is: a sequence may skip. Resolves to what could not be raised.
 */
export async function raiseSequences(wire: Wire, unit: Unit): Promise<Sentence[]> {
  const { live, shared } = unit
  const rows = `${changesOf(unit)} WHERE action IN ('c', 'u')`
  return await raise({ wire, live, shared, valueOf: (column) => after(unit, column), rows })
}

/** As `raiseSequences`, for all rows of a table. */
export async function raiseForAll(wire: Wire, live: LiveTable): Promise<Sentence[]> {
  return await raise({ wire, live, shared: storedOf({ live }), valueOf: ident, rows: liveOf(live) })
}

async function raise(o: {
  wire: Wire
  live: LiveTable
  /** Columns whose values are written. */
  shared: readonly string[]
  valueOf: (column: string) => string
  /** What stands behind FROM. */
  rows: string
}): Promise<Sentence[]> {
  const { wire, live } = o
  const warnings: Sentence[] = []
  for (const { schema, name, column } of live.sequences) {
    const type = live.columns.find((c) => c.name === column)
    // A text may be made of a sequence's value, too.
    if (!o.shared.includes(column) || type?.numeric !== true) continue
    const value = o.valueOf(column)
    const sequence = literal(qualified(schema, name))
    const [row] = await wire.query(
      `SELECT CASE WHEN pg_catalog.has_schema_privilege(${literal(schema)}, 'USAGE')
         THEN pg_catalog.has_sequence_privilege(${sequence}, 'UPDATE') AND pg_catalog.has_sequence_privilege(${sequence}, 'SELECT') END`,
    )
    if (row?.[0] !== 't') {
      warnings.push(
        sentence(
          'sequence_unseen',
          { sequence: `${schema}.${name}`, column: ident(column) },
          `The sequence ${schema}.${name} could not be looked at: if rows of ${ident(column)} lie beyond its value, set it.`,
        ),
      )
      continue
    }
    // A sequence may go down, and the rows that matter are then the lowest.
    await wire.query(
      `SELECT pg_catalog.setval(${sequence}, m.value::pg_catalog.int8, true)
       FROM ${qualified(schema, name)} s, pg_catalog.pg_sequence q,
         LATERAL (SELECT CASE WHEN q.seqincrement > 0 THEN max(${value}) ELSE min(${value}) END::pg_catalog.numeric AS value
           FROM ${o.rows}) m
       WHERE q.seqrelid = ${sequence}::pg_catalog.regclass AND m.value BETWEEN q.seqmin AND q.seqmax
         AND ((m.value - s.last_value) * pg_catalog.sign(q.seqincrement) > 0 OR m.value = s.last_value AND NOT s.is_called)`,
    )
  }
  return warnings
}
