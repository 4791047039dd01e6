import type { AssertionResult, CheckName, DrillCheck, DrillReport } from '../../verify/types.ts'
import { formatCount, formatCountOf, formatDuration } from '../format.ts'
import type { Output } from '../output.ts'
import { comparedText, rowsText } from '../summary.ts'
import { printable, truncate } from '../width.ts'
import { teller } from '../wrap.ts'

/** The outcome in one sentence. */
export function verdictOf(report: DrillReport): string {
  const what = report.part === null ? `Backup ${report.backup}` : `A part of backup ${report.backup}`
  if (report.result === 'failed') return `${what} does not pass its drill.`
  const rest = report.part === null ? '' : ' The rest of it is not proved.'
  return report.goal?.result === 'missed'
    ? `${what} restores, and all that was compared is equal, but not in time.${rest}`
    : `${what} restores, and all that was compared is equal.${rest}`
}

/** Prints what a drill found. */
export function tellDrill(out: Output, report: DrillReport): void {
  const tell = teller(out)
  out.line(verdictOf(report))
  for (const check of report.checks) tellFailures(out, check, report.assertions)
  if (report.tables.length > 0) {
    tell('restored', rowsText(report.rows, report.tables.length, report.plainBytes))
    tell('compared', comparedText(report.tables))
  }
  const checked = report.checks.filter(({ name, result }) => name !== 'restore' && result !== 'not verified')
  if (checked.length > 0) tell('checked', checked.map(checkText).join(', '))
  const sample = report.part?.sample
  if (sample) tell('sample', `${sample.percent} % of the bytes: --seed ${sample.seed} chooses it again`)
  const restored =
    report.restoreSeconds > 0 ? `${formatDuration(report.restoreSeconds * 1000)} to restore, ` : ''
  const where =
    report.server === null
      ? '; no scratch server was started'
      : `, with a scratch server of Postgres ${report.server}`
  tell('took', `${restored}${formatDuration(report.seconds * 1000)} in all${where}`)
  const { goal } = report
  if (goal !== null) tell('goal', `${formatDuration(goal.seconds * 1000)} to restore: ${goal.result}`)
  for (const { what, why } of openIn(report)) out.warn(`not verified: ${printable(what)}: ${printable(why)}`)
}

/** All that was left open, by the drill as a whole and by its checks. */
export function openIn(report: DrillReport): DrillReport['notVerified'] {
  const ofChecks = report.checks.flatMap(({ name, notVerified }) =>
    notVerified.map(({ what, why }) => ({ what: `${name}: ${what}`, why })),
  )
  return [...report.notVerified, ...ofChecks]
}

const nouns: Readonly<Record<CheckName, readonly [one: string, many: string]>> = {
  restore: ['table', 'tables'],
  schema: ['object of the schema', 'objects of the schema'],
  'foreign keys': ['foreign key', 'foreign keys'],
  'row security': ['rule of row level security', 'rules of row level security'],
  indexes: ['index', 'indexes'],
  logins: ['login with its password', 'logins with their passwords'],
  assertions: ['assertion', 'assertions'],
}

/** `12 foreign keys`, `1 of 3 assertions failed`. */
export function checkText({ name, result, checked, failures }: DrillCheck): string {
  const [one, many] = nouns[name]
  return result === 'failed'
    ? `${formatCount(failures.length)} of ${formatCountOf(checked, one, many)} failed`
    : formatCountOf(checked, one, many)
}

const findingsShown = 10

function tellFailures(out: Output, check: DrillCheck, assertions: readonly AssertionResult[]): void {
  for (const { what, why } of check.failures.slice(0, findingsShown)) {
    teller(out)('failed', `${check.name}: ${printable(what)}: ${printable(why)}`)
    if (check.name === 'assertions') {
      tellRows(out, assertions.find(({ name }) => name === what)?.firstRows ?? [])
    }
  }
  const more = check.failures.length - findingsShown
  if (more > 0) out.line(`            ${check.name}: and ${formatCount(more)} more`)
}

const cellColumns = 40

/** The user's own rows: for the terminal, and for nothing that is kept or sent on. */
function tellRows(out: Output, rows: AssertionResult['firstRows']): void {
  const [first] = rows
  if (first === undefined) return
  out.table(
    Object.keys(first).map((title, index) => ({ title: index === 0 ? `            ${title}` : title })),
    rows.map((row) =>
      Object.values(row).map((value, index) => {
        const cell = truncate(printable(value.slice(0, cellColumns * 4)), cellColumns)
        return index === 0 ? `            ${cell}` : cell
      }),
    ),
  )
}

/** The report for `--json` and for files, which end up in logs and mails: without the rows that assertions returned. */
export function withoutRows(report: DrillReport): Record<string, unknown> {
  return {
    ...report,
    assertions: report.assertions.map(({ firstRows: _rows, ...rest }) => rest),
  }
}
