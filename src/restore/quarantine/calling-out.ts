import type { SchemaEntry } from '../../postgres/schema/entry.ts'
import { outerWords, unquoted } from '../../postgres/schema/words.ts'

/*
 * Which triggers call other systems, as far as their text tells: it names a function that does, in itself or through any number of other
 * functions. A name that several functions have is all of them, where the call does not say the schema: a trigger too many is off rather
 * than one too few.
 */

/** A call of pg_net, or of Supabase's function around it. */
const callsOut = /(?<![\w$])(?:net"?\s*\.\s*"?http_\w|supabase_functions"?\s*\.\s*"?http_request)/i

/** Functions of extensions that call other systems. They count where the backup has the extension: anybody may call a function so. */
const ofExtensions: Readonly<Record<string, readonly string[]>> = {
  http: ['http', 'http_get', 'http_post', 'http_put', 'http_patch', 'http_delete', 'http_head'],
  dblink: ['dblink', 'dblink_connect', 'dblink_connect_u', 'dblink_exec', 'dblink_open', 'dblink_send_query'],
}

interface Call {
  /** Null: the call does not say. */
  readonly schema: string | null
  readonly name: string
}

/** Something that calls functions, as its SQL says: one character per byte, whatever the encoding. */
interface Caller {
  readonly entry: SchemaEntry
  readonly sql: string
  readonly calls: readonly Call[]
}

/** Those of `triggers` that call other systems. */
export function callingOut(
  entries: readonly SchemaEntry[],
  triggers: readonly SchemaEntry[],
  sql: (entry: SchemaEntry) => string,
): Set<SchemaEntry> {
  const callerOf = (entry: SchemaEntry): Caller => ({ entry, sql: sql(entry), calls: callsIn(sql(entry)) })
  const routines = entries.filter((e) => e.type === 'FUNCTION' || e.type === 'PROCEDURE').map(callerOf)
  const callers = [...routines, ...triggers.map(callerOf)]
  const extensions = entries.filter((e) => e.type === 'EXTENSION')
  const known = new Set(extensions.flatMap((e) => ofExtensions[e.name] ?? []))
  const found = new Set(
    callers.filter((one) => callsOut.test(one.sql) || one.calls.some(({ name }) => known.has(name))),
  )
  const callersOf = calledBy(routines, callers)
  for (const one of found) for (const caller of callersOf.get(one) ?? []) found.add(caller)
  const calling = new Set([...found].map(({ entry }) => entry))
  return new Set(triggers.filter((trigger) => calling.has(trigger)))
}

/** Of each routine who calls it. */
function calledBy(routines: readonly Caller[], callers: readonly Caller[]): Map<Caller, Caller[]> {
  const byName = new Map<string, { readonly schema: string; readonly routine: Caller }[]>()
  for (const routine of routines) {
    const words = outerWords(routine.sql)
    const at = words.indexOf(routine.entry.type)
    const [schema = '', name = ''] = words.slice(at + 1, at + 3).map(unquoted)
    byName.set(name, [...(byName.get(name) ?? []), { schema, routine }])
  }
  const callersOf = new Map<Caller, Caller[]>()
  for (const caller of callers) {
    for (const call of caller.calls) {
      for (const { schema, routine } of byName.get(call.name) ?? []) {
        if (call.schema !== null && call.schema !== schema) continue
        callersOf.set(routine, [...(callersOf.get(routine) ?? []), caller])
      }
    }
  }
  return callersOf
}

/** Names have 63 bytes at most; a bound keeps a body of nothing but quotes from taking for ever. */
const nameText = String.raw`"(?:[^"]|""){1,63}"|[\w$\x80-\xff]{1,63}`
const call = new RegExp(String.raw`(?<![\w$\x80-\xff])(?:(${nameText})\s*\.\s*)?(${nameText})\s*\(`, 'g')

/** Everything that looks like a call, also in constants, which may be run, and in comments. */
function callsIn(sql: string): Call[] {
  return [...sql.matchAll(call)].map(([, schema, name = '']) => ({
    schema: schema === undefined ? null : folded(schema),
    name: folded(name),
  }))
}

/** A name as the server reads it where SQL was written by hand: without quotes it is in small letters. */
function folded(name: string): string {
  return name.startsWith('"') ? unquoted(name) : name.replace(/[A-Z]+/g, (part) => part.toLowerCase())
}
