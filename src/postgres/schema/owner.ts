import { HoldfastError } from '../../lib/errors.ts'
import { ident } from '../quote.ts'
import type { ArchiveEntry } from './archive.ts'

/** Objects that `ALTER kind name OWNER TO` names by their schema and tag. */
const named = new Set([
  'COLLATION',
  'CONVERSION',
  'DOMAIN',
  'EVENT TRIGGER',
  'FOREIGN DATA WRAPPER',
  'FOREIGN TABLE',
  'MATERIALIZED VIEW',
  'PROCEDURAL LANGUAGE',
  'PUBLICATION',
  'SCHEMA',
  'SEQUENCE',
  'SERVER',
  'STATISTICS',
  'SUBSCRIPTION',
  'TABLE',
  'TEXT SEARCH CONFIGURATION',
  'TEXT SEARCH DICTIONARY',
  'TYPE',
  'VIEW',
])

/** Objects whose full name, with its arguments, stands only in the statement that drops them. */
const namedByDrop = new Set([
  'AGGREGATE',
  'FUNCTION',
  'OPERATOR',
  'OPERATOR CLASS',
  'OPERATOR FAMILY',
  'PROCEDURE',
])

/** Objects that are noted with the owner of what they belong to, and have none of their own. */
const unowned = new Set([
  'CAST',
  'CHECK CONSTRAINT',
  'CONSTRAINT',
  'DEFAULT',
  'FK CONSTRAINT',
  'INDEX',
  'POLICY',
  'ROW SECURITY',
  'RULE',
  'TRIGGER',
  'USER MAPPING',
])

/**
 * The statement that gives an object to its owner, '' if it has none of its own. pg_dump leaves it to whoever reads
 * the archive. What can't be dropped by itself is not owned by itself.
 */
export function ownerStatement(entry: ArchiveEntry): string {
  if (entry.owner === '' || entry.drop === '' || unowned.has(entry.type)) return ''
  return `ALTER ${objectName(entry)} OWNER TO ${ident(entry.owner)};\n`
}

function objectName({ id, type, schema, tag, drop }: ArchiveEntry): string {
  if (named.has(type)) return `${type} ${schema === '' ? '' : `${ident(schema)}.`}${ident(tag)}`
  if (namedByDrop.has(type)) return drop.replace(/^DROP /, '').replace(/[;\n]+$/, '')
  throw new HoldfastError(
    'schema_dump_failed',
    `It is not known how ${type} ${tag} (entry ${id}) is given an owner.`,
  )
}
