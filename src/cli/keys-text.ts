import type { Repository } from '../repository/types.ts'
import type { CommandContext } from './command.ts'
import { formatWhen } from './format.ts'

/** Who can open a repository and who can write to it, as it is shown. Times are ISO 8601. */
export interface ShownKeys {
  /** Its name or id, and where it is. */
  readonly repository: string
  readonly ownerKey: string
  readonly ownerConfirmed: boolean
  readonly recipients: readonly {
    readonly name: string
    /** Null: a passphrase. */
    readonly publicKey: string | null
    readonly added: string
    /** It has kept the owner's key. */
    readonly confirmed: boolean
  }[]
  readonly hosts: readonly {
    readonly name: string
    readonly id: string
    readonly admitted: string
    readonly revokedAt: string | null
  }[]
  readonly epochs: readonly { readonly id: string; readonly created: string; readonly publicKey: string }[]
}

export function tellKeys({ out, clock }: Pick<CommandContext, 'out' | 'clock'>, keys: ShownKeys): void {
  const when = (moment: string): string => formatWhen(new Date(moment), clock.now())
  out.line(`Repository  ${keys.repository}`)
  out.line(`Owner key   ${keys.ownerKey}${keys.ownerConfirmed ? '' : '  (not confirmed)'}`)
  out.line()
  out.table(
    [
      { title: 'RECIPIENT' },
      { title: 'OPENS WITH', min: 20 },
      { title: 'ADDED', min: 16 },
      { title: 'OWNER' },
    ],
    keys.recipients.map(({ name, publicKey, added, confirmed }) => [
      name,
      publicKey ?? 'a passphrase',
      when(added),
      confirmed ? 'confirmed' : 'not confirmed',
    ]),
  )
  out.line()
  out.table(
    [{ title: 'HOST' }, { title: 'ID', min: 16 }, { title: 'ADMITTED', min: 16 }, { title: 'STATE' }],
    keys.hosts.map(({ name, id, admitted, revokedAt }) => [
      name,
      id,
      when(admitted),
      revokedAt === null ? 'may write' : `revoked as of ${when(revokedAt)}`,
    ]),
  )
  out.line()
  out.table(
    [
      { title: 'EPOCH', min: 16 },
      { title: 'BEGUN', min: 16 },
      { title: 'SEALS TO', min: 20 },
    ],
    keys.epochs.map(({ id, created, publicKey }) => [id, when(created), publicKey]),
  )
}

export function shownOf(repository: Repository): ShownKeys {
  const { ownerKey, ownerConfirmed, recipients, hosts, epochs, id, address } = keysSummary(repository)
  return {
    repository: `${id} at ${address}`,
    ownerKey,
    ownerConfirmed,
    recipients,
    hosts: hosts.map((host) => ({ ...host, revokedAt: host.revoked?.at ?? null })),
    epochs,
  }
}

/** Without the vaults: they are encrypted, but nothing that a list of keys is for. */
export function keysSummary(repository: Repository) {
  const { keyset } = repository
  return {
    id: repository.id,
    address: repository.storage.address,
    ownerConfirmed: repository.ownerConfirmed,
    ownerKey: keyset.ownerKey,
    version: keyset.version,
    recipients: keyset.recipients.map(({ name, kind, publicKey, added, anchor }) => ({
      name,
      kind,
      publicKey,
      added,
      confirmed: kind === 'passphrase' || anchor !== null,
    })),
    hosts: keyset.hosts,
    epochs: keyset.epochs,
  }
}
