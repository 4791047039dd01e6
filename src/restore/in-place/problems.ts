import { tableLabel } from '../../postgres/introspect/tables.ts'
import { ident, literal } from '../../postgres/quote.ts'
import { sentence } from '../sentences.ts'
import type { Sentence } from '../../lib/sentence.ts'
import type { Wire } from '../../postgres/wire.ts'
import type { LiveForeignKey } from './live.ts'
import { storedOf } from './names.ts'
import { unreadableKeys, type KeyRights } from './rights.ts'
import type { Role } from './role.ts'
import { whyNotSilenced } from './silence.ts'
import type { Actions, InPlaceOptions, Unit } from './types.ts'

/** The server's queries return 1,664 at most: a sample shows three for each that is compared, and a table of changes holds two. */
const mostColumns = 550

/** What stands in the way, found before a row is read. Each with what to do. */
export function problemsOf(o: {
  units: readonly Unit[]
  options: Pick<InPlaceOptions, 'actions' | 'keepNewer'>
  role: Role
  foreignKeys: readonly LiveForeignKey[]
  rights: ReadonlyMap<number, KeyRights>
}): Sentence[] {
  const { units, options } = o
  return [
    ...units.flatMap((unit) => rightsLacking(unit, options.actions)),
    ...units.flatMap((unit) => notNullAdded(unit, options.actions)),
    ...units.flatMap(tooWide),
    ...whyNotSilenced(
      units.map((u) => u.live),
      o.role,
    ),
    ...unreadableKeys({ ...o, actions: options.actions }),
    ...keepNewerUnknown(units, options.keepNewer),
  ]
}

/** What stands in the way of any restore in place, whatever the tables. */
export async function problemsOfDatabase(wire: Wire): Promise<Sentence[]> {
  const [row] = await wire.query(
    `SELECT pg_catalog.current_database(), current_user, pg_catalog.pg_is_in_recovery(),
       pg_catalog.has_database_privilege(pg_catalog.current_database(), 'TEMPORARY')`,
  )
  const [database, role, standby, temporary] = row ?? []
  return [
    ...(standby === 't'
      ? [sentence('standby', {}, 'The target is a standby: restore into its primary.')]
      : []),
    ...(temporary === 't'
      ? []
      : [
          sentence(
            'temporary_refused',
            { database: ident(database ?? ''), role: ident(role ?? '') },
            `The role may not make temporary tables, in which rows are compared: GRANT TEMPORARY ON DATABASE ${ident(database ?? '')} TO ${ident(role ?? '')}.`,
          ),
        ]),
  ]
}

/** What keeps tables from being made that the target lacks. */
export async function problemsOfMaking(
  wire: Wire,
  missing: readonly { readonly schema: string; readonly name: string }[],
  { newIds, where }: Pick<InPlaceOptions, 'newIds' | 'where'>,
): Promise<Sentence[]> {
  const names = literal(JSON.stringify(missing.map(({ schema, name }) => [schema, name])))
  const others = await wire.query(
    `SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_catalog.json_array_elements(${names}::pg_catalog.json) w ON n.nspname = w->>0 AND c.relname = w->>1 ORDER BY 1, 2`,
  )
  return [
    ...others.map(([schema, name]) =>
      sentence(
        'no_table_by_now',
        { table: `${schema}.${name}` },
        `${schema}.${name} is no table in the target by now, but something else: leave it out with --exclude-table, or rename what is there.`,
      ),
    ),
    ...(newIds ? missing : []).map((t) =>
      sentence(
        'no_table_for_copies',
        { table: tableLabel(t) },
        `The target has no table ${tableLabel(t)}: restore it without --new-ids, and its rows are what they were.`,
      ),
    ),
    ...(where !== null && !newIds ? missing : []).map((t) =>
      sentence(
        'no_table_for_condition',
        { table: tableLabel(t) },
        `The target has no table ${tableLabel(t)}. It would be made with all its rows, and not only with those that meet the condition: restore it without --where.`,
      ),
    ),
  ]
}

/** Rights that the role needs to do this to the unit's table, and lacks. */
export function rightsLacking({ live }: Pick<Unit, 'live'>, actions: Actions): Sentence[] {
  const { rights } = live
  const lacking = [
    ...(rights.schema ? [] : ['USAGE of the schema']),
    ...(rights.select ? [] : ['SELECT']),
    ...(actions.create && !rights.insert ? ['INSERT'] : []),
    ...(actions.delete && !rights.delete ? ['DELETE'] : []),
    // Rows can't be locked without it, nor others be kept from inserting meanwhile.
    ...(rights.update ? [] : ['UPDATE']),
  ]
  const table = tableLabel(live)
  return [
    ...(lacking.length > 0
      ? [
          sentence(
            'rights_lacking',
            { rights: lacking, table },
            `The role lacks ${lacking.join(', ')} on ${table}.`,
          ),
        ]
      : []),
    ...(live.restricted
      ? [
          sentence(
            'rows_hidden',
            { table },
            `Row level security hides rows of ${table} from this role: restore as a role that bypasses it.`,
          ),
        ]
      : []),
  ]
}

function notNullAdded(unit: Unit, actions: Actions): Sentence[] {
  const added = new Set(unit.added)
  const columns = unit.live.columns.filter((c) => added.has(c.name) && c.notNull && !c.hasDefault)
  if (!actions.create || columns.length === 0) return []
  const [table, names] = [tableLabel(unit.live), columns.map((c) => c.name)]
  return [
    sentence(
      'columns_need_value',
      { table, columns: names },
      `${table} has new columns that need a value and have no default: ${names.join(', ')}. Give them a default for the time of the restore.`,
    ),
  ]
}

/** Both sides of a change stand in one row of a temporary table. */
function tooWide(unit: Unit): Sentence[] {
  const stored = storedOf(unit).length
  if (stored <= mostColumns) return []
  return [
    sentence(
      'too_wide',
      { table: tableLabel(unit.live), count: stored, most: mostColumns },
      `${tableLabel(unit.live)} has ${stored} columns, and rows of at most ${mostColumns} can be compared.`,
    ),
  ]
}

function keepNewerUnknown(units: readonly Unit[], column: string | null): Sentence[] {
  if (column === null) return []
  const without = units.filter((u) => !u.shared.includes(column)).map((u) => tableLabel(u.live))
  return without.length === 0
    ? []
    : [
        sentence(
          'keep_newer_unknown',
          { column, tables: without },
          `There is no column ${column} to tell what is newer in ${without.join(', ')}.`,
        ),
      ]
}
