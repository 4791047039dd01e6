import type { Database, Queries } from './database.ts'
import type { Seal } from './seal.ts'
import { placeOf } from './secrets.ts'

/** An answer as it was given. */
export interface StoredAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/**
 * What there is of a request with this key: `new`: nothing, and it is the caller's to do now. `done`: it was, and this was the answer. `other`: the
 * key is of another request. `busy`: it is being done. `unknown`: whoever was to do it has not told how it ended.
 */
export type Begun =
  | { readonly state: 'new' | 'other' | 'busy' | 'unknown' }
  | { readonly state: 'done'; readonly answer: StoredAnswer }

interface Keyed {
  readonly seal: Seal
  readonly subject: string
  readonly key: string
}

/** A request is over by then, done or not. */
const doneWithinSeconds = 120

/** Begins a request, unless it was begun. `request`: its hash. Of several at once one gets `new`. */
export async function beginAnswer(
  database: Database,
  o: Keyed & { readonly request: string },
): Promise<Begun> {
  const { seal, subject, key } = o
  const place = placeOf.answer(subject, key)
  return await database.transaction(async ({ query }) => {
    await query(`DELETE FROM holdfast.answers WHERE ctid IN (SELECT a.ctid FROM holdfast.answers AS a
      WHERE a.created_at < pg_catalog.now() - interval '24 hours' LIMIT 100 FOR UPDATE SKIP LOCKED)`)
    const made = await query(
      'INSERT INTO holdfast.answers (subject, key, request) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING key',
      [subject, key, seal.seal(place, { hash: o.request })],
    )
    if (made.length === 1) return { state: 'new' }
    const [row] = await query<{ request: Buffer; answer: Buffer | null; late: boolean }>(
      `SELECT request, answer, created_at < pg_catalog.now() - pg_catalog.make_interval(secs => $3) AS late
       FROM holdfast.answers WHERE subject = $1 AND key = $2`,
      [subject, key, doneWithinSeconds],
    )
    // It has ended in between, and nothing was done.
    if (row === undefined) return { state: 'busy' }
    if (seal.open(place, row.request)['hash'] !== o.request) return { state: 'other' }
    if (row.answer === null) return { state: row.late ? 'unknown' : 'busy' }
    // Sound because it was sealed as that, with our key.
    return { state: 'done', answer: seal.open(place, row.answer) as unknown as StoredAnswer }
  })
}

/** Keeps the answer to a request that was begun. Null: nothing was done, so it may be sent again. */
export async function endAnswer(
  { query }: Queries,
  o: Keyed & { readonly answer: StoredAnswer | null },
): Promise<void> {
  const { seal, subject, key, answer } = o
  if (answer === null) {
    await query('DELETE FROM holdfast.answers WHERE subject = $1 AND key = $2 AND answer IS NULL', [
      subject,
      key,
    ])
    return
  }
  await query('UPDATE holdfast.answers SET answer = $3 WHERE subject = $1 AND key = $2', [
    subject,
    key,
    seal.seal(placeOf.answer(subject, key), { ...answer }),
  ])
}
