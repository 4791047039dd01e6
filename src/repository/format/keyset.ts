import { recipientPattern } from '../crypto/age.ts'
import type { Epoch, Host, Keyset, Recipient } from '../types.ts'
import { base64url32, keysetKey, labelCheck, shortId, timestamp } from './fields.ts'
import { integer, list, nullable, object, oneOf, text } from './shape.ts'
import { damaged, decodeJson, encodeSigned, forged, splitSigned, verifySigned } from './signed.ts'

/** Versions are written with 8 digits. */
export const highestVersion = 99_999_999

const base64 = /^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** Objects are sealed to X25519 keys only: every age program reads them. */
const epochKey = /^age1[02-9ac-hj-np-z]{58}$/

const epoch = object<Epoch>({ id: text(shortId), publicKey: text(epochKey), created: timestamp })

const recipient = object<Recipient>({
  name: labelCheck,
  kind: oneOf('identity', 'passphrase'),
  publicKey: nullable(text(recipientPattern)),
  added: timestamp,
  vault: text(base64),
  anchor: nullable(text(base64url32)),
})

const host = object<Host>({
  id: text(shortId),
  name: labelCheck,
  publicKey: text(base64url32),
  admitted: timestamp,
  revoked: nullable(
    object<NonNullable<Host['revoked']>>({ at: timestamp, accepts: list(text(/^[0-9a-f]{64}$/)) }),
  ),
})

const check = object<Keyset>({
  format: oneOf(1),
  version: integer(1, highestVersion),
  created: timestamp,
  ownerKey: text(base64url32),
  epochs: list(epoch),
  recipients: list(recipient),
  hosts: list(host),
})

export function encodeKeyset(keyset: Keyset, ownerSeed: Uint8Array): Uint8Array {
  requireConsistent(keysetKey(keyset.version), check(keyset, 'the key set'))
  return encodeSigned({ kind: 'keyset', value: keyset, signer: 'owner', seed: ownerSeed })
}

/** Reads the key set stored as `version`. Throws `manifest_forged`, `object_damaged`, `repository_too_new`. */
export function decodeKeyset(options: { version: number; ownerKey: string; bytes: Uint8Array }): Keyset {
  const key = keysetKey(options.version)
  const document = splitSigned(key, 'keyset', options.bytes)
  if (document.signer !== 'owner' || !verifySigned(document, options.ownerKey)) {
    throw forged(key, 'it was changed, or signed by someone else than the owner')
  }
  const keyset = decodeJson(key, document.json, check)
  if (keyset.version !== options.version) {
    throw damaged(key, `it holds version ${keyset.version}, so it was stored under another name`)
  }
  if (keyset.ownerKey !== options.ownerKey) throw forged(key, 'it names another owner')
  requireConsistent(key, keyset)
  return keyset
}

function requireConsistent(key: string, keyset: Keyset): void {
  if (keyset.epochs.length === 0 || keyset.recipients.length === 0) {
    throw damaged(key, 'it has no epoch or no recipient')
  }
  requireUnique(
    key,
    'epoch',
    keyset.epochs.map((entry) => entry.id),
  )
  requireUnique(
    key,
    'host',
    keyset.hosts.map((entry) => entry.id),
  )
  requireUnique(
    key,
    'recipient',
    keyset.recipients.map((entry) => entry.name),
  )
  for (const entry of keyset.recipients) {
    if ((entry.kind === 'identity') !== (entry.publicKey !== null)) {
      throw damaged(key, `the recipient ${entry.name} has a public key, or none, against its kind`)
    }
    if (entry.kind === 'passphrase' && entry.anchor !== null) {
      throw damaged(key, `the recipient ${entry.name} is a passphrase and has an anchor`)
    }
  }
}

function requireUnique(key: string, what: string, values: readonly string[]): void {
  if (new Set(values).size !== values.length) throw damaged(key, `a ${what} is in it twice`)
}
