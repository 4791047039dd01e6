import { HoldfastError } from '../../lib/errors.ts'
import { textsOf, type Sentence } from '../../lib/sentence.ts'
import type { Wire } from '../../postgres/wire.ts'
import { sentence } from '../sentences.ts'
import { renewedIn } from './copies/changes.ts'
import { after, before, changesOf, imagesDiffer, storedOf } from './names.ts'
import type { ChangeAction, Counts, Sample, TablePreview, Unit } from './types.ts'

/** How many rows of each kind a preview shows, and how much of a value. */
const sampleRows = 5
const sampleLength = 200

/** Rows by action, in the unit's changes. */
async function countActions(wire: Wire, unit: Unit): Promise<ReadonlyMap<ChangeAction, number>> {
  const rows = await wire.query(`SELECT action, count(*) FROM ${changesOf(unit)} GROUP BY action`)
  return new Map(rows.map(([action, count]) => [action as ChangeAction, Number(count)]))
}

/**
 * A number that depends on every planned change and on nothing else: equal for equal previews. Sums of 64 bit hashes, as
 * the order of rows means nothing.
 */
export async function digestOf(wire: Wire, unit: Unit): Promise<string> {
  const columns = storedOf(unit).flatMap((_, n) => [`b${n + 1}`, `a${n + 1}`])
  const [row] = await wire.query(
    `SELECT coalesce(sum(pg_catalog.hashtextextended(ROW(${['action', ...columns].join(', ')})::pg_catalog.text, 0)), 0), count(*)
     FROM ${changesOf(unit)} WHERE action IN ('c', 'u', 'd')`,
  )
  return (row ?? []).join('/')
}

/** Counts, samples and what else is worth knowing of one table; and what its sentences are made of. */
export async function previewTable(
  wire: Wire,
  unit: Unit,
  o: { neededBy: readonly string[]; meant: number | null },
): Promise<{ table: TablePreview; parts: readonly Sentence[] }> {
  const counted = await countActions(wire, unit)
  const n = (action: ChangeAction): number => counted.get(action) ?? 0
  const differing = n('c') + n('C') + n('u') + n('U') + n('k')
  const notes = notesOf(unit)
  const { samples, reasons } = await readSamples(wire, unit)
  const table: TablePreview = {
    schema: unit.live.schema,
    name: unit.live.name,
    key: unit.key?.map((k) => k.name) ?? null,
    create: n('c'),
    update: n('u'),
    delete: n('d'),
    conflicts: n('x'),
    // A conflict may be any kind of difference: how many of them are rows of the backup only the rows themselves tell.
    unchanged: o.meant === null ? 0 : o.meant - differing - (await conflictsOfBackup(wire, unit, n('x'))),
    leftAlone: { missing: n('C'), changed: n('U'), extra: n('D'), newer: n('k') },
    neededBy: o.neededBy,
    along: unit.along,
    renewed: n('c') === 0 ? [] : await renewedColumns(wire, unit),
    changedColumns: n('u') === 0 ? [] : await changedColumns(wire, unit),
    samples,
    drift: unit.drift,
    notes: textsOf(notes),
  }
  return { table, parts: [...notes, ...reasons] }
}

async function conflictsOfBackup(wire: Wire, unit: Unit, conflicts: number): Promise<number> {
  if (conflicts === 0 || storedOf(unit).length === 0) return 0
  const afters = storedOf(unit).map((_, at) => `a${at + 1}`)
  const [row] = await wire.query(
    `SELECT count(*) FROM ${changesOf(unit)} WHERE action = 'x' AND NOT ROW(${afters.join(', ')}) IS NULL`,
  )
  return Number(row?.[0] ?? 0)
}

async function changedColumns(wire: Wire, unit: Unit): Promise<TablePreview['changedColumns']> {
  const stored = storedOf(unit)
  const counts = stored.map(
    (_, at) => `count(*) FILTER (WHERE ${imagesDiffer([`b${at + 1}`], [`a${at + 1}`])})`,
  )
  const [row] = await wire.query(`SELECT ${counts.join(', ')} FROM ${changesOf(unit)} WHERE action = 'u'`)
  return stored
    .map((name, at) => ({ name, rows: Number(row?.[at] ?? 0) }))
    .filter((c) => c.rows > 0)
    .sort((a, b) => b.rows - a.rows)
}

async function renewedColumns(wire: Wire, unit: Unit): Promise<TablePreview['renewed']> {
  const columns = storedOf(unit).flatMap((name) => {
    const sql = renewedIn(unit, name, 'r')
    return sql === null ? [] : [{ name, sql }]
  })
  if (columns.length === 0) return []
  const [row] = await wire.query(
    `SELECT ${columns.map((c) => `count(*) FILTER (WHERE ${c.sql})`).join(', ')} FROM ${changesOf(unit)} r WHERE action = 'c'`,
  )
  return columns.map(({ name }, at) => ({ name, rows: Number(row?.[at] ?? 0) })).filter((c) => c.rows > 0)
}

const sampleActions: Readonly<Record<string, Sample['action']>> = {
  c: 'create',
  u: 'update',
  d: 'delete',
  k: 'newer',
  x: 'conflict',
}

/**
 * The first of each kind, by what tells rows apart, so that equal changes give equal samples however the server found them. Of conflicts one for
 * each reason first: what is in the way of one row may leave out many that hang on it.
 */
async function readSamples(wire: Wire, unit: Unit): Promise<{ samples: Sample[]; reasons: Sentence[] }> {
  const stored = storedOf(unit)
  const values = stored.flatMap((_, at) => [
    `pg_catalog.left(b${at + 1}::pg_catalog.text, ${sampleLength})`,
    `pg_catalog.left(a${at + 1}::pg_catalog.text, ${sampleLength})`,
    imagesDiffer([`b${at + 1}`], [`a${at + 1}`]),
  ])
  // As one value: of a table with very many columns a query can't return one more for each.
  const flags = stored.map((name) => `(${renewedIn(unit, name, 's') ?? 'false'})`)
  const sorted = sortedBy(unit)
  const order = [...sorted.map(({ name }) => name), 'id'].join(', ')
  const rows = await wire.query(
    `SELECT ${['action', 'why', `ARRAY[${flags.join(', ')}]::pg_catalog.bool[]::pg_catalog.text`, ...values].join(', ')}
     FROM ${changesOf(unit)} s JOIN (
       SELECT id, pg_catalog.row_number() OVER (PARTITION BY action ORDER BY same, ${order}) AS nth
       FROM (SELECT *, pg_catalog.row_number() OVER (PARTITION BY action, why ORDER BY ${order}) AS same
         FROM (SELECT ${['id', 'action', 'why', ...sorted.map(({ sql, name }) => `${sql} AS ${name}`)].join(', ')}
           FROM ${changesOf(unit)} WHERE action IN ('c', 'u', 'd', 'k', 'x')) AS c) AS c) AS n USING (id)
     WHERE nth <= ${sampleRows} ORDER BY action, nth`,
  )
  const key = new Set(unit.key?.map((k) => k.name))
  const reasons: Sentence[] = []
  const samples = rows.map(([action, why, renewed, ...cells]): Sample => {
    const known = sampleActions[action ?? '']
    if (known === undefined) throw new HoldfastError('internal', 'A change of a kind that nobody knows.')
    // Sound because `reasonSql` wrote it.
    const reason = why === null || why === undefined ? null : (JSON.parse(why) as Sentence)
    if (reason !== null) reasons.push(reason)
    const marks = (renewed ?? '').replace(/[{}]/g, '').split(',')
    return {
      action: known,
      why: reason?.text ?? null,
      columns: stored.map((name, at) => ({
        name,
        key: key.has(name),
        before: cells[at * 3] ?? null,
        after: cells[at * 3 + 1] ?? null,
        changed: known === 'update' && cells[at * 3 + 2] === 't',
        renewed: known === 'create' && marks[at] === 't',
      })),
    }
  })
  return { samples, reasons }
}

/** What tells the changes' rows apart, so that it can be sorted whatever its type: numbers as such, all else by the bytes of its text. */
function sortedBy(unit: Unit): { sql: string; name: string }[] {
  return (unit.key ?? []).map((k, n) => {
    const value = `coalesce(${before(unit, k.name)}, ${after(unit, k.name)})`
    const numeric = unit.live.columns.some((c) => c.name === k.name && c.numeric)
    return { sql: numeric ? value : `${value}::pg_catalog.text COLLATE pg_catalog."C"`, name: `k${n + 1}` }
  })
}

function notesOf({ live, key, pulledIn }: Unit): Sentence[] {
  const silent = [...new Set([...live.triggers, ...live.rules].map((t) => t.name))]
  const sequences = live.sequences.map((s) => s.name)
  const computed = live.columns.filter((c) => c.generated).map((c) => c.name)
  return [
    ...(silent.length > 0
      ? [
          sentence(
            'stay_silent',
            { names: silent },
            `triggers and rules that stay silent: ${silent.join(', ')}`,
          ),
        ]
      : []),
    ...(computed.length > 0
      ? [sentence('computed_again', { columns: computed }, `columns that are computed again: ${computed.join(', ')}`)] // prettier-ignore
      : []),
    ...(live.rowSecurity ? [sentence('row_security_stays', {}, 'row level security stays as it is')] : []),
    ...(sequences.length > 0
      ? [
          sentence(
            'sequences_raised',
            { names: sequences },
            `sequences are raised where rows need it, never lowered: ${sequences.join(', ')}`,
          ),
        ]
      : []),
    ...(key === null && !pulledIn ? [sentence('no_key', {}, 'has no key: equal rows are counted')] : []),
  ]
}

/** The sum over tables. */
export function sumCounts(tables: readonly Counts[]): Counts {
  const sum = (of: (c: Counts) => number): number => tables.reduce((total, t) => total + of(t), 0)
  return {
    create: sum((t) => t.create),
    update: sum((t) => t.update),
    delete: sum((t) => t.delete),
    unchanged: sum((t) => t.unchanged),
    conflicts: sum((t) => t.conflicts),
  }
}
