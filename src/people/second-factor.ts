import { randomBytes } from 'node:crypto'
import type { Queries } from '../catalog/database.ts'
import type { Seal } from '../catalog/seal.ts'
import { HoldfastError } from '../lib/errors.ts'
import { hashOf } from './secret.ts'
import { base32, stepOf, totpAddress } from './totp.ts'

/** Codes of an app, asked for beside the password, and codes on paper for who has lost the app. */

const recoveryCodes = 10

const placeOf = (personId: string): string => `people/${personId}/totp`

interface Place {
  readonly queries: Queries
  readonly seal: Seal
  readonly personId: string
}

/**
 * Makes a secret for an app. It counts once `confirmSecondFactor` has seen a code of it, so that nobody shuts themselves out. Throws
 * `second_factor_on`.
 */
export async function setUpSecondFactor(o: Place): Promise<{ secret: string; url: string }> {
  const secret = randomBytes(20)
  const sealed = o.seal.seal(placeOf(o.personId), { secret: secret.toString('base64') })
  const [row] = await o.queries.query<{ email: string }>(
    'UPDATE holdfast.people SET totp = $2, totp_step = NULL WHERE id = $1 AND NOT totp_on RETURNING email',
    [o.personId, sealed],
  )
  if (row === undefined) throw new HoldfastError('second_factor_on', 'Codes are asked for already.')
  return { secret: base32(secret), url: totpAddress(secret, row.email) }
}

/** From now on codes are asked for. Resolves to the codes on paper, told now and never again. Throws `code_wrong`. */
export async function confirmSecondFactor(o: Place & { code: string; now: Date }): Promise<string[]> {
  if (!(await takeAppCode({ ...o, code: o.code.replaceAll(/\s/g, '') })))
    throw new HoldfastError('code_wrong', 'The code is not the one that the app shows now.')
  const on = await o.queries.query(
    'UPDATE holdfast.people SET totp_on = true, changed_at = pg_catalog.now() WHERE id = $1 AND NOT totp_on RETURNING id',
    [o.personId],
  )
  if (on.length === 0) throw new HoldfastError('second_factor_on', 'Codes are asked for already.')
  return await newRecoveryCodes(o)
}

/** New codes on paper; the old ones are worth nothing any more. Throws `second_factor_off`. */
export async function newRecoveryCodes({ queries, personId }: Omit<Place, 'seal'>): Promise<string[]> {
  const [on] = await queries.query('SELECT FROM holdfast.people WHERE id = $1 AND totp_on', [personId])
  if (on === undefined) throw new HoldfastError('second_factor_off', 'No codes are asked for.')
  const codes = Array.from({ length: recoveryCodes }, () => {
    const letters = base32(randomBytes(10)).toLowerCase()
    return letters.replaceAll(/(.{4})(?=.)/g, '$1-')
  })
  await queries.query('DELETE FROM holdfast.recovery_codes WHERE person_id = $1', [personId])
  await queries.query(
    'INSERT INTO holdfast.recovery_codes (person_id, hash) SELECT $1, h FROM pg_catalog.unnest($2::bytea[]) AS u (h)',
    [personId, codes.map((code) => hashOf(plain(code)))],
  )
  return codes
}

/** No codes are asked for any more. */
export async function dropSecondFactor({ queries, personId }: Omit<Place, 'seal'>): Promise<void> {
  await queries.query('DELETE FROM holdfast.recovery_codes WHERE person_id = $1', [personId])
  await queries.query(
    `UPDATE holdfast.people SET totp = NULL, totp_on = false, totp_step = NULL, changed_at = pg_catalog.now() WHERE id = $1`,
    [personId],
  )
}

/** Whether a code is right, of the app or on paper. It is used up by that: of two who send the same one, one is let in. */
export async function takeCode(o: Place & { code: string; now: Date }): Promise<boolean> {
  const code = o.code.replaceAll(/\s/g, '')
  return /^\d{6}$/.test(code)
    ? await takeAppCode({ ...o, code })
    : await takeRecoveryCode(o.queries, o.personId, code)
}

async function takeAppCode({
  queries,
  seal,
  personId,
  code,
  now,
}: Place & { code: string; now: Date }): Promise<boolean> {
  const [row] = await queries.query<{ totp: Buffer | null }>(
    'SELECT totp FROM holdfast.people WHERE id = $1',
    [personId],
  )
  if (row === undefined || row.totp === null) return false
  const { secret } = seal.open(placeOf(personId), row.totp)
  const step = stepOf(Buffer.from(String(secret), 'base64'), code, now)
  if (step === null) return false
  const taken = await queries.query(
    `UPDATE holdfast.people SET totp_step = $2 WHERE id = $1 AND totp = $3 AND (totp_step IS NULL OR totp_step < $2)
     RETURNING id`,
    [personId, step, row.totp],
  )
  return taken.length > 0
}

async function takeRecoveryCode({ query }: Queries, personId: string, code: string): Promise<boolean> {
  const used = await query(
    'DELETE FROM holdfast.recovery_codes WHERE person_id = $1 AND hash = $2 RETURNING person_id',
    [personId, hashOf(plain(code))],
  )
  return used.length > 0
}

/** As it was meant, however it was typed. */
function plain(code: string): string {
  return code.toLowerCase().replaceAll(/[^a-z2-7]/g, '')
}
