import type { CheckName, DrillCheck, DrillReport, Finding } from '../../verify/types.ts'
import { version } from '../../version.ts'
import { formatBytes, formatCount, formatCountOf, formatDuration } from '../format.ts'
import { textHtml } from '../html.ts'
import { pageStyle } from './page-style.ts'
import type { ReportFacts } from './report.ts'
import { checkText, openIn } from './text.ts'

/** A report as one HTML page that needs nothing but itself, and runs nothing. */
export function reportPage(facts: ReportFacts): string {
  const { manifest, report } = facts
  const sections = [
    verdict(facts),
    section('What was checked', checks(report)),
    section('Not verified', openList(openIn(report))),
    section('Tables', tables(report)),
    section('Where the time went', phases(report)),
    section('Versions', versions(facts)),
  ]
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Drill of ${textHtml(manifest.id)}: ${headline(report)}</title>
<style>${pageStyle}</style>
</head>
<body>
${sections.join('\n')}
</body>
</html>
`
}

function section(title: string, body: string): string {
  return body === '' ? '' : `<section>\n<h2>${title}</h2>\n${body}\n</section>`
}

function headline(report: DrillReport): string {
  if (report.result === 'failed') return 'Failed'
  if (report.goal?.result === 'missed') return 'Restored, but not in time'
  return report.part === null ? 'Passed' : 'Passed, for a part'
}

/** First, and for someone who has never heard of a fingerprint. */
function verdict({ manifest, contents, report, finished }: ReportFacts): string {
  const tone =
    report.result === 'failed'
      ? 'failed'
      : report.part !== null || report.goal?.result === 'missed'
        ? 'open'
        : 'passed'
  const { part, goal } = report
  const what = part === null ? 'The backup' : 'A part of the backup'
  const outcome =
    report.tables.length === 0 && report.result === 'failed'
      ? 'could not be restored. Do not rely on it.'
      : report.result === 'failed'
        ? 'was restored, but not everything in it is as it should be. What was found is below.'
        : 'was restored into an empty server and compared with what the database itself had counted. Everything that was compared is equal.'
  const sentences = [
    `${what}${contents === null ? '' : ` of ${contents.database.name}`}, taken ${moment(new Date(manifest.moment))}, ${outcome}`,
    ...(part === null ? [] : ['This says nothing of the rest of the backup.']),
    ...(report.restoreSeconds > 0
      ? [
          `Restoring took ${formatDuration(report.restoreSeconds * 1000)}${goal === null ? '' : goalText(goal)}.`,
        ]
      : []),
  ]
  return `<header class="verdict ${tone}">
<h1>${headline(report)}</h1>
<p>${textHtml(sentences.join(' '))}</p>
<p class="quiet">Drill of ${moment(finished)}, backup ${textHtml(manifest.id)}</p>
</header>`
}

function goalText({ seconds, result }: NonNullable<DrillReport['goal']>): string {
  const allowed = formatDuration(seconds * 1000)
  if (result === 'not verified') return `; whether all of it restores within ${allowed} is not known`
  return result === 'met' ? `; ${allowed} were allowed` : `, and only ${allowed} were allowed`
}

/** In UTC: the page is read anywhere. */
function moment(date: Date): string {
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

const titles: Readonly<Record<CheckName, string>> = {
  restore: 'Rows, counted and hashed',
  schema: 'Definitions',
  'foreign keys': 'Foreign keys',
  'row security': 'Who may see which rows',
  indexes: 'Indexes',
  logins: 'Logins',
  assertions: 'Your assertions',
}

function checks(report: DrillReport): string {
  const rows = report.checks.map((check) => {
    const looked = check.result === 'not verified' ? '' : textHtml(checkText(check))
    return `<tr><td>${titles[check.name]}</td><td>${mark(check)}</td><td>${looked}${findings(check.failures)}</td></tr>`
  })
  return `<table>\n<tr><th>Check</th><th>Result</th><th>Looked at</th></tr>\n${rows.join('\n')}\n</table>`
}

function mark({ result }: DrillCheck): string {
  return `<span class="mark ${result === 'not verified' ? 'open' : result}">${result}</span>`
}

function findings(list: readonly Finding[]): string {
  if (list.length === 0) return ''
  const items = list.map(({ what, why }) => `<li><b>${textHtml(what)}</b>: ${textHtml(why)}</li>`)
  return `<ul>${items.join('')}</ul>`
}

function openList(open: readonly Finding[]): string {
  return open.length === 0 ? '<p>Nothing was left open.</p>' : findings(open)
}

const compared: Readonly<Record<DrillReport['tables'][number]['compared'], string>> = {
  hashed: 'the content of all rows',
  sampled: 'count, and the content of a share',
  counted: 'exact count',
  'not held': 'not at all',
}

function tables(report: DrillReport): string {
  if (report.tables.length === 0) return ''
  const rows = report.tables.map(
    (table) =>
      `<tr><td>${textHtml(`${table.schema}.${table.name}`)}</td><td class="number">${formatCount(table.rows)}</td><td>${compared[table.compared]}</td></tr>`,
  )
  const sum = `${formatCountOf(report.rows, 'row')} in ${formatCountOf(report.tables.length, 'table')}, ${formatBytes(report.plainBytes)} as text`
  return `<p class="quiet">${sum}</p>\n<table>\n<tr><th>Table</th><th class="number">Rows</th><th>Compared by</th></tr>\n${rows.join('\n')}\n</table>`
}

function phases({ phases: list, seconds }: DrillReport): string {
  const longest = Math.max(...list.map((phase) => phase.seconds), 0.001)
  const rows = list.map(({ name, seconds: took }) => {
    const width = Math.max(0.5, (took * 100) / longest).toFixed(1)
    const bar = `<svg role="img" aria-label="${formatDuration(took * 1000)}"><rect class="all" width="100%" height="100%" rx="2"/><rect class="taken" width="${width}%" height="100%" rx="2"/></svg>`
    return `<tr><td>${textHtml(name)}</td><td class="number">${formatDuration(took * 1000)}</td><td>${bar}</td></tr>`
  })
  return `<p class="quiet">${formatDuration(seconds * 1000)} in all</p>\n<table>\n${rows.join('\n')}\n</table>`
}

function versions({ manifest, contents, report }: ReportFacts): string {
  const { part } = report
  const facts: [string, string][] = [
    ['Holdfast', `${version}; the backup was made by ${manifest.holdfast}`],
    ['Source', `Postgres ${contents?.server.version ?? manifest.major}`],
    ['Scratch server', report.server === null ? 'none was started' : `Postgres ${report.server}`],
    ...(part === null ? [] : [['Part', partText(part)] satisfies [string, string]]),
  ]
  return `<dl>${facts.map(([name, value]) => `<dt>${name}</dt><dd>${textHtml(value)}</dd>`).join('')}</dl>`
}

function partText({
  schemas,
  tables: names,
  excludeTables,
  sample,
}: NonNullable<DrillReport['part']>): string {
  return [
    ...schemas.map((pattern) => `schema ${pattern}`),
    ...names.map((pattern) => `table ${pattern}`),
    ...excludeTables.map((pattern) => `without table ${pattern}`),
    ...(sample === null ? [] : [`${sample.percent} % of the bytes, chosen by the seed ${sample.seed}`]),
  ].join(', ')
}
