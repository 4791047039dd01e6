import type { TableContents } from '../repository/format/contents.ts'
import { fileName } from './files.ts'
import type { ExportSource } from './source.ts'

/** BACKUP_MANIFEST.md: what the folder holds, for a person who has nothing else. */
export function toManifestText({
  source,
  format,
}: {
  source: ExportSource
  format: 'folder' | 'csv' | 'json'
}): string {
  const { contents, manifest, exported } = source
  const { server, database } = contents
  const facts: readonly (readonly [string, string])[] = [
    ['Backup', manifest.id],
    ...(manifest.name === null ? [] : [['Name', manifest.name] as const]),
    ...(manifest.description === null ? [] : [['Description', manifest.description] as const]),
    ['Database', database.name],
    ['State as of', manifest.moment],
    ['WAL position', manifest.lsn],
    ['Server', `Postgres ${server.version}`],
    ['Encoding', server.encoding],
    ['Locale', `${database.localeProvider}: ${database.locale ?? `${database.collate}, ${database.ctype}`}`],
    ['Exported', `${exported} by Holdfast ${manifest.holdfast}`],
  ]
  const missing = [
    ...contents.gaps,
    ...(format !== 'folder' && contents.largeObjects.objects.length > 0
      ? [
          {
            what: `${contents.largeObjects.objects.length} large objects`,
            why: 'This format does not hold them.',
          },
        ]
      : []),
  ]
  return [
    '# Backup of a Postgres database\n',
    facts.map(([name, value]) => `- ${name}: ${cell(value)}`).join('\n'),
    '\nThis folder is not encrypted. Keep it as safe as the database itself.\n',
    '## Files\n',
    files[format].map((line) => `- ${line}`).join('\n'),
    '\n## Tables\n',
    '| schema | table | rows | file | columns |',
    '|---|---|---:|---|---|',
    ...contents.tables.map((table) => tableRow(table, { format, written: source.tables.includes(table) })),
    '\n## Not in this folder\n',
    missing.length === 0
      ? 'Nothing is known to be missing.'
      : missing.map(({ what, why }) => `- ${cell(what)}: ${cell(why)}`).join('\n'),
    '',
  ].join('\n')
}

const fileNames =
  'Names of files are schema, a dot, table; all but `a-z 0-9 _ -` is written as `%` and the hexadecimal bytes of UTF-8.'
const csvFacts =
  'CSV: a header, commas, double quotes, the encoding of the database. An empty field is NULL, `""` is an empty string. Values are as Postgres prints them.'

const files: Readonly<Record<'folder' | 'csv' | 'json', readonly string[]>> = {
  folder: [
    '`restore.sh`: restores all of it into an empty database; needs only psql. `sh restore.sh postgres://...`',
    '`roles.sql`: roles of the server; run it first, as a superuser, on a server that lacks them. Holds password verifiers.',
    '`database.sql`: how the database itself was made and set.',
    '`schema/pre-data.sql`: what must be there before the rows; `schema/post-data.sql`: indexes, keys, triggers, policies.',
    '`sequences.sql`, `large-objects.sql`, `grants.sql`, `schema/last.sql` (event triggers, contents of materialized views).',
    '`data/`: one CSV file per table.',
    fileNames,
    `${csvFacts} Where a value has a line of just \`\\.\`, the quotes are closed and opened again around it: Postgres reads that as the same value, other programs may not.`,
  ],
  csv: [`One file per table. ${csvFacts} Lines end with CRLF (RFC 4180).`, fileNames],
  json: [
    'One file per table: an array of objects, one per row, in UTF-8.',
    'Integers and other numbers are JSON numbers where a double holds them exactly, and strings where it does not; NaN and infinity are strings. `boolean` is true or false, `json` and `jsonb` are put in as they are, everything else is a string as Postgres prints it.',
    'Bytes of a SQL_ASCII database that are no UTF-8 are read as Latin-1, value by value.',
    fileNames,
  ],
}

function tableRow(
  table: TableContents,
  { format, written }: { format: 'folder' | 'csv' | 'json'; written: boolean },
): string {
  const extension = format === 'json' ? 'json' : 'csv'
  const path = `${format === 'folder' ? 'data/' : ''}${fileName(table.schema, table.name, extension)}`
  const file = written ? `\`${path}\`` : `none: ${table.data === 'held' ? 'left out' : table.data}`
  const rows = table.data === 'held' ? String(table.rows) : ''
  const columns = table.columns.map(({ name, type }) => `${cell(name)} ${cell(type)}`).join(', ')
  return `| ${cell(table.schema)} | ${cell(table.name)} | ${rows} | ${file} | ${columns} |`
}

/** Text that stays in its cell and on its line, and is no markup. */
function cell(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/[\0-\x1f\x7f\u0085\u2028\u2029]/g, ' ').replaceAll(/[\\|`*_<>[\]]/g, '\\$&')
}
