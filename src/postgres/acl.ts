import { HoldfastError } from '../lib/errors.ts'
import { ident } from './quote.ts'

/** One entry of an access control list: what `grantor` has granted to `grantee`. */
export interface AclItem {
  /** '' is PUBLIC. */
  readonly grantee: string
  /** Privilege letters as in aclitem texts, e.g. `rw`. */
  readonly privileges: string
  /** Those of `privileges` that the grantee may grant on. */
  readonly grantable: string
  readonly grantor: string
}

const words: Readonly<Record<string, string>> = {
  a: 'INSERT',
  r: 'SELECT',
  w: 'UPDATE',
  d: 'DELETE',
  D: 'TRUNCATE',
  x: 'REFERENCES',
  t: 'TRIGGER',
  X: 'EXECUTE',
  U: 'USAGE',
  C: 'CREATE',
  T: 'TEMPORARY',
  c: 'CONNECT',
  s: 'SET',
  A: 'ALTER SYSTEM',
  m: 'MAINTAIN',
}

/** The letters an aclitem can hold. */
export const privilegeLetters: readonly string[] = Object.keys(words)

/** Reads an aclitem as the server prints it, e.g. `"my role"=r*w/postgres`. Throws on anything else. */
export function parseAclItem(text: string): AclItem {
  const grantee = readName(text, 0)
  if (text[grantee.end] !== '=') throw new HoldfastError('internal', `not an aclitem: ${text}`)
  let privileges = ''
  let grantable = ''
  let at = grantee.end + 1
  for (; at < text.length && text[at] !== '/'; at++) {
    const letter = text.charAt(at)
    if (words[letter] === undefined)
      throw new HoldfastError('internal', `unknown privilege ${letter} in aclitem: ${text}`)
    privileges += letter
    if (text[at + 1] === '*') {
      grantable += letter
      at++
    }
  }
  const grantor = readName(text, at + 1)
  if (at >= text.length || grantor.end !== text.length || grantor.name === '') {
    throw new HoldfastError('internal', `not an aclitem: ${text}`)
  }
  return { grantee: grantee.name, privileges, grantable, grantor: grantor.name }
}

/** The inverse of `parseAclItem`. */
export function printAclItem(item: AclItem): string {
  const letters = [...item.privileges].map((letter) =>
    item.grantable.includes(letter) ? `${letter}*` : letter,
  )
  return `${printName(item.grantee)}=${letters.join('')}/${printName(item.grantor)}`
}

/** Every role an access control list names. */
export function aclRoles(acl: readonly string[] | null): Set<string> {
  const roles = (acl ?? []).map(parseAclItem).flatMap((item) => [item.grantee, item.grantor])
  return new Set(roles.filter((role) => role !== ''))
}

/** The list as it is after ALTER ... OWNER TO `to` of an object that `from` owned. */
export function withOwner(acl: readonly string[], from: string, to: string): string[] {
  const rename = (role: string): string => (role === from ? to : role)
  const items = acl.map(parseAclItem)
  return merge(
    items.map((item) => ({ ...item, grantee: rename(item.grantee), grantor: rename(item.grantor) })),
  ).map(printAclItem)
}

/** What the server gives a new database, large object or schema of this owner. */
export function defaultAcl(kind: 'database' | 'large object' | 'schema', owner: string): string[] {
  const item = { grantable: '', grantor: owner }
  if (kind === 'schema') return [printAclItem({ ...item, grantee: owner, privileges: 'UC' })]
  return kind === 'database'
    ? [
        { ...item, grantee: '', privileges: 'Tc' },
        { ...item, grantee: owner, privileges: 'CTc' },
      ].map(printAclItem)
    : [printAclItem({ ...item, grantee: owner, privileges: 'rw' })]
}

/**
 * The statements that take an object from the list `initial` to the list `acl`, to be run as a superuser or a member
 * of the owner. What others than the owner have granted is granted under SET ROLE, since GRANT records who ran it;
 * grants come after those that give their grantor the right to them. `initial` holds grants by the owner only, as
 * those of a new object are.
 */
export function aclStatements(options: {
  /** e.g. `DATABASE "x"`, `LARGE OBJECT 123`. */
  readonly objectSql: string
  readonly owner: string
  readonly acl: readonly string[]
  readonly initial: readonly string[]
}): string[] {
  const { objectSql, owner } = options
  const have = merge(options.initial.map(parseAclItem))
  const want = merge(options.acl.map(parseAclItem))
  const revokes: string[] = []
  const kept = new Map<string, AclItem>()
  for (const item of have) {
    const goal = want.find((w) => keyOf(w) === keyOf(item))
    const stays = letters(item.privileges, (l) => goal?.privileges.includes(l) === true)
    const staysGrantable = letters(item.grantable, (l) => goal?.grantable.includes(l) === true)
    const gone = letters(item.privileges, (l) => !stays.includes(l))
    const narrowed = letters(item.grantable, (l) => stays.includes(l) && !staysGrantable.includes(l))
    const from = `ON ${objectSql} FROM ${roleSql(item.grantee)}`
    if (gone !== '') revokes.push(`REVOKE ${list(gone)} ${from}`)
    if (narrowed !== '') revokes.push(`REVOKE GRANT OPTION FOR ${list(narrowed)} ${from}`)
    kept.set(keyOf(item), { ...item, privileges: stays, grantable: staysGrantable })
  }

  const grants: string[] = []
  const held = [...kept.values()]
  let waiting = want
  while (waiting.length > 0) {
    const ready = waiting.filter(
      (item) =>
        item.grantor === owner ||
        [...item.privileges].every((l) =>
          held.some((h) => h.grantee === item.grantor && h.grantable.includes(l)),
        ),
    )
    // A list in which nobody gave the grantor the right cannot be made by anyone: the owner grants instead.
    const step = ready.length > 0 ? ready : waiting.map((item) => ({ ...item, grantor: owner }))
    for (const item of step) {
      const statements = grantStatements(objectSql, item, kept.get(keyOf(item)))
      grants.push(...(item.grantor === owner ? statements : asRole(item.grantor, statements)))
      held.push(item)
    }
    waiting = ready.length > 0 ? waiting.filter((item) => !ready.includes(item)) : []
  }
  return [...revokes, ...grants]
}

function grantStatements(objectSql: string, item: AclItem, kept: AclItem | undefined): string[] {
  const grantable = letters(item.grantable, (l) => kept?.grantable.includes(l) !== true)
  const plain = letters(
    item.privileges,
    (l) => !item.grantable.includes(l) && kept?.privileges.includes(l) !== true,
  )
  const to = `ON ${objectSql} TO ${roleSql(item.grantee)}`
  const statements: string[] = []
  if (plain !== '') statements.push(`GRANT ${list(plain)} ${to}`)
  if (grantable !== '') statements.push(`GRANT ${list(grantable)} ${to} WITH GRANT OPTION`)
  return statements
}

function asRole(role: string, statements: readonly string[]): string[] {
  return statements.length === 0 ? [] : [`SET ROLE ${ident(role)}`, ...statements, 'RESET ROLE']
}

function merge(items: readonly AclItem[]): AclItem[] {
  const merged = new Map<string, AclItem>()
  for (const item of items) {
    const other = merged.get(keyOf(item))
    merged.set(keyOf(item), {
      ...item,
      privileges: union(other?.privileges ?? '', item.privileges),
      grantable: union(other?.grantable ?? '', item.grantable),
    })
  }
  return [...merged.values()]
}

const keyOf = (item: AclItem): string => JSON.stringify([item.grantee, item.grantor])
const roleSql = (role: string): string => (role === '' ? 'PUBLIC' : ident(role))
const list = (privileges: string): string => [...privileges].map((letter) => words[letter]).join(', ')
const letters = (text: string, keep: (letter: string) => boolean): string => [...text].filter(keep).join('')
const union = (a: string, b: string): string => a + letters(b, (letter) => !a.includes(letter))

function printName(name: string): string {
  return /^[a-zA-Z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}

/** A name of an aclitem: a quotation mark begins and ends quoting anywhere in it, and is doubled to mean itself. */
function readName(text: string, from: number): { name: string; end: number } {
  let name = ''
  let quoted = false
  let at = from
  for (; at < text.length; at++) {
    const c = text.charAt(at)
    if (c === '"' && quoted && text[at + 1] === '"') {
      name += '"'
      at++
    } else if (c === '"') {
      quoted = !quoted
    } else if (!quoted && (c === '=' || c === '/')) {
      break
    } else {
      name += c
    }
  }
  if (quoted) throw new HoldfastError('internal', `not an aclitem: ${text}`)
  return { name, end: at }
}
