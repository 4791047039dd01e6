import { fromBase64url, toBase64url } from '../crypto/base64url.ts'
import type { Vault } from '../types.ts'
import { base64url32, shortId } from './fields.ts'
import { object, oneOf, record, text } from './shape.ts'
import { damaged, decodeJson } from './signed.ts'

interface VaultDocument {
  readonly format: 1
  readonly owner: string
  readonly naming: string
  readonly epochs: Readonly<Record<string, string>>
}

const epochSecret = /^AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}$/

const check = object<VaultDocument>({
  format: oneOf(1),
  owner: text(base64url32),
  naming: text(base64url32),
  epochs: record(shortId, text(epochSecret)),
})

/** The plain vault, ready to be encrypted. docs/FORMAT.md "Vault and anchor". */
export function encodeVault(vault: Vault): Uint8Array {
  const document: VaultDocument = {
    format: 1,
    owner: toBase64url(vault.ownerSeed),
    naming: toBase64url(vault.namingKey),
    epochs: Object.fromEntries(vault.epochs),
  }
  return new Uint8Array(Buffer.from(JSON.stringify(document)))
}

/** Reads a vault that was decrypted. `key`: the key set it was in, for messages, which never hold a part of it. */
export function decodeVault(key: string, plain: Uint8Array): Vault {
  const document = decodeJson(`the vault in ${key}`, plain, check)
  const ownerSeed = fromBase64url(document.owner, 32)
  const namingKey = fromBase64url(document.naming, 32)
  if (ownerSeed === null || namingKey === null) throw damaged(key, 'a key in the vault has a wrong length')
  return { ownerSeed, namingKey, epochs: new Map(Object.entries(document.epochs)) }
}
