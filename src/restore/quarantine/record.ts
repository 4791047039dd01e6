import type { Connection } from '../../postgres/connect.ts'
import { literal } from '../../postgres/quote.ts'
import type { Wire } from '../../postgres/wire.ts'
import { markerSchema } from '../target.ts'

/** Kinds of what begins to work by itself, or calls other systems, in a database that is there. */
export type QuarantineKind =
  | 'cron job'
  | 'event trigger'
  | 'foreign data wrapper'
  | 'foreign server'
  | 'materialized view'
  | 'publication'
  | 'subscription'
  | 'webhook'

/** Something that is off, and how it was. */
export interface Quarantined {
  readonly kind: QuarantineKind
  /** Of what lives in a schema, else empty. */
  readonly schema: string
  /** The table that a webhook's trigger is on, else empty. */
  readonly relation: string
  /** Of a cron job: its id. */
  readonly name: string
  /** What is put back, by kind: a trigger's `tgenabled`, what a publication publishes, the options of a server ... */
  readonly was: string
}

/** Where a quarantined database keeps what is off. It belongs to the database, and is in its backups: such a backup is of a database in quarantine. */
export const quarantineSchema = 'holdfast_quarantine'

const columns = '(kind, schema, relation, name, was)'
const definition =
  'kind text, schema text, relation text, name text, was text NOT NULL, PRIMARY KEY (kind, schema, relation, name)'

/** While the restore goes on: in the marker's schema, so that undoing it takes all of it away. */
const unfinishedTable = `${markerSchema}.quarantine`
const finishedTable = `${quarantineSchema}.held`

/** Which of the two tables holds what is made in this phase of the restore. */
export function recordTable(phase: 'pre' | 'rows' | 'post' | 'acl' | 'last'): string {
  return phase === 'last' ? finishedTable : unfinishedTable
}

export const createUnfinishedSql = `CREATE TABLE IF NOT EXISTS ${unfinishedTable} (${definition})`

/**
 * Begins the transaction that ends the restore: before default privileges are restored, which could give others access. The
 * backup of a database in quarantine has brought the table already.
 */
export function finishRecordSql(backup: string): string {
  const about = `What Holdfast switched off when it restored backup ${backup}. holdfast release puts it back.`
  return `CREATE SCHEMA IF NOT EXISTS ${quarantineSchema}; CREATE TABLE IF NOT EXISTS ${finishedTable} (${definition});
    COMMENT ON SCHEMA ${quarantineSchema} IS ${literal(about)};
    ${rememberSql(finishedTable, `SELECT kind, schema, relation, name, was FROM ${unfinishedTable}`)}`
}

/** Adds the rows of `select` to the record: the later state counts. */
export function rememberSql(table: string, select: string): string {
  return `INSERT INTO ${table} AS held ${columns} ${select}
    ON CONFLICT (kind, schema, relation, name) DO UPDATE SET was = excluded.was`
}

/** Takes away the last trace. */
export const dropRecordSql = `DROP TABLE ${finishedTable}; DROP SCHEMA ${quarantineSchema}`

/** What is off in the database, in the order in which it is put back; null if it is not in quarantine. */
export async function readQuarantine(connection: Connection): Promise<Quarantined[] | null> {
  const [found] = await connection.query<{ there: boolean }>(
    `SELECT pg_catalog.to_regclass('${finishedTable}') IS NOT NULL AS there`,
  )
  if (!found?.there) return null
  const rows = await connection.query<Record<keyof Quarantined, string>>(listSql)
  return inOrder(rows)
}

/** The same, of one that is: in the transaction that ends the restore. */
export async function readRecord(wire: Wire): Promise<Quarantined[]> {
  const rows = await wire.query(listSql)
  return inOrder(
    rows.map(([kind, schema, relation, name, was]) => ({
      kind: kind ?? '',
      schema: schema ?? '',
      relation: relation ?? '',
      name: name ?? '',
      was: was ?? '',
    })),
  )
}

const listSql = `SELECT kind, schema, relation, name, was FROM ${finishedTable} ORDER BY schema, relation, name`

function inOrder(rows: readonly Record<keyof Quarantined, string>[]): Quarantined[] {
  const known = rows.flatMap((row) => {
    const kind = order.find((one) => one === row.kind)
    return kind === undefined ? [] : [{ ...row, kind }]
  })
  return known.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))
}

/** Nobody else may release it meanwhile. */
export const lockRecordSql = `LOCK TABLE ${finishedTable} IN ACCESS EXCLUSIVE MODE`

export async function forget(connection: Connection, one: Quarantined): Promise<void> {
  await connection.query(
    `DELETE FROM ${finishedTable} WHERE kind = $1 AND schema = $2 AND relation = $3 AND name = $4`,
    [one.kind, one.schema, one.relation, one.name],
  )
}

/** What others read comes first: a view is refreshed from foreign tables. Event triggers would fire at what follows them. */
const order: readonly QuarantineKind[] = [
  'foreign data wrapper',
  'foreign server',
  'materialized view',
  'publication',
  'subscription',
  'webhook',
  'cron job',
  'event trigger',
]

/** e.g. `webhook shop.orders notify` */
export function quarantinedLabel({ kind, schema, relation, name }: Quarantined): string {
  const place = schema === '' ? '' : relation === '' ? `${schema}.` : `${schema}.${relation} `
  return `${kind} ${place}${name}`
}
