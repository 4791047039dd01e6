import { randomUUID, timingSafeEqual } from 'node:crypto'
import { HoldfastError } from '../lib/errors.ts'
import type { Database } from './database.ts'
import type { Seal } from './seal.ts'

export const downloadFormats = ['archive', 'folder', 'sql', 'csv', 'json'] as const

/** What somebody may download, once, until then. */
export interface Download {
  /** Of the link, not secret: what logs call it. */
  readonly id: string
  readonly backup: string
  readonly repositoryId: string
  readonly sourceId: string | null
  readonly format: (typeof downloadFormats)[number]
  /** Patterns and names as `export` takes them; all empty: everything. */
  readonly tables: readonly string[]
  readonly schemas: readonly string[]
  readonly modules: readonly string[]
  /** Who asked for it. */
  readonly subject: string
  /** By which session; null: by a key, or a token of a provider. */
  readonly session: string | null
  /** ISO 8601 in UTC, by the catalog's clock. */
  readonly expiresAt: string
}

const purpose = 'download link 1'
const lifeMs = 10 * 60_000

/** The secret part of a link: what it is for, signed. Who has it can download, whoever it is. */
export function downloadToken(
  seal: Seal,
  now: Date,
  about: Omit<Download, 'id' | 'expiresAt'>,
): { readonly token: string; readonly download: Download } {
  const expiresAt = new Date(now.getTime() + lifeMs).toISOString()
  const download = { ...about, id: randomUUID(), expiresAt }
  const body = Buffer.from(JSON.stringify(download)).toString('base64url')
  return { token: `${body}.${seal.sign(purpose, body).toString('base64url')}`, download }
}

/** What a link is for. Throws `download_refused` for one that this service has not given out, or that has expired. */
export function readToken(seal: Seal, now: Date, token: string): Download {
  const [body = '', given = ''] = token.split('.')
  const signature = Buffer.from(given, 'base64url')
  const expected = seal.sign(purpose, body)
  if (signature.length !== expected.length || !timingSafeEqual(signature, expected))
    throw new HoldfastError('download_refused', 'This is no link of this service.')
  // Sound because nobody else can sign: this very service has made it.
  const download = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as Download
  if (Date.parse(download.expiresAt) > now.getTime()) return download
  throw new HoldfastError('download_refused', 'The link has expired.')
}

/** Takes a link for used. Throws `download_refused` if it was used before, by whatever process. */
export async function useDownload(database: Database, { id, expiresAt }: Download): Promise<void> {
  await database.query('DELETE FROM holdfast.download_uses WHERE expires_at < pg_catalog.now()')
  const added = await database.query(
    'INSERT INTO holdfast.download_uses (id, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id',
    [id, expiresAt],
  )
  if (added.length === 0) throw new HoldfastError('download_refused', 'The link was used before.')
}

/** Throws `download_refused` if who asked for it may not come in any more: a link is no way to go on after that. */
export async function requireGiver(
  { query }: Pick<Database, 'query'>,
  { subject, session }: Pick<Download, 'subject' | 'session'>,
): Promise<void> {
  const [kind, id = ''] = subject.split(':')
  const there =
    kind === 'key'
      ? await query(
          `SELECT FROM holdfast.api_keys WHERE id = $1 AND revoked_at IS NULL
             AND (expires_at IS NULL OR expires_at > pg_catalog.now())`,
          [id],
        )
      : await query(
          `SELECT FROM holdfast.people AS p WHERE p.id = $1 AND p.active AND ($2::uuid IS NULL
             OR EXISTS (SELECT FROM holdfast.sessions AS s WHERE s.id = $2 AND s.person_id = p.id AND s.expires_at > pg_catalog.now()))`,
          [id, session],
        )
  if (there.length === 0)
    throw new HoldfastError('download_refused', 'The key or session that made the link is over.')
}
