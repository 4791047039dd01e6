import { HoldfastError } from '../lib/errors.ts'
import { anchorOf } from './crypto/anchor.ts'
import { isRecipient, publicKeyOfIdentity, unwrap, wrap, type Wrapping } from './crypto/age.ts'
import { requireLabel } from './format/fields.ts'
import { encodeVault } from './format/vault.ts'
import type { Recipient, Vault } from './types.ts'

/** Who is to be able to open the vault. With the secret at hand the owner key is anchored as well. */
export type NewRecipient =
  | { readonly kind: 'public-key'; readonly publicKey: string }
  | { readonly kind: 'identity'; readonly identity: string }
  | { readonly kind: 'passphrase'; readonly passphrase: string }

const shortestPassphrase = 8

/** A recipient with the vault encrypted to it. Throws `usage` for a key that is none or a passphrase that is too short. */
export async function newRecipient(options: {
  name: string
  recipient: NewRecipient
  vault: Vault
  repositoryId: string
  ownerKey: string
  added: Date
}): Promise<Recipient> {
  const { recipient, vault } = options
  const common = {
    name: requireLabel('The name of a recipient', options.name),
    added: options.added.toISOString(),
  }
  if (recipient.kind === 'passphrase') {
    requirePassphrase(recipient.passphrase)
    const sealed = await sealVault(vault, { passphrase: recipient.passphrase })
    return { ...common, kind: 'passphrase', publicKey: null, vault: sealed, anchor: null }
  }
  const publicKey =
    recipient.kind === 'identity' ? await publicKeyOfIdentity(recipient.identity) : recipient.publicKey
  if (publicKey === null || !(await isRecipient(publicKey))) {
    throw new HoldfastError('usage', `The recipient ${options.name} is not an age identity or public key`, {
      hint: 'A public key begins with age1 and is printed by age-keygen.',
    })
  }
  const sealed = await sealVault(vault, { publicKey })
  const anchor = recipient.kind === 'identity' ? anchorOf({ ...options, identity: recipient.identity }) : null
  return { ...common, kind: 'identity', publicKey, vault: sealed, anchor }
}

/**
 * The recipients with another vault. A passphrase recipient needs its passphrase again: throws `identity_missing`, before
 * anything was changed, if none of `passphrases` opens what it holds now.
 */
export async function rewrap(options: {
  recipients: readonly Recipient[]
  vault: Vault
  passphrases: readonly string[]
}): Promise<Recipient[]> {
  const rewrapped: Recipient[] = []
  for (const recipient of options.recipients) {
    const to: Wrapping =
      recipient.publicKey === null
        ? { passphrase: await passphraseOf(recipient, options.passphrases) }
        : { publicKey: recipient.publicKey }
    rewrapped.push({ ...recipient, vault: await sealVault(options.vault, to) })
  }
  return rewrapped
}

async function passphraseOf(recipient: Recipient, passphrases: readonly string[]): Promise<string> {
  const file = Buffer.from(recipient.vault, 'base64')
  for (const passphrase of passphrases) {
    if ((await unwrap(file, { passphrase })) !== null) return passphrase
  }
  throw new HoldfastError(
    'identity_missing',
    `New keys have to be encrypted for the recipient ${recipient.name}, which needs its passphrase; nothing was changed`,
    {
      hint: `Give the passphrase of ${recipient.name}, or remove that recipient.`,
      details: { recipient: recipient.name },
    },
  )
}

async function sealVault(vault: Vault, to: Wrapping): Promise<string> {
  return Buffer.from(await wrap(encodeVault(vault), to)).toString('base64')
}

function requirePassphrase(passphrase: string): void {
  if (passphrase.length >= shortestPassphrase) return
  throw new HoldfastError('usage', `A passphrase must have at least ${shortestPassphrase} characters`, {
    hint: 'Whoever copies the storage can try passphrases at leisure: take five or more random words.',
  })
}
