import { signingSeedOf } from '../hostfile.ts'
import type { Host, HostCredentials } from '../types.ts'
import { backupId, labelCheck, shortId, timestamp } from './fields.ts'
import { object, oneOf, text } from './shape.ts'
import { damaged, decodeJson, encodeSigned, forged, splitSigned, verifySigned } from './signed.ts'

/** That a backup is to be kept, and why. In the clear. docs/FORMAT.md "Pins". */
export interface Pin {
  readonly format: 1
  readonly backup: string
  /** Of the shape of a backup's id: when it was pinned, and 4 random bytes. */
  readonly pin: string
  /** ISO 8601, UTC, by the clock of the machine that pinned it. */
  readonly when: string
  readonly reason: string
  /** Who pinned it, and where: `ada at laptop`. */
  readonly who: string
  /** Id of the host that signed this. */
  readonly host: string
}

export const pinPrefix = 'pins/'

export const pinKey = ({ backup, pin }: Pick<Pin, 'backup' | 'pin'>): string => `${pinPrefix}${backup}/${pin}`

const check = object<Pin>({
  format: oneOf(1),
  backup: text(backupId),
  pin: text(backupId),
  when: timestamp,
  reason: labelCheck,
  who: labelCheck,
  host: text(shortId),
})

export function encodePin(pin: Pin, credentials: HostCredentials): Uint8Array {
  const value = check(pin, 'the pin')
  return encodeSigned({ kind: 'pin', value, signer: credentials.host, seed: signingSeedOf(credentials) })
}

/** Reads the pin stored under `key`. Throws `manifest_forged`, `object_damaged`, `repository_too_new`. */
export function decodePin(o: { key: string; hosts: readonly Host[]; bytes: Uint8Array }): Pin {
  const { key, hosts } = o
  const document = splitSigned(key, 'pin', o.bytes)
  const host = hosts.find(({ id }) => id === document.signer)
  if (host === undefined || !verifySigned(document, host.publicKey)) {
    throw forged(key, 'it was changed, or signed by no host of this repository')
  }
  const pin = decodeJson(key, document.json, check)
  if (pin.host !== document.signer) throw forged(key, 'it names another host than the one that signed it')
  if (pinKey(pin) !== key)
    throw damaged(key, `it is a pin of ${pin.backup}, so it was stored under another name`)
  return pin
}
