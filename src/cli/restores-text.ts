import type { RowTotals } from '../lib/row-totals.ts'
import type { RecordedTable } from '../repository/format/restore-contents.ts'
import { formatBytes, formatCount, formatCountOf, formatDuration, formatWhen } from './format.ts'
import type { Output } from './output.ts'
import { summaryOfRestore, type OpenedRestore, type RestoreSummary } from './restores.ts'
import type { Column } from './table.ts'
import { printable } from './width.ts'

/** A terminal that is narrower has no room for when a restore was: its id tells that. */
const roomy = 110

/** What the table says of a restore. */
export type ListedRestore = Omit<RestoreSummary, 'stored' | 'fault' | 'who'> & {
  /** Without a report it has not ended, or not well. */
  readonly stored: Pick<RestoreSummary['stored'], 'id' | 'started' | 'backup'> & {
    readonly report: object | null
  }
}

/** The table of restores. `width`: of the terminal, null where there is none. */
export function restoresTable(
  restores: readonly ListedRestore[],
  { width, now }: { width: number | null; now: Date },
): { columns: readonly Column[]; rows: string[][] } {
  const when: Cell = {
    title: 'WHEN',
    min: 16,
    cell: ({ stored }) => formatWhen(new Date(stored.started), now),
  }
  const cells: Cell[] = [
    { title: 'RESTORE', min: 17, cell: ({ stored }) => stored.id },
    ...(width === null || width >= roomy ? [when] : []),
    { title: 'KIND', min: 8, cell: ({ kind }) => kind ?? '?' },
    { title: 'BACKUP', min: 8, cell: ({ stored }) => stored.backup ?? '' },
    { title: 'TARGET', min: 10, cell: ({ target }) => target ?? '?' },
    { title: 'ROWS', align: 'right', cell: rowsText },
    { title: 'TIME', min: 5, cell: timeText },
    { title: 'UNDO', min: 4, cell: ({ undo }) => (undo === 'no' ? '' : undo) },
  ]
  return { columns: cells, rows: restores.map((one) => cells.map(({ cell }) => cell(one))) }
}

interface Cell extends Column {
  readonly cell: (restore: ListedRestore) => string
}

/** `200,143` into a new database, `+1 ~20 -3` of rows that were created, updated and deleted. */
function rowsText({ kind, rows }: ListedRestore): string {
  if (rows === null) return '?'
  if (kind === 'new database') return formatCount(rows.created)
  const parts = [
    ['+', rows.created],
    ['~', rows.updated],
    ['-', rows.deleted],
  ] as const
  const text = parts.filter(([, count]) => count > 0).map(([sign, count]) => sign + formatCount(count))
  return text.length === 0 ? '0' : text.join(' ')
}

function timeText({ stored, seconds }: Pick<ListedRestore, 'stored' | 'seconds'>): string {
  if (stored.report === null) return 'not finished'
  return seconds === null ? '?' : formatDuration(seconds * 1000)
}

/** Prints one restore whole. `undone`: id of the restore that has undone it, null if none has. */
export function tellRestore(
  out: Output,
  restore: OpenedRestore,
  { now, undone }: { now: Date; undone: string | null },
): void {
  const { stored, record, safety } = restore
  for (const [label, value] of factsOf(restore, now, undone)) out.line(`${label.padEnd(9)}${value}`)
  if (stored.report === null && safety !== null) {
    out.line(
      '         It left no report: it failed, was killed, or is still running. Whether its changes were',
    )
    out.line(`         made the target tells: SELECT pg_xact_status('${safety.transaction}')`)
  }
  const tables = record?.tables ?? safety?.tables ?? []
  if (tables.length === 0) return
  out.line()
  const counts = ['created', 'updated', 'deleted', 'unchanged', 'conflicts'] as const
  out.table(
    [
      { title: 'SCHEMA' },
      { title: 'TABLE', min: 12 },
      ...counts.map((count) => ({ title: count.toUpperCase(), align: 'right' as const })),
    ],
    tables.map((table: Partial<RowTotals> & Pick<RecordedTable, 'schema' | 'name'>) => [
      table.schema,
      table.name,
      ...counts.map((count) => formatCount(table[count] ?? 0)),
    ]),
  )
}

type Fact = readonly [label: string, value: string]

function factsOf(restore: OpenedRestore, now: Date, undone: string | null): Fact[] {
  const { stored, record, safety } = restore
  const summary = summaryOfRestore(restore)
  const fact = (label: string, value: string | null | undefined): Fact[] =>
    value === null || value === undefined || value === '' ? [] : [[label, printable(value)]]
  const moment = record?.moment ?? null
  return [
    ...fact('Restore', stored.id),
    ...fact('Kind', summary.kind),
    ...fact('Backup', stored.backup !== null && moment !== null ? `${stored.backup}, of ${moment}` : stored.backup), // prettier-ignore
    ...fact('Undoes', stored.undoes),
    ...fact('Target', summary.target),
    ...fact('By', summary.who),
    ...fact('Started', formatWhen(new Date(stored.started), now)),
    ...fact('Took', timeText(summary)),
    ...fact('Asked', record?.scope.join(' ')),
    ...fact('Rows', summary.rows === null ? null : changesText(summary.rows)),
    ...fact('Drops', safety?.droppedTables.map(({ schema, name }) => `${schema}.${name}`).join(', ')),
    ...fact('Changes', safety?.schema?.objects.map(({ object }) => object).join(', ')),
    ...fact('Makes', safety?.madeTables.map(({ schema, name }) => `${schema}.${name}`).join(', ')),
    ...fact('Undo', safetyText(restore, undone)),
    ...(record?.checks ?? []).flatMap(({ what, result }) => fact('Compared', `${what}: ${result}`)),
    ...(record?.warnings ?? []).flatMap((warning) => fact('Warning', warning)),
  ]
}

/** Rows in words. */
export function changesText({ created, updated, deleted, unchanged, conflicts }: RowTotals): string {
  const parts = [
    [created, 'created'],
    [updated, 'updated'],
    [deleted, 'deleted'],
    [unchanged, 'unchanged'],
    [conflicts, 'left alone, as they had changed since'],
  ] as const
  const told = parts.filter(([count]) => count > 0).map(([count, what]) => `${formatCount(count)} ${what}`)
  return told.length === 0 ? 'none' : told.join(', ')
}

function safetyText({ stored, record }: OpenedRestore, undone: string | null): string {
  if (undone !== null) return `it was undone by restore ${undone}`
  if (stored.safety === null && record?.kind === 'swap')
    return 'yes, while the database that it took the place of is kept: holdfast release TARGET --list'
  if (stored.safety === null) return 'no: it left no safety backup'
  const { chunks, storedBytes } = stored.safety
  return `yes: its safety backup is stored, ${formatBytes(storedBytes)} in ${formatCountOf(chunks, 'chunk')}`
}
