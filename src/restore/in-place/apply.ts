import { HoldfastError, isHoldfastError, messageOf } from '../../lib/errors.ts'
import { tableLabel } from '../../postgres/introspect/tables.ts'
import { ident, qualified } from '../../postgres/quote.ts'
import type { Wire } from '../../postgres/wire.ts'
import { markAgain, stepAside } from './exchange.ts'
import { fixedColumns } from './identity.ts'
import { countMoved } from './moved.ts'
import { after, before, changesOf, liveOf, of, sameKey, storedOf } from './names.ts'
import type { Unit } from './types.ts'

/** Rows that were really written, per unit. */
export interface Applied {
  readonly created: number
  readonly updated: number
  readonly deleted: number
}

/**
 * Applies all changes of all tables in one statement: whatever foreign keys say among the rows, in circles too, is checked
 * when the statement ends, and deferred constraints when the transaction does. Deletions come first and insertions
 * last, each stage reading the count of the one before, so that a unique value is free before another row takes it.
 * Throws `restore_failed` if the server refuses, and `restore_differs` if it wrote another number of rows than planned.
 */
export async function applyChanges(o: {
  wire: Wire
  units: readonly Unit[]
  planned: ReadonlyMap<Unit, Applied>
  /** Columns that take a value for the time being, though they are always generated. */
  opened: ReadonlyMap<Unit, readonly string[]>
  /** With all triggers off while rows are written: those of foreign keys and of deferrable unique keys, too. */
  replica: boolean
}): Promise<void> {
  const { wire, units, planned, opened } = o
  const mode = (role: string): string => (o.replica ? `SET LOCAL session_replication_role = ${role};\n` : '')
  const steps: Step[] = []
  const fixedOf = (unit: Unit): string[] =>
    fixedColumns(unit).filter((c) => opened.get(unit)?.includes(c) !== true)
  for (const unit of units) {
    const counts = planned.get(unit) ?? { created: 0, updated: 0, deleted: 0 }
    if (counts.updated > 0) {
      await stepAside(wire, unit, { before: mode('replica'), after: mode('origin') }).catch(
        (error: unknown) => {
          throw refused(error)
        },
      )
    }
    const again = counts.updated === 0 ? 0 : await markAgain(wire, unit, fixedOf(unit))
    const moved = await countMoved(wire, unit)
    steps.push(...stepsOf({ unit, planned: counts, again, moved, opened: opened.get(unit) ?? [] }))
  }
  if (steps.length === 0) return
  const stages = (['deleted', 'moved', 'updated', 'created'] as const).map((kind) =>
    steps.filter((s) => s.kind === kind),
  )
  const ctes: string[] = []
  let gate: string | null = null
  for (const [n, stage] of stages.entries()) {
    if (stage.length === 0) continue
    for (const step of stage) ctes.push(`${step.name} AS (${step.sql(gate)} RETURNING 1)`)
    const counts = stage.map((s) => `(SELECT count(*) FROM ${s.name})`).join(' + ')
    // The gate of the next stage: to know it, this one must be done.
    ctes.push(
      `stage${n} AS (SELECT ${counts} AS n${gate === null ? '' : `, (SELECT n FROM ${gate}) AS earlier`})`,
    )
    gate = `stage${n}`
  }
  const select = steps.map((s) => `(SELECT count(*) FROM ${s.name})`).join(', ')
  const [written] = await wire
    .query(
      `${mode('replica')}WITH ${ctes.join(',\n')}\nSELECT ARRAY[${select}]::pg_catalog.text;\n${mode('origin')}`,
    )
    .catch((error: unknown) => {
      throw refused(error)
    })
  const numbers = (written?.[0] ?? '').replace(/[{}]/g, '').split(',').map(Number)
  for (const [n, step] of steps.entries()) {
    if (numbers[n] === step.expected) continue
    throw new HoldfastError(
      'restore_differs',
      `${tableLabel(step.unit.live)}: ${numbers[n]} rows were ${step.kind} where ${step.expected} were planned.`,
    )
  }
}

interface Step {
  readonly unit: Unit
  readonly kind: keyof Applied | 'moved'
  readonly name: string
  readonly expected: number
  /** `gate`: a query of one row to wait for. */
  sql(gate: string | null): string
}

/** `again`: how many of the updates are made by deleting the row and making it again; `moved`: how many deleted rows become created ones by an update. */
function stepsOf(o: {
  unit: Unit
  planned: Applied
  again: number
  moved: number
  opened: readonly string[]
}): Step[] {
  const { unit, planned, again, moved, opened } = o
  const step = (kind: Step['kind'], expected: number, sql: Step['sql'], name: string = kind): Step[] =>
    expected === 0 ? [] : [{ unit, kind, expected, name: `${name}${unit.index}`, sql }]
  const changes = changesOf(unit)
  const live = liveOf(unit.live)
  const { key } = unit
  const same =
    key === null
      ? 'l.tableoid = c.part AND l.ctid = c.place'
      : sameKey(key, of('l'), (k) => `c.${before(unit, k)}`)
  const wait = (gate: string | null): string => (gate === null ? '' : `, ${gate} g`)
  const waited = (gate: string | null): string => (gate === null ? '' : ' AND g.n IS NOT NULL')
  // Identities that are ALWAYS take no value, not even their own. Keys are set, too: equal ones may be written differently.
  const closed = new Set(
    unit.live.columns.filter((c) => c.identity === 'a' && !opened.includes(c.name)).map((c) => c.name),
  )
  const settable = unit.shared.filter((c) => !closed.has(c))
  const assigned = (from: string): string =>
    settable.map((c) => `${ident(c)} = ${from}.${after(unit, c)}`).join(', ')
  const insert =
    (written: readonly string[], which: string): Step['sql'] =>
    (gate) => {
      const columns = written.length === 0 ? '' : ` (${written.map(ident).join(', ')})`
      const from = `FROM ${changes} c${wait(gate)} WHERE ${which}${waited(gate)}`
      return `INSERT INTO ${qualified(unit.live.schema, unit.live.name)}${columns} OVERRIDING SYSTEM VALUE SELECT ${written.map((c) => `c.${after(unit, c)}`).join(', ')} ${from}`
    }
  const [goes, stays] =
    again === 0 ? ["c.action = 'd'", ''] : ["(c.action = 'd' OR c.again)", ' AND NOT c.again']
  const others = `c.id NOT IN (SELECT m.becomes FROM ${changes} m WHERE m.becomes IS NOT NULL)`
  return [
    ...step(
      'deleted',
      planned.deleted + again - moved,
      (gate) =>
        `DELETE FROM ${live} l USING ${changes} c${wait(gate)} WHERE ${goes} AND c.becomes IS NULL AND ${same}${waited(gate)}`,
    ),
    ...step(
      'moved',
      moved,
      (gate) =>
        `UPDATE ${live} l SET ${assigned('n')} FROM ${changes} c JOIN ${changes} n ON n.id = c.becomes${wait(gate)} WHERE ${same}${waited(gate)}`,
    ),
    ...step(
      'updated',
      planned.updated - again,
      (gate) =>
        `UPDATE ${live} l SET ${assigned('c')} FROM ${changes} c${wait(gate)} WHERE c.action = 'u'${stays} AND ${same}${waited(gate)}`,
    ),
    // Columns that the backup lacks are left to their defaults; undoing gives all of them.
    ...step('created', planned.created - moved, insert(unit.shared, `c.action = 'c' AND ${others}`)),
    ...step('created', again, insert(storedOf(unit), 'c.again'), 'again'),
  ]
}

/** What the server refuses is a constraint that the changes do not meet: named, and nothing is changed. */
export function refused(error: unknown): unknown {
  if (!isHoldfastError(error, 'query_failed')) return error
  return new HoldfastError('restore_failed', `The changes can not be made: ${messageOf(error)}`, {
    cause: error,
    details: error.details,
  })
}

/**
 * Compares what was written with what was planned, row by row, and fills in what defaults have given to new rows. Throws
 * `restore_differs`.
 */
export async function requireApplied(wire: Wire, unit: Unit): Promise<void> {
  if (unit.key === null) return await fillKeyless(wire, unit)
  const changes = changesOf(unit)
  const same = sameKey(unit.key, of('l'), (k) => `c.${after(unit, k)}`)
  if (unit.added.length > 0) {
    const filled = unit.added.map((c) => `${after(unit, c)} = l.${ident(c)}`).join(', ')
    await wire.query(
      `UPDATE ${changes} c SET ${filled} FROM ${liveOf(unit.live)} l WHERE c.action = 'c' AND ${same}`,
    )
  }
  const stored = storedOf(unit)
  const row = (side: (column: string) => string): string => `ROW(${stored.map(side).join(', ')})`
  const [wrong] = await wire.query(
    `SELECT count(*) FROM ${changes} c LEFT JOIN ${liveOf(unit.live)} l ON ${same}
     WHERE c.action IN ('c', 'u') AND (l.ctid IS NULL OR ${row(of('l'))}::pg_catalog.text IS DISTINCT FROM ${row((s) => `c.${after(unit, s)}`)}::pg_catalog.text)`,
  )
  if (wrong?.[0] === '0') return
  throw new HoldfastError(
    'restore_differs',
    `${tableLabel(unit.live)}: ${wrong?.[0]} rows are not what was to be written.`,
    { hint: 'A trigger, a rule or a default of the table changes rows as they are written.' },
  )
}

/** Equal rows are as good as each other: those that this transaction has written are found by their text. */
async function fillKeyless(wire: Wire, unit: Unit): Promise<void> {
  const { added, shared } = unit
  if (added.length === 0) return
  const changes = changesOf(unit)
  const rows = (columns: readonly string[], side: (column: string) => string, from: string): string => {
    const text = `ROW(${shared.map(side).join(', ')})::pg_catalog.text`
    return `SELECT ${columns.join(', ')}, ${text} AS x, pg_catalog.row_number() OVER (PARTITION BY ${text}) AS n FROM ${from}`
  }
  const values = added.map((c, n) => `${of('l')(c)} AS f${n + 1}`)
  const written = `${liveOf(unit.live)} l WHERE pg_catalog.age(l.xmin) <= pg_catalog.age(pg_catalog.pg_current_xact_id()::pg_catalog.xid)`
  await wire.query(
    `UPDATE ${changes} c SET ${added.map((a, n) => `${after(unit, a)} = l.f${n + 1}`).join(', ')}
     FROM (${rows(['r.id'], (s) => `r.${after(unit, s)}`, `${changes} r WHERE r.action = 'c'`)}) s
       JOIN (${rows(values, of('l'), written)}) l ON l.x = s.x AND l.n = s.n
     WHERE c.id = s.id`,
  )
}
