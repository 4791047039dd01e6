import { ident } from '../../postgres/quote.ts'
import type { SchemaEntry } from '../../postgres/schema/entry.ts'
import { statements, unquoted } from '../../postgres/schema/words.ts'
import { tokensOf } from './read-sql.ts'
import type { Side } from './side.ts'

/** One right of one role, as pg_dump's statements give it. */
export interface Grant {
  /** Null: the owner's own, whoever that is. Else as SQL writes it: `PUBLIC`, or a name. */
  readonly grantee: string | null
  /** Who granted it, as SQL writes the name; null: the owner. */
  readonly grantor: string | null
  /** `SELECT`, or `SELECT(amount)` on a column. */
  readonly right: string
  /** True: the right to grant it on, which is beside the right itself. */
  readonly option: boolean
}

/** What is granted on one object, or by default. */
export interface GrantList {
  /** `ON TABLE shop.orders` */
  readonly on: string
  /** `ALTER DEFAULT PRIVILEGES FOR ROLE ...`, or ''. */
  readonly prefix: string
  readonly owner: string
  /** Rights that servers of this major do not know are left out. */
  readonly major: number
  readonly grants: ReadonlyMap<string, Grant>
}

const table = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN']
const sequence = ['SELECT', 'UPDATE', 'USAGE']
const rightsOf: readonly (readonly [kind: RegExp, rights: readonly string[], everybody: string | null])[] = [
  [/^TABLES?\b/, table, null],
  [/^SEQUENCES?\b/, sequence, null],
  [/^(FUNCTION|PROCEDURE|ROUTINE)S?\b/, ['EXECUTE'], 'EXECUTE'],
  [/^(TYPE|DOMAIN|LANGUAGE)S?\b/, ['USAGE'], 'USAGE'],
  [/^SCHEMA public$/, ['USAGE', 'CREATE'], 'USAGE'],
  [/^SCHEMAS?\b/, ['USAGE', 'CREATE'], null],
  [/^LARGE OBJECTS?\b/, ['SELECT', 'UPDATE'], null],
  [/^/, ['USAGE'], null],
]
const ofColumn = ['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']

/**
 * Reads the grants of an entry. pg_dump writes how they differ from what a new object has, so that is where reading begins.
 * `major`: of the server; what ALL means depends on it.
 */
export function grantsOf(entry: SchemaEntry, side: Side, major: number): GrantList {
  const parsed = parse(side.sql(entry))
  const { on, prefix } = parsed
  const owner = entry.owner ?? ''
  const grants = new Map<string, Grant>()
  const isDefaultInSchema = prefix.includes(' IN SCHEMA ')
  const isColumn = entry.name.startsWith('COLUMN ')
  if (!isDefaultInSchema && !isColumn) for (const g of initialGrants(on, major)) grants.set(keyOf(g), g)
  for (const one of parsed.statements) {
    const grantee = unquoted(one.grantee) === owner ? null : one.grantee
    for (const { right, column } of one.rights) {
      const names = right === 'ALL' ? known(column === '' ? allRights(on) : ofColumn, major) : [right]
      for (const name of names) {
        const plain = { grantee, grantor: one.grantor, right: name + column }
        if (one.grant) {
          grants.set(keyOf({ ...plain, option: false }), { ...plain, option: false })
          if (one.option) grants.set(keyOf({ ...plain, option: true }), { ...plain, option: true })
        } else {
          grants.delete(keyOf({ ...plain, option: true }))
          if (!one.option) grants.delete(keyOf({ ...plain, option: false }))
        }
      }
    }
  }
  return { on, prefix, owner, major, grants: forMajor(grants, major) }
}

/** What an object has that nobody has granted anything on. */
export function untouchedGrants(
  like: GrantList,
  o: { owner: string; column: boolean; major: number },
): GrantList {
  const bare = o.column || like.prefix.includes(' IN SCHEMA ')
  const grants = bare ? [] : initialGrants(like.on, o.major)
  return { ...like, owner: o.owner, major: o.major, grants: new Map(grants.map((g) => [keyOf(g), g])) }
}

function initialGrants(on: string, major: number): Grant[] {
  const own = { grantor: null, option: false }
  const everybody = rightsOf.find(([kind]) => kind.test(on))?.[2] ?? null
  return [
    ...known(allRights(on), major).map((right) => ({ ...own, grantee: null, right })),
    ...(everybody === null ? [] : [{ ...own, grantee: 'PUBLIC', right: everybody }]),
  ]
}

function allRights(on: string): readonly string[] {
  return rightsOf.find(([kind]) => kind.test(on))?.[1] ?? []
}

function known(rights: readonly string[], major: number): string[] {
  return rights.filter((right) => right !== 'MAINTAIN' || major >= 17)
}

function forMajor(grants: ReadonlyMap<string, Grant>, major: number): Map<string, Grant> {
  return new Map([...grants].filter(([, g]) => g.right !== 'MAINTAIN' || major >= 17))
}

/** Tells the rights on one object apart. */
export function keyOf(g: Grant): string {
  return JSON.stringify([g.grantee, g.grantor, g.right, g.option])
}

/** Grants of `a` that `b` has not. */
export function without(a: GrantList, b: GrantList): Grant[] {
  return [...a.grants].filter(([key]) => !b.grants.has(key)).map(([, grant]) => grant)
}

/**
 * Statements that give (or take) these, given in the order of a list; `list` says of what. pg_dump lists a grant behind the one that
 * gave its grantor the right to it, so what is taken goes the other way.
 */
export function grantStatements(
  list: Pick<GrantList, 'on' | 'prefix' | 'owner'>,
  grants: readonly Grant[],
  verb: 'GRANT' | 'REVOKE',
): string[] {
  const give = verb === 'GRANT'
  const ordered = give ? grants : [...grants].reverse()
  return ordered.map((g) => {
    const to = `${give ? 'TO' : 'FROM'} ${g.grantee ?? ident(list.owner)}`
    const option = g.option && !give ? 'GRANT OPTION FOR ' : ''
    const with_ = g.option && give ? ' WITH GRANT OPTION' : ''
    const sql = `${list.prefix}${verb} ${option}${g.right} ON ${list.on} ${to}${with_};`
    return g.grantor === null
      ? sql
      : `SET SESSION AUTHORIZATION ${g.grantor};\n${sql}\nRESET SESSION AUTHORIZATION;`
  })
}

/** In words for the preview. */
export function grantText(list: GrantList, others: GrantList): string {
  return grantStatements(list, without(list, others), 'GRANT').join('\n')
}

interface ParsedStatement {
  readonly grant: boolean
  /** WITH GRANT OPTION, or GRANT OPTION FOR. */
  readonly option: boolean
  readonly rights: readonly { readonly right: string; readonly column: string }[]
  readonly grantee: string
  readonly grantor: string | null
}

/** Reads the statements of one object: it is the same in all of them. */
function parse(sql: string): { on: string; prefix: string; statements: ParsedStatement[] } {
  let grantor: string | null = null
  let [on, prefix] = ['', '']
  const found: ParsedStatement[] = []
  for (const statement of statements(sql)) {
    const as = /^SET SESSION AUTHORIZATION ([^]*);\s*$/.exec(statement)
    if (as !== null) grantor = as[1] ?? null
    else if (statement.startsWith('RESET SESSION AUTHORIZATION')) grantor = null
    else {
      const tokens = tokensOf(statement).filter((t) => t.depth === 0)
      const at = (...words: string[]): (typeof tokens)[number] | undefined =>
        tokens.find((t) => words.includes(t.text))
      const verb = at('GRANT', 'REVOKE')
      const onWord = at('ON')
      const toWord = tokens.findLast((t) => t.text === 'TO' || t.text === 'FROM')
      const grantee = toWord === undefined ? undefined : tokens[tokens.indexOf(toWord) + 1]
      if (!verb || !onWord || !toWord || !grantee) continue
      const list = statement.slice(verb.end, onWord.start).trim()
      const rights = list.replace(/^GRANT OPTION FOR /, '')
      on = statement.slice(onWord.end, toWord.start).trim()
      prefix = statement.slice(0, verb.start)
      found.push({
        grant: verb.text === 'GRANT',
        option: rights !== list || /WITH GRANT OPTION;\s*$/.test(statement),
        rights: rightsIn(rights),
        grantee: grantee.text,
        grantor,
      })
    }
  }
  return { on, prefix, statements: found }
}

function rightsIn(list: string): { right: string; column: string }[] {
  const tokens = tokensOf(list)
  return tokens.flatMap((token, at) => {
    if (token.depth > 0 || !/^[A-Z]/.test(token.text)) return []
    const column = tokens[at + 1]?.text === '(' ? (tokens[at + 2]?.text ?? '') : ''
    return [{ right: token.text, column: column === '' ? '' : `(${column})` }]
  })
}
