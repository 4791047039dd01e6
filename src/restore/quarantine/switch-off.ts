import { literal } from '../../postgres/quote.ts'
import type { SchemaEntry } from '../../postgres/schema/entry.ts'
import { opaqueEnd, outerWords, unquoted } from '../../postgres/schema/words.ts'
import type { EntrySql } from '../entries.ts'
import { triggerName, type QuarantineItem } from './plan.ts'
import { recordTable, rememberSql, type QuarantineKind } from './record.ts'

/** A directory for the server's socket that nobody has: whoever calls the server is told that it is not there. */
const nowhere = '/holdfast/quarantine'

/**
 * Entries whose SQL switches off what it makes, and remembers how it was. It is sent at once, and so is one transaction: there is no
 * moment at which the thing is there and on. Names are taken as the SQL writes them, byte for byte, whatever the encoding.
 */
export function quietSql(sql: EntrySql, items: readonly QuarantineItem[]): EntrySql {
  const kinds = new Map(items.map((item) => [item.entry, item.kind]))
  if (kinds.size === 0) return sql
  return (entry) => {
    const kind = kinds.get(entry.id)
    if (kind === undefined) return sql(entry)
    const made = Buffer.from(sql(entry)).toString('latin1')
    return Buffer.from(quiet(kind, entry, made), 'latin1')
  }
}

function quiet(kind: QuarantineKind, entry: SchemaEntry, made: string): string {
  const table = recordTable(entry.phase)
  const words = outerWords(made)
  const after = (word: string): string => words[words.indexOf(word) + 1] ?? ''
  const text = (name: string): string => literal(unquoted(name))
  const add = (...statements: string[]): string => [made, ...statements].join('\n;')
  const remember = (columns: string, from: string): string =>
    rememberSql(table, `SELECT ${literal(kind)}, ${columns} FROM pg_catalog.${from}`)
  switch (kind) {
    case 'event trigger':
      return add(
        remember(
          `'', '', evtname, evtenabled`,
          `pg_event_trigger WHERE evtname = ${text(after('TRIGGER'))} AND evtenabled <> 'D'`,
        ),
        `ALTER EVENT TRIGGER ${after('TRIGGER')} DISABLE`,
      )
    case 'publication':
      return add(
        remember(
          `'', '', pubname, pg_catalog.concat_ws(', ', CASE WHEN pubinsert THEN 'insert' END, CASE WHEN pubupdate THEN 'update' END,
             CASE WHEN pubdelete THEN 'delete' END, CASE WHEN pubtruncate THEN 'truncate' END)`,
          `pg_publication WHERE pubname = ${text(after('PUBLICATION'))} AND (pubinsert OR pubupdate OR pubdelete OR pubtruncate)`,
        ),
        `ALTER PUBLICATION ${after('PUBLICATION')} SET (publish = '')`,
      )
    // It is made without being enabled, and what the backup holds does not say whether it was.
    case 'subscription':
      return add(rememberSql(table, `VALUES ('subscription', '', '', ${text(after('SUBSCRIPTION'))}, 'off')`))
    case 'foreign server':
      return add(
        remember(
          `'', '', srvname, coalesce(pg_catalog.to_jsonb(srvoptions), '[]')::pg_catalog.text`,
          `pg_foreign_server WHERE srvname = ${text(after('SERVER'))}
             AND NOT ${literal(`host=${nowhere}`)} = ANY (coalesce(srvoptions, '{}'))`,
        ),
        `ALTER SERVER ${after('SERVER')} OPTIONS (${hostOptions(optionNames(made))})`,
      )
    case 'foreign data wrapper':
      return add(
        remember(
          `'', '', w.fdwname, pg_catalog.jsonb_build_array(n.nspname, p.proname)::pg_catalog.text`,
          `pg_foreign_data_wrapper w JOIN pg_catalog.pg_proc p ON p.oid = w.fdwhandler
             JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE w.fdwname = ${text(after('WRAPPER'))}`,
        ),
        `ALTER FOREIGN DATA WRAPPER ${after('WRAPPER')} NO HANDLER`,
      )
    case 'materialized view': {
      const [schema = '', name = ''] = words.slice(words.indexOf('VIEW') + 1)
      return rememberSql(table, `VALUES ('materialized view', ${text(schema)}, '', ${text(name)}, 'empty')`)
    }
    case 'webhook':
      return add(...webhookOff(table, made, words))
    case 'cron job':
      return made
  }
}

/** A trigger of a partitioned table is one of each partition, too: DISABLE reaches them all, each was on or off by itself. */
function webhookOff(table: string, made: string, words: readonly string[]): string[] {
  const [schema = '', relation = ''] = words.slice(words.indexOf(words[0] === 'ALTER' ? 'TABLE' : 'ON') + 1)
  const name = triggerName(made)
  const tree = `WITH RECURSIVE tree AS (
      SELECT t.oid FROM pg_catalog.pg_trigger t WHERE t.tgname = ${literal(unquoted(name))}
        AND t.tgrelid = ${literal(`${schema}.${relation}`)}::pg_catalog.regclass
      UNION ALL SELECT t.oid FROM tree JOIN pg_catalog.pg_trigger t ON t.tgparentid = tree.oid
    ), found AS (
      SELECT n.nspname, c.relname, t.tgname, t.tgenabled FROM tree JOIN pg_catalog.pg_trigger t ON t.oid = tree.oid
      JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    )`
  return [
    `${tree} DELETE FROM ${table} h USING found f
      WHERE h.kind = 'webhook' AND h.schema = f.nspname AND h.relation = f.relname AND h.name = f.tgname`,
    rememberSql(
      table,
      `${tree} SELECT 'webhook', nspname, relname, tgname, tgenabled FROM found WHERE tgenabled <> 'D'`,
    ),
    `ALTER TABLE ${schema}.${relation} DISABLE TRIGGER ${name}`,
  ]
}

/** An address that is given as a number comes before one that is given as a name. */
function hostOptions(names: readonly string[]): string {
  const host = `${names.includes('host') ? 'SET' : 'ADD'} host ${literal(nowhere)}`
  return names.includes('hostaddr') ? `${host}, DROP hostaddr` : host
}

/** Names of the options of a CREATE SERVER: words in its brackets. */
function optionNames(sql: string): string[] {
  const names: string[] = []
  let depth = 0
  for (let at = 0; at < sql.length;) {
    const end = Math.max(opaqueEnd(sql, at), at + 1)
    const token = sql.slice(at, end)
    at = end
    if (token === '(') depth++
    else if (token === ')') depth--
    else if (depth === 1 && /^["A-Za-z_][^']*$/.test(token)) names.push(unquoted(token))
  }
  return names
}
