import { argon2, randomBytes, timingSafeEqual, type Argon2Parameters } from 'node:crypto'
import { promisify } from 'node:util'
import { HoldfastError } from '../lib/errors.ts'
import { commonPasswords } from './common-passwords.ts'

const derive = promisify<'argon2id', Argon2Parameters, Buffer>(argon2)

/** What a password costs: KiB of memory, passes over it, lanes. */
interface Cost {
  readonly memory: number
  readonly passes: number
  readonly parallelism: number
}

/** The first choice of OWASP's Password Storage Cheat Sheet for where memory is short: 19 MiB, two passes, one lane. */
const cost: Cost = { memory: 19_456, passes: 2, parallelism: 1 }
const saltBytes = 16
const tagBytes = 32
const leastCharacters = 12

/** Throws `password_refused`. There are no rules of which characters must be in it: they make passwords worse. */
export function requirePassword(password: string, email: string): void {
  const plain = normal(password).toLowerCase()
  if ([...plain].length < leastCharacters)
    throw refused(`It has fewer than ${leastCharacters} characters: a few words in a row are long enough.`)
  if (plain === email || plain === email.split('@')[0]) throw refused('It is the e-mail address.')
  if (commonPasswords.has(plain) || new Set(plain).size < 4)
    throw refused('It is one of those that are tried first.')
}

function refused(why: string): HoldfastError {
  return new HoldfastError('password_refused', why)
}

/** A password that nobody has to think of, with more than 100 bits. */
export function generatePassword(): string {
  const letters = 'abcdefghijkmnpqrstuvwxyz23456789'
  const picked = [...randomBytes(24)].map((byte) => letters[byte % letters.length]).join('')
  return picked.replaceAll(/(.{6})(?=.)/g, '$1-')
}

/** The hash with all that it takes to compare with it, so that what it costs can be raised later. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes)
  const tag = await tagOf(password, salt, cost)
  const { memory, passes, parallelism } = cost
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${plain64(salt)}$${plain64(tag)}`
}

/** `outdated`: it costs less than it would today, so make it anew now that the password is at hand. */
export async function verifyPassword(
  password: string,
  stored: string,
): Promise<{ right: boolean; outdated: boolean }> {
  const [, , version, settings = '', salt = '', tag = ''] = stored.split('$')
  const [, memory, passes, parallelism] = /^m=(\d+),t=(\d+),p=(\d+)$/.exec(settings) ?? []
  if (version !== 'v=19' || parallelism === undefined)
    throw new HoldfastError('internal', 'A stored password is not as it should be.')
  const then = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) }
  const expected = Buffer.from(tag, 'base64')
  const right = timingSafeEqual(await tagOf(password, Buffer.from(salt, 'base64'), then), expected)
  return { right, outdated: then.memory < cost.memory || then.passes < cost.passes }
}

let nobodys: Promise<string> | undefined

/** A hash that no password has: comparing with it takes as long as with somebody's. */
export function nobodysPassword(): Promise<string> {
  return (nobodys ??= hashPassword(randomBytes(32).toString('hex')))
}

async function tagOf(
  password: string,
  nonce: Buffer,
  { memory, passes, parallelism }: Cost,
): Promise<Buffer> {
  const message = Buffer.from(normal(password))
  return await derive('argon2id', { message, nonce, memory, passes, parallelism, tagLength: tagBytes })
}

/** Keyboards write the same letters in several ways. */
function normal(password: string): string {
  return password.normalize('NFKC')
}

/** Base64 without padding, as is usual in such a hash. */
function plain64(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '')
}
