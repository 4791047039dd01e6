import type { Drift, Preview, TablePreview } from '../restore/in-place/types.ts'
import { formatBytes, formatCount, formatCountOf, formatDuration, formatList } from './format.ts'
import { countLeftAlone, differs, isChanged, nameOf, nameOfTable } from './preview-values.ts'
import { printable } from './width.ts'

/*
 * What a preview says, in sentences and numbers: its text and its page are made from the same. Nothing is escaped here but
 * what could not be shown.
 */

/** Of tables and columns in one sentence. */
const mostNames = 6

/** What the preview is of, where, and what was asked for: label and text. */
export function factsOf(preview: Preview): [label: string, text: string][] {
  const { backup, moment, undoes, where, keepNewer } = preview
  const taken = moment === null ? '' : `, taken ${printable(moment)}`
  const facts: [label: string, text: string | null][] = [
    ['undoes', undoes === null ? null : `restore ${printable(undoes)}`],
    ['backup', backup === null ? null : `${printable(backup)}${taken}`],
    ['database', `${nameOf(preview.database)} at ${printable(preview.target)}`],
    ['does', actionsText(preview)],
    ['where', where === null ? null : printable(where)],
    ['keeps', keepNewer === null ? null : `rows whose ${nameOf(keepNewer)} is later here than in the backup`],
  ]
  return facts.flatMap(([label, text]) => (text === null ? [] : [[label, text]]))
}

function actionsText({ actions, undoes, makes, drops, newIds }: Preview): string {
  if (newIds) return 'brings rows as new ones, under new keys, beside what is there; nothing else'
  const words =
    undoes === null
      ? ([
          [actions.create, 'makes rows again that are gone'],
          [actions.update, 'gives changed rows back the values of the backup'],
          [actions.delete, 'deletes rows that are not in the backup'],
        ] as const)
      : ([
          [actions.create, 'makes rows again that the restore deleted'],
          [actions.update, 'gives rows that it changed their values back'],
          [actions.delete, 'deletes rows that it made'],
        ] as const)
  const tables = [
    ...(undoes !== null && drops.length > 0 ? ['drops what it made'] : []),
    ...(undoes !== null && makes.length > 0 ? ['makes again what it dropped'] : []),
  ]
  const chosen = [...tables, ...words.filter(([asked]) => asked).map(([, text]) => text)]
  return chosen.length === 0 ? 'nothing' : `${formatList(chosen)}${chosen.length < 3 ? '; nothing else' : ''}`
}

/** How long applying takes, who waits meanwhile, and what room it needs; empty if there is nothing to apply. */
function estimateText({ estimate, problems, makes, drops }: Preview): string {
  const { seconds, locks, closed, temporaryBytes } = estimate
  if (problems.length > 0 || locks.length + makes.length + drops.length === 0) return ''
  return [
    `about ${formatDuration(Math.max(1, seconds) * 1000)}`,
    ...(closed.length > 0
      ? [`meanwhile nobody else can read ${formatList(closed.map(nameOf), mostNames)}`]
      : []),
    ...(locks.length > 0
      ? [`meanwhile nobody else can write to ${formatList(locks.map(nameOf), mostNames)}`]
      : []),
    ...(temporaryBytes > 0 ? [`temporary tables of about ${formatBytes(temporaryBytes)} until the end`] : []),
  ].join('; ')
}

/** `3 rows differ and stay: 2 are gone here and 1 is newer here`; empty if there are none. */
export function leftAloneText(tables: readonly TablePreview[]): string {
  const sum = (kind: keyof TablePreview['leftAlone']): number =>
    tables.reduce((total, { leftAlone }) => total + leftAlone[kind], 0)
  const kinds = [
    [sum('missing'), 'gone here'],
    [sum('changed'), 'changed'],
    [sum('extra'), 'not in the backup'],
    [sum('newer'), 'newer here'],
  ] as const
  const found = kinds.filter(([count]) => count > 0)
  if (found.length === 0) return ''
  const parts = found.map(([count, text]) => {
    const who = found.length > 1 ? formatCount(count) : count === 1 ? 'it' : 'they'
    return `${who} ${count === 1 ? 'is' : 'are'} ${text}`
  })
  const all = found.reduce((total, [count]) => total + count, 0)
  return `${formatCountOf(all, 'row differs and stays', 'rows differ and stay')}: ${formatList(parts)}`
}

/** Beside the counts: tables that are made, dropped or come along, what stays, and what applying takes. Label and text. */
export function aroundText(preview: Preview): [label: string, text: string][] {
  const staying = preview.tables.filter((t) => countLeftAlone(t) > 0)
  // What is said of a table that changes need not be said twice.
  const saidThere = staying.length === 1 && staying.every(isChanged)
  const rest: [label: string, text: string][] = [
    ['stay', saidThere ? '' : leftAloneText(staying)],
    ['equal', idleText(preview)],
    ['takes', estimateText(preview)],
  ]
  return [...tablesText(preview), ...rest.filter(([, text]) => text !== '')]
}

/** What happens to tables, not rows, and which come along without having been chosen. */
function tablesText(preview: Preview): [label: string, text: string][] {
  const rows = (t: { rows: number }): string => formatCountOf(t.rows, 'row')
  return [
    ...preview.makes.map((t): [string, string] => [
      'made',
      `${nameOfTable(t)}, which is gone here, with ${rows(t)}`,
    ]),
    ...preview.drops.map((t): [string, string] => [
      'dropped',
      `${nameOfTable(t)}, which the restore has made, with ${rows(t)}`,
    ]),
    ...preview.tables
      .filter((t) => t.neededBy.length > 0)
      .map((t): [string, string] => [
        'along',
        `${formatCountOf(t.create, 'row')} of ${nameOfTable(t)}, since rows of ${formatList(t.neededBy.map(nameOf), mostNames)} refer to ${t.create === 1 ? 'it' : 'them'}`,
      ]),
    ...preview.tables
      .filter((t) => t.along.length > 0)
      .map((t): [string, string] => [
        'along',
        `${formatCountOf(t.create, 'row')} of ${nameOfTable(t)}, since ${t.create === 1 ? 'it refers' : 'they refer'} to rows of ${formatList(t.along.map(nameOf), mostNames)}`,
      ]),
  ]
}

/** What there is to say about tables that nothing happens to; empty if there are none. */
function idleText({ tables, undoes, newIds }: Preview): string {
  const idle = tables.filter((t) => !differs(t))
  if (idle.length === 0) return ''
  const rows = idle.reduce((sum, t) => sum + t.unchanged, 0)
  const drifted = idle.filter((t) => t.drift.length > 0).map(nameOfTable)
  return [
    formatCountOf(idle.length, 'table has nothing to do', 'tables have nothing to do'),
    // An undoing compares only rows that the restore has changed, and rows that come as new ones are compared with none.
    ...(undoes !== null
      ? [`${formatCountOf(rows, 'row')} already as before the restore`]
      : newIds
        ? []
        : [formatCountOf(rows, 'equal row')]),
    ...(drifted.length > 0
      ? [`columns are not those of the backup in ${formatList(drifted, mostNames)}`]
      : []),
  ].join('; ')
}

/** `id and order_id in 3 rows get new values`: columns that do not keep what the backup has; empty if there are none. */
export function renewedText({ renewed, create }: TablePreview): string {
  if (renewed.length === 0) return ''
  const texts = renewed.map(
    ({ name, rows }) => `${nameOf(name)}${rows === create ? '' : ` in ${formatCountOf(rows, 'row')}`}`,
  )
  return `${formatList(texts, mostNames)} ${texts.length === 1 ? 'gets a new value' : 'get new values'}`
}

/** `email in 5 rows, name in 2`: the columns whose values change. */
export function changedColumnsText({ changedColumns }: TablePreview): string {
  const texts = changedColumns.map(
    ({ name, rows }, at) => `${nameOf(name)} in ${at === 0 ? formatCountOf(rows, 'row') : formatCount(rows)}`,
  )
  return formatList(texts, mostNames)
}

/** `discount was integer, is numeric: values of the backup are converted` */
export function driftText({ column, what, effect }: Drift): string {
  return `${nameOf(column)} ${printable(what)}: ${printable(effect)}`
}
