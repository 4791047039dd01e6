import type { Queries } from '../catalog/database.ts'
import type { Role } from '../catalog/permissions.ts'
import { iso } from '../catalog/rows.ts'
import { HoldfastError, isHoldfastError } from '../lib/errors.ts'

export const languages = ['en', 'ar'] as const
export type Language = (typeof languages)[number]
export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

/** Somebody with an account, as others may see them. */
export interface Person {
  readonly id: string
  readonly email: string
  readonly name: string
  readonly role: Role
  /** Names of the sources that a tenant_admin is bound to. */
  readonly sources: readonly string[]
  readonly active: boolean
  /** Has never chosen a password: was invited, and has not come. */
  readonly invited: boolean
  /** Codes are asked for at sign-in. */
  readonly totp: boolean
  readonly language: Language
  readonly theme: Theme
  /** They have chosen language and theme themselves. */
  readonly wished: boolean
  readonly createdAt: string
  readonly changedAt: string
  readonly signedInAt: string | null
}

interface Row extends Record<string, unknown> {
  readonly id: string
  readonly email: string
  readonly name: string
  readonly role: Role
  readonly source_names: string[]
  readonly active: boolean
  readonly invited: boolean
  readonly totp_on: boolean
  readonly language: Language
  readonly theme: Theme
  readonly wished: boolean
  readonly created_at: Date
  readonly changed_at: Date
  readonly signed_in_at: Date | null
}

const columns = `id, email, name, role, active, password_at IS NULL AS invited, totp_on, language, theme, wished, created_at, changed_at,
  signed_in_at, ARRAY(SELECT s.name FROM holdfast.sources AS s WHERE s.id = ANY (people.sources) ORDER BY s.name) AS source_names`

function toPerson(row: Row): Person {
  const { id, email, name, role, active, invited, language, theme, wished } = row
  return {
    id,
    email,
    name,
    role,
    sources: row.source_names,
    active,
    invited,
    totp: row.totp_on,
    language,
    theme,
    wished,
    createdAt: iso(row.created_at),
    changedAt: iso(row.changed_at),
    signedInAt: iso(row.signed_in_at),
  }
}

/** The one spelling under which an address is known. Throws `request_invalid` if it is none, or has other letters than ASCII. */
export function emailOf(text: string): string {
  const email = text.trim().toLowerCase()
  // Looked at as it was given, too: the Kelvin sign becomes a plain k when it is made lower case.
  if (email.length <= 320 && /^[!-~]+@[!-~]+$/.test(email) && /^[ -~]+$/.test(text)) return email
  throw new HoldfastError('request_invalid', 'An e-mail address looks like name@example.com, in ASCII.')
}

/** By their addresses. */
export async function listPeople({ query }: Queries): Promise<Person[]> {
  return (await query<Row>(`SELECT ${columns} FROM holdfast.people ORDER BY email`)).map(toPerson)
}

export async function findPerson({ query }: Queries, id: string): Promise<Person | null> {
  const [row] = await query<Row>(`SELECT ${columns} FROM holdfast.people WHERE id = $1`, [id])
  return row === undefined ? null : toPerson(row)
}

export interface NewPerson {
  /** As `emailOf` has it. */
  readonly email: string
  readonly name: string
  readonly role: Role
  /** Ids. */
  readonly sources: readonly string[]
}

/** Adds somebody who can't sign in yet. Throws `catalog_failed` if the address is taken: see `isTaken`. */
export async function addPerson({ query }: Queries, o: NewPerson): Promise<Person> {
  const [row] = await query<Row>(
    `INSERT INTO holdfast.people (email, name, role, sources) VALUES ($1, $2, $3, $4) RETURNING ${columns}`,
    [o.email, o.name, o.role, o.sources],
  )
  if (row === undefined) throw new TypeError('INSERT has no row')
  return toPerson(row)
}

export interface PersonChange {
  readonly email?: string | undefined
  readonly name?: string | undefined
  readonly role?: Role | undefined
  readonly sources?: readonly string[] | undefined
  readonly active?: boolean | undefined
  readonly language?: Language | undefined
  readonly theme?: Theme | undefined
}

/** What is left out stays. Another role, other sources and no more being active end their sessions. Throws `last_administrator`. */
export async function changePerson({ query }: Queries, id: string, o: PersonChange): Promise<Person | null> {
  const [row] = await keepingAdministrator(() =>
    query<Row>(
      `UPDATE holdfast.people SET email = coalesce($2, email), name = coalesce($3, name), role = coalesce($4, role),
         sources = coalesce($5, sources), active = coalesce($6, active), language = coalesce($7, language),
         theme = coalesce($8, theme), wished = wished OR $7 IS NOT NULL OR $8 IS NOT NULL, changed_at = pg_catalog.now()
       WHERE id = $1 RETURNING ${columns}`,
      [id, o.email, o.name, o.role, o.sources, o.active, o.language, o.theme].map((value) => value ?? null),
    ),
  )
  return row === undefined ? null : toPerson(row)
}

/** False if there was nobody. Throws `last_administrator`. */
export async function removePerson({ query }: Queries, id: string): Promise<boolean> {
  const removed = await keepingAdministrator(() =>
    query('DELETE FROM holdfast.people WHERE id = $1 RETURNING id', [id]),
  )
  return removed.length > 0
}

/** The catalog itself refuses to lose its last administrator; this gives its answer our code. */
async function keepingAdministrator<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isHoldfastError(error, 'catalog_failed') || error.details['sqlstate'] !== 'HF001') throw error
    throw new HoldfastError('last_administrator', 'Nobody else could administer this service.', {
      cause: error,
    })
  }
}
