import { HoldfastError } from '../lib/errors.ts'
import { identityPattern, publicKeyOfIdentity, unwrap } from './crypto/age.ts'

/** An identity and the public key that belongs to it. */
export interface Identity {
  /** `AGE-SECRET-KEY-1...` */
  readonly identity: string
  /** `age1...` */
  readonly publicKey: string
}

/** The text of an identity file, as age-keygen writes one, with what it opens. */
export function printIdentityFile(options: {
  identity: Identity
  created: Date
  repositoryId: string
  address: string
}): string {
  return [
    `# created: ${options.created.toISOString()}`,
    `# public key: ${options.identity.publicKey}`,
    `# repository: ${options.repositoryId} at ${oneLine(options.address)}`,
    options.identity.identity,
    '',
  ].join('\n')
}

const binaryHead = 'age-encryption.org/v1\n'
const armorHead = '-----BEGIN AGE ENCRYPTED FILE-----'

/** True if the file is itself encrypted, so that a passphrase is needed to read it. */
export function isEncryptedIdentityFile(file: string | Uint8Array): boolean {
  const start = asText(file)
  return start.startsWith(binaryHead) || start.trimStart().startsWith(armorHead)
}

/**
 * The identities in a file: age-keygen's format with comments, or that as an age file encrypted with a passphrase,
 * binary or armored. Throws `identity_missing` if a passphrase is needed and none is given, `identity_wrong` if it
 * does not open the file, `usage` if the file is no identity file.
 */
export async function readIdentityFile(file: string | Uint8Array, passphrase?: string): Promise<Identity[]> {
  return await parse(isEncryptedIdentityFile(file) ? await decrypt(file, passphrase) : asText(file))
}

async function decrypt(file: string | Uint8Array, passphrase: string | undefined): Promise<string> {
  if (passphrase === undefined) {
    throw new HoldfastError(
      'identity_missing',
      'The identity file is protected with a passphrase, and none was given',
      {
        hint: 'Set HOLDFAST_PASSPHRASE or pass --passphrase-file.',
      },
    )
  }
  const text = asText(file)
  let bytes: Uint8Array
  const { armor } = await import('age-encryption')
  try {
    bytes = text.startsWith(binaryHead) ? asBytes(file) : armor.decode(text)
  } catch {
    throw notAnIdentityFile()
  }
  const plain = await unwrap(bytes, { passphrase })
  if (plain === null)
    throw new HoldfastError('identity_wrong', 'The passphrase does not open the identity file')
  return asText(plain)
}

async function parse(text: string): Promise<Identity[]> {
  const identities: Identity[] = []
  for (const line of text.split(/\r?\n/)) {
    const entry = line.trim()
    if (entry === '' || entry.startsWith('#')) continue
    // The line is never quoted in a message: it may be a key with a typing error.
    const publicKey = identityPattern.test(entry) ? await publicKeyOfIdentity(entry) : null
    if (publicKey === null) throw notAnIdentityFile()
    identities.push({ identity: entry, publicKey })
  }
  if (identities.length === 0) throw notAnIdentityFile()
  return identities
}

function notAnIdentityFile(): HoldfastError {
  return new HoldfastError('usage', 'The identity file does not hold age identities (AGE-SECRET-KEY-1...)', {
    hint: 'Give the file that holdfast init or age-keygen wrote.',
  })
}

function asBytes(file: string | Uint8Array): Uint8Array {
  return typeof file === 'string' ? new Uint8Array(Buffer.from(file, 'latin1')) : file
}

function asText(file: string | Uint8Array): string {
  return typeof file === 'string'
    ? file
    : Buffer.from(file.buffer, file.byteOffset, file.byteLength).toString('utf8')
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ')
}
