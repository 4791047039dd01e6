import { aclStatements, defaultAcl } from '../postgres/acl.ts'
import { asBytes, parseRows } from '../postgres/copy-text.ts'
import { planDatabase } from '../postgres/globals/plan-database.ts'
import { planRoles, type RolePlan } from '../postgres/globals/plan-roles.ts'
import { ident, literal, qualified } from '../postgres/quote.ts'
import { entryName, type SchemaEntry } from '../postgres/schema/entry.ts'
import { HoldfastError } from '../lib/errors.ts'
import type { BackupContents, TableContents } from '../repository/format/contents.ts'
import { commentText, psqlSafe } from './psql-safe.ts'
import type { ExportSource } from './source.ts'

/** Parts of scripts for psql. What we write ourselves is UTF-8; entries of the schema stay in the database's encoding. */

const settings = [
  'SET statement_timeout = 0',
  'SET lock_timeout = 0',
  'SET idle_in_transaction_session_timeout = 0',
  'SET standard_conforming_strings = on',
  "SELECT pg_catalog.set_config('search_path', '', false)",
  "SET DateStyle = 'ISO, YMD'",
  "SET IntervalStyle = 'postgres'",
  "SET TimeZone = 'UTC'",
  "SET lc_monetary = 'C'",
  'SET check_function_bodies = off',
  'SET xmloption = content',
  'SET row_security = off',
  'SET client_min_messages = warning',
  "SET default_tablespace = ''",
  'SET default_table_access_method = heap',
]

/**
 * Ends the session of a psql that would go on after an error: behind a COPY that failed it would take rows for statements.
 * Its variable is put in like a value, so the guard itself is no command of psql's.
 */
const guard = `SELECT pg_catalog.set_config('holdfast.on_error_stop', :'ON_ERROR_STOP', false);
DO $$ BEGIN
  IF NOT pg_catalog.current_setting('holdfast.on_error_stop')::pg_catalog.bool THEN
    RAISE WARNING 'Nothing was done: run psql with -v ON_ERROR_STOP=1.';
    PERFORM pg_catalog.pg_terminate_backend(pg_catalog.pg_backend_pid());
  END IF;
END $$;
`

/** What stands at the top of every script: title lines as comments, the guard, and the session's settings. */
export function scriptHeader(contents: BackupContents, title: readonly string[]): string {
  const comments = title.map((line) => `-- ${commentText(line)}\n`).join('')
  return `${comments}\n${guard}SET client_encoding = ${literal(scriptEncoding(contents))};\n${statements(settings)}\n`
}

/** Bytes of a database that doesn't say its encoding are never converted. */
function scriptEncoding({ server }: BackupContents): string {
  return server.encoding === 'SQL_ASCII' ? 'SQL_ASCII' : 'UTF8'
}

/** The SQL of all entries of the phases, in the dump's order; empty if there are none. Throws `export_unsafe`. */
export function schemaPart(source: ExportSource, phases: readonly SchemaEntry['phase'][]): Uint8Array {
  const { contents } = source
  const entries = contents.schema.entries.filter((entry) => phases.includes(entry.phase))
  if (entries.length === 0) return new Uint8Array()
  const own = scriptEncoding(contents)
  const text = entries.map((entry) => `\n-- ${entryLabel(entry)}\n${psqlSafe(source.entrySql(entry))}`)
  if (contents.server.encoding !== own) {
    text.unshift(`SET client_encoding = ${literal(contents.server.encoding)};\n`)
    text.push(`\nSET client_encoding = ${literal(own)};\n`)
  }
  return Buffer.from(text.join(''), 'latin1')
}

/** ASCII alone, since it stands among text of another encoding. */
function entryLabel(entry: SchemaEntry): string {
  return commentText(`${entry.type} ${entryName(entry)}`)
    .replaceAll(/[^ -~]/g, '?')
    .slice(0, 200)
}

/** Where and how the table's rows are loaded. `format` is what stands in parentheses besides the encoding. */
export function copyStatement(table: TableContents, contents: BackupContents, format: string): string {
  const into = table.loadVia ?? table
  const columns =
    table.columns.length === 0 ? '' : ` (${table.columns.map(({ name }) => ident(name)).join(', ')})`
  return `COPY ${qualified(into.schema, into.name)}${columns} FROM STDIN (${format}, ENCODING ${literal(contents.server.encoding)})`
}

/** Sets all sequences to the values they had. */
export function sequencePart({ sequences }: BackupContents): string {
  return statements(
    sequences.map(({ schema, name, lastValue, isCalled }) => {
      if (!/^-?\d+$/.test(lastValue))
        throw new HoldfastError('object_damaged', `${lastValue} is no sequence's value.`)
      return `SELECT pg_catalog.setval(${literal(qualified(schema, name))}, ${lastValue}, ${isCalled})`
    }),
  )
}

/** Makes the large objects and fills them, one transaction; nothing if there are none. */
export async function* largeObjectPart(source: ExportSource): AsyncGenerator<string, void, undefined> {
  const { objects } = source.contents.largeObjects
  if (objects.length === 0) return
  yield 'BEGIN;\n'
  for (const { oid, owner, acl, comment } of objects) {
    const id = wholeNumber(oid)
    const object = `LARGE OBJECT ${id}`
    const all = [`SELECT pg_catalog.lo_create(${id})`, `ALTER ${object} OWNER TO ${ident(owner)}`]
    if (acl !== null) {
      all.push(
        ...aclStatements({ objectSql: object, owner, acl, initial: defaultAcl('large object', owner) }),
      )
    }
    if (comment !== null) all.push(`COMMENT ON ${object} IS ${literal(comment)}`)
    yield statements(all)
  }
  for await (const pages of parseRows({ slabs: source.largeObjectPages(), columns: 3, decode: asBytes })) {
    yield statements(
      pages.map(([oid, page, data]) => {
        if (!/^\\x([0-9a-f]{2})*$/.test(data ?? ''))
          throw new HoldfastError('object_damaged', 'A large object has no bytes.')
        return `SELECT pg_catalog.lo_put(${wholeNumber(oid)}, ${wholeNumber(page)} * 2048::pg_catalog.int8, '${data}')`
      }),
    )
  }
  yield 'COMMIT;\n'
}

/** The server's roles with their passwords' verifiers, for a server that has none of them. To be run as a superuser. */
export function rolesScript(contents: BackupContents): string {
  const header = scriptHeader(contents, [
    'Roles of the server, for one that has none of them yet. Run as a superuser, before restore.sh.',
    'Holds the verifiers of their passwords: keep it to yourself.',
  ])
  return header + statements(allRoles(contents).statements)
}

/** How the database itself was made and set, and what roles have set in it. To be read, and run in parts. */
export function databaseScript(contents: BackupContents): string {
  const { database, server } = contents
  const plan = planDatabase({
    properties: database,
    targetName: database.name,
    target: {
      major: server.major,
      currentUser: '',
      tablespaces: new Set([database.tablespace]),
      refusedSettings: new Set(),
    },
    noOwner: false,
    noGrants: false,
  })
  const header = scriptHeader(contents, [
    'How the database itself was made. restore.sh does not run this: its first statement makes the database, before;',
    'the others give it its owner, grants and settings, after. Change the name if yours is another.',
  ])
  return header + statements([plan.create, ...plan.after, ...allRoles(contents).databaseStatements])
}

function allRoles({ roles, server, database }: BackupContents): RolePlan {
  const bootstrap = roles.filter((role) => role.bootstrap)
  const memberOf = roles.flatMap((role) => role.memberOf.map((membership) => membership.role))
  return planRoles({
    backup: roles,
    needed: 'all',
    sourceMajor: server.major,
    target: {
      major: server.major,
      database: database.name,
      roles: new Map(bootstrap.map((role) => [role.name, role])),
      builtIn: new Set(memberOf.filter((name) => name.startsWith('pg_'))),
      current: {
        name: bootstrap[0]?.name ?? 'postgres',
        superuser: true,
        createRole: true,
        createDatabase: true,
        replication: true,
        bypassRls: true,
        mayGrant: new Set(),
      },
      refusedSettings: new Set(),
    },
  })
}

/** Each on lines of its own, with its semicolon. */
export function statements(sql: readonly string[]): string {
  return sql.map((one) => `${one};\n`).join('')
}

function wholeNumber(value: string | number | null | undefined): string {
  if (!/^\d+$/.test(String(value)))
    throw new HoldfastError('object_damaged', 'The large objects are not numbered.')
  return String(value)
}
