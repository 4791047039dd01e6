import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto'
import { HoldfastError } from '../../lib/errors.ts'
import {
  base64,
  checkAgeHeader,
  damagedAge,
  decodeAgeHeader,
  encodeAgeHeader,
  fromBase64,
  type AgeStanza,
} from './age-header.ts'
import { openPayload, payloadNonceBytes, payloadSize, sealPayload } from './age-payload.ts'
import { privateKeyOf, publicKeyOf, rawPublicKey } from './x25519.ts'

/*
 * age v1 files (https://age-encryption.org/v1) for one X25519 recipient, whole in memory, on node:crypto: several times
 * faster than doing the same in JavaScript, and synchronous, as a worker thread wants it.
 */

const fileKeyBytes = 16
const tagBytes = 16
const wrapLabel = 'age-encryption.org/v1/X25519'
const zeroNonce = Buffer.alloc(12)

/** An age file that holds `plain` for the recipient with this public key (32 bytes), in an ArrayBuffer of its own. */
export function sealAge(plain: Uint8Array, recipientPublic: Uint8Array): Buffer<ArrayBuffer> {
  const fileKey = randomBytes(fileKeyBytes)
  const header = encodeAgeHeader([wrap(fileKey, recipientPublic)], fileKey)
  const file = Buffer.allocUnsafeSlow(header.length + payloadSize(plain.length))
  file.set(header, 0)
  sealPayload(plain, fileKey, randomBytes(payloadNonceBytes), file.subarray(header.length))
  return file
}

/**
 * What an age file holds, in an ArrayBuffer of its own. Throws `identity_wrong` if this identity (32 bytes) is not among its
 * recipients, `object_damaged` if the file is not, to the last bit, what was sealed.
 */
export function openAge(sealed: Uint8Array, identitySecret: Uint8Array): Buffer<ArrayBuffer> {
  const header = decodeAgeHeader(sealed)
  const secret = privateKeyOf(identitySecret)
  for (const stanza of header.stanzas) {
    const fileKey = stanza.type === 'X25519' ? unwrap(stanza, secret) : null
    if (fileKey === null) continue
    checkAgeHeader(header, fileKey)
    return openPayload(sealed.subarray(header.end), fileKey)
  }
  throw new HoldfastError('identity_wrong', 'The age file is not encrypted to this identity.')
}

function wrap(fileKey: Uint8Array, recipientPublic: Uint8Array): AgeStanza {
  const ephemeral = generateKeyPairSync('x25519')
  const share = rawPublicKey(ephemeral.publicKey)
  const shared = diffieHellman({ privateKey: ephemeral.privateKey, publicKey: publicKeyOf(recipientPublic) })
  const cipher = createCipheriv('chacha20-poly1305', wrappingKey(shared, share, recipientPublic), zeroNonce, {
    authTagLength: tagBytes,
  })
  const body = Buffer.concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()])
  return { type: 'X25519', args: [base64(share)], body }
}

/** The file key, or null if the stanza is for somebody else. */
function unwrap(stanza: AgeStanza, secret: KeyObject): Buffer | null {
  const share = stanza.args.length === 1 ? fromBase64(stanza.args[0] ?? '') : null
  if (share?.length !== 32 || stanza.body.length !== fileKeyBytes + tagBytes) {
    throw damagedAge('its header is malformed')
  }
  const key = wrappingKey(agree(secret, share), share, rawPublicKey(createPublicKey(secret)))
  const cipher = createDecipheriv('chacha20-poly1305', key, zeroNonce, { authTagLength: tagBytes })
  cipher.setAuthTag(stanza.body.subarray(fileKeyBytes))
  const fileKey = cipher.update(stanza.body.subarray(0, fileKeyBytes))
  try {
    cipher.final()
    return fileKey
  } catch {
    return null
  }
}

function agree(secret: KeyObject, share: Uint8Array): Buffer {
  try {
    return diffieHellman({ privateKey: secret, publicKey: publicKeyOf(share) })
  } catch {
    // OpenSSL refuses points of low order, as the specification demands.
    throw damagedAge('its header is malformed')
  }
}

function wrappingKey(shared: Uint8Array, share: Uint8Array, recipientPublic: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', shared, Buffer.concat([share, recipientPublic]), wrapLabel, 32))
}
