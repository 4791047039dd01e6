import type { Sentence } from '../../lib/sentence.ts'
import { entryName, type SchemaEntry } from '../../postgres/schema/entry.ts'
import { outerWords, unquoted } from '../../postgres/schema/words.ts'
import type { TableContents } from '../../repository/format/contents.ts'
import { problem } from '../problems.ts'
import { sentence } from '../sentences.ts'
import type { RestoreProblem } from '../types.ts'
import { callingOut } from './calling-out.ts'
import type { QuarantineKind } from './record.ts'

/** What will be off when the restore has ended. */
export interface QuarantineItem {
  readonly kind: QuarantineKind
  /** For people; of cron jobs, whose rows are not read yet: their table. */
  readonly name: string
  /** The entry that makes it; null of rows. */
  readonly entry: number | null
}

/** Wrappers whose servers are reached by libpq, as their option `host` says. */
const byHost: ReadonlySet<string> = new Set(['postgres_fdw', 'dblink_fdw'])

/**
 * Finds what would work by itself or call other systems in the restored database. What can't be switched off by this role is
 * a problem: a copy that is told to be quiet must be.
 */
export function planQuarantine(o: {
  readonly entries: readonly SchemaEntry[]
  readonly tables: readonly TableContents[]
  /** The schema's SQL. */
  readonly text: Uint8Array
  readonly user: string
  readonly superuser: boolean
}): { items: QuarantineItem[]; problems: RestoreProblem[]; warnings: Sentence[] } {
  const items: QuarantineItem[] = []
  const problems: RestoreProblem[] = []
  const warnings: Sentence[] = []
  const byId = new Map(o.entries.map((e) => [e.id, e]))
  const sql = (entry: SchemaEntry): string => entryText(entry, o.text)
  const webhooks = webhookEntries(o.entries, sql)
  for (const entry of o.entries) {
    const kind = kindOf(entry, { byId, sql, webhooks })
    if (kind === undefined) continue
    const name = kind === 'foreign data wrapper' ? wrapperOf(sql(entry)) : entryName(entry)
    if (kind === 'foreign data wrapper' && !o.superuser) {
      const said = sentence(
        'server_called',
        { name: entry.name, user: o.user },
        `Only a superuser can keep the foreign server ${entry.name} from being called, and ${o.user} is none; --no-quarantine leaves it on.`,
      )
      problems.push(problem('target_lacks', said))
    } else if (kind === 'webhook' && isOfView(entry, byId)) {
      warnings.push(
        sentence(
          'trigger_stays_on',
          { name },
          `The trigger ${name} calls other systems and stays on: triggers of views can't be disabled. It fires when somebody writes to the view.`,
        ),
      )
    } else if (kind !== 'foreign data wrapper' || !items.some((i) => i.kind === kind && i.name === name)) {
      items.push({ kind, name, entry: entry.id })
    }
  }
  const jobs = o.tables.filter(isCronTable)
  items.push(
    ...jobs.map((t) => ({ kind: 'cron job' as const, name: `all of ${t.schema}.${t.name}`, entry: null })),
  )
  return { items, problems, warnings }
}

/** The table in which pg_cron keeps its jobs, whoever made it, if there are any. */
export function isCronTable(table: TableContents): boolean {
  const has = (column: string): boolean => table.columns.some((c) => c.name === column)
  return table.schema === 'cron' && table.name === 'job' && table.rows > 0 && has('jobid') && has('active')
}

/** The SQL of an entry, one character per byte. */
export function entryText(entry: SchemaEntry, text: Uint8Array): string {
  return Buffer.from(text.buffer, text.byteOffset + entry.offset, entry.length).toString('latin1')
}

function kindOf(
  entry: SchemaEntry,
  o: {
    byId: ReadonlyMap<number, SchemaEntry>
    sql: (entry: SchemaEntry) => string
    webhooks: ReadonlySet<SchemaEntry>
  },
): QuarantineKind | undefined {
  switch (entry.type) {
    case 'EVENT TRIGGER':
      return 'event trigger'
    case 'PUBLICATION':
      return 'publication'
    case 'SUBSCRIPTION':
      return 'subscription'
    case 'SERVER':
      return byHost.has(wrapperOf(o.sql(entry))) ? 'foreign server' : 'foreign data wrapper'
    case 'TRIGGER':
      return o.webhooks.has(entry) ? 'webhook' : undefined
    case 'MATERIALIZED VIEW DATA':
      return readsForeign(entry, o.byId) ? 'materialized view' : undefined
    default:
      return undefined
  }
}

/** Of a server's SQL: the name of the wrapper it is of. */
function wrapperOf(sql: string): string {
  const words = outerWords(sql)
  return unquoted(words[words.indexOf('WRAPPER') + 1] ?? '')
}

/**
 * Triggers that call other systems. A partition's trigger has an entry of its own, which only switches it, where it is not on as
 * its parent's is.
 */
function webhookEntries(
  entries: readonly SchemaEntry[],
  sql: (entry: SchemaEntry) => string,
): Set<SchemaEntry> {
  const triggers = entries.filter((e) => e.type === 'TRIGGER')
  const calling = callingOut(entries, triggers, sql)
  const names = new Set([...calling].map((entry) => triggerName(sql(entry))))
  const switched = triggers.filter((e) => outerWords(sql(e))[0] === 'ALTER' && names.has(triggerName(sql(e))))
  return new Set([...calling, ...switched])
}

/** As the SQL writes it. */
export function triggerName(sql: string): string {
  const words = outerWords(sql)
  return words[words.indexOf('TRIGGER') + 1] ?? ''
}

function isOfView(entry: SchemaEntry, byId: ReadonlyMap<number, SchemaEntry>): boolean {
  return entry.dependsOn.some((id) => {
    const on = byId.get(id)
    return on?.type === 'VIEW' && entry.schema === on.schema && entry.name.startsWith(`${on.name} `)
  })
}

/** At any distance. */
function readsForeign(entry: SchemaEntry, byId: ReadonlyMap<number, SchemaEntry>): boolean {
  const seen = new Set<number>()
  const waiting = [...entry.dependsOn]
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (seen.has(id)) continue
    seen.add(id)
    const on = byId.get(id)
    if (on?.type === 'FOREIGN TABLE') return true
    waiting.push(...(on?.dependsOn ?? []))
  }
  return false
}
