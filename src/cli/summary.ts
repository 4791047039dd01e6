import type { BackupContents, TableContents } from '../repository/format/contents.ts'
import type { Manifest, ManifestSummary } from '../repository/format/manifest.ts'
import type { RestoredTable } from '../restore/types.ts'
import { formatBytes, formatCountOf } from './format.ts'

/** A manifest for `--json`: without its list of chunks, which may be long, but with their number. */
export function summaryOf(manifest: Manifest | ManifestSummary): Record<string, unknown> {
  const { chunks, ...rest } = manifest
  return {
    ...rest,
    chunks: typeof chunks === 'number' ? chunks : chunks.length,
    seconds: secondsOf(manifest),
  }
}

/** How long making the backup took. */
export function secondsOf(manifest: Pick<ManifestSummary, 'started' | 'finished'>): number {
  return (Date.parse(manifest.finished) - Date.parse(manifest.started)) / 1000
}

/** How far the source's own fingerprint of a table goes, in a word. */
export function proofOf(
  table: Pick<TableContents, 'data' | 'fingerprint'> & { readonly ranges: number | readonly unknown[] },
): string {
  if (table.data !== 'held') return `rows ${table.data}`
  const { fingerprint, ranges } = table
  if (fingerprint === null) return 'none'
  if (fingerprint.hash !== null) return 'full'
  return fingerprint.samples.length > 0
    ? `sampled ${fingerprint.samples.length}/${typeof ranges === 'number' ? ranges : ranges.length}`
    : 'counted'
}

/** What is in a backup, without where its bytes lie, and without password hashes: for `--json`. */
export type ContentsSummary = Pick<BackupContents, 'server' | 'database' | 'gaps' | 'scope' | 'proof'> & {
  readonly roles: readonly string[]
  readonly schemaObjects: number
  readonly tables: readonly SummaryTable[]
  readonly sequences: number
  readonly largeObjects: number
}

type SummaryTable = Pick<
  TableContents,
  'schema' | 'name' | 'rows' | 'plainBytes' | 'data' | 'fingerprint'
> & {
  readonly columns: number
  readonly ranges: number
}

export function contentsSummaryOf(contents: BackupContents): ContentsSummary {
  return {
    server: contents.server,
    database: contents.database,
    roles: contents.roles.map(({ name }) => name),
    schemaObjects: contents.schema.entries.length,
    tables: contents.tables.map((table) => ({
      schema: table.schema,
      name: table.name,
      rows: table.rows,
      plainBytes: table.plainBytes,
      data: table.data,
      columns: table.columns.length,
      ranges: table.ranges.length,
      fingerprint: table.fingerprint,
    })),
    sequences: contents.sequences.length,
    largeObjects: contents.largeObjects.objects.length,
    gaps: contents.gaps,
    scope: contents.scope,
    proof: contents.proof,
  }
}

/** `200,143 rows in 24 tables, 61 MB as text` */
export function rowsText(rows: number, tables: number, plainBytes: number): string {
  return `${formatCountOf(rows, 'row')} in ${formatCountOf(tables, 'table')}, ${formatBytes(plainBytes)} as text`
}

/** How far the tables were compared with the source's fingerprints, in words. */
export function comparedText(tables: readonly RestoredTable[]): string {
  const words: [RestoredTable['compared'], string][] = [
    ['hashed', 'by the content of all rows'],
    ['sampled', 'by count and the content of a share'],
    ['counted', 'by exact count'],
    ['not held', 'not at all: their rows are not in the backup'],
  ]
  return words
    .map(([how, text]) => [tables.filter(({ compared }) => compared === how).length, text] as const)
    .filter(([count]) => count > 0)
    .map(([count, text]) => `${formatCountOf(count, 'table')} ${text}`)
    .join(', ')
}
