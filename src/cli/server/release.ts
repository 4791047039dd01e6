import type { Client, RestoreSummary } from '../../client/client.ts'
import { HoldfastError } from '../../lib/errors.ts'
import { quarantinedLabel, type Quarantined } from '../../restore/quarantine/record.ts'
import type { ReleaseReport } from '../../restore/quarantine/release.ts'
import type { CommandContext, ServerInput } from '../command.ts'
import { requireConfirmed } from '../confirm.ts'
import { quarantineText, tellRelease } from '../quarantine-text.ts'
import { printable } from '../width.ts'
import { agreedBySecond } from './approval.ts'
import { followToStop, requireCompleted, tellDetached } from './job.ts'
import { listAll } from './restores.ts'
import { targetAt } from './target.ts'

interface Input extends ServerInput {
  readonly target: string
  readonly yes: boolean
  readonly confirm: string | undefined
}

/** Lets a copy work that the service has restored: the newest at the address, of the name, or of the restore that is named. */
export async function releaseAtServer(context: CommandContext, client: Client, input: Input): Promise<void> {
  const { out } = context
  const url = input.target.includes('://') ? targetAt(context, input.target) : null
  const copies = (await listAll(client, { source: undefined })).filter(isCopy)
  const meant = ({ id, restore, target, database }: RestoreSummary): boolean =>
    url === null ? [id, restore, database].includes(input.target) : target === url.database
  const copy = copies.find(meant)
  if (copy === undefined)
    throw new HoldfastError('nothing_quarantined', 'The service has restored no such copy.', {
      hint: 'holdfast restores lists what it has restored.',
    })
  const { report } = await client.getRestore(copy.id)
  // Sound because it is what the restore told, without how it was.
  const held = (report?.['quarantined'] ?? []) as readonly Quarantined[]
  out.line(`${copy.target} is in quarantine. Off: ${quarantineText(held) || 'nothing'}`)
  for (const one of held) out.line(`  ${printable(quarantinedLabel(one))}`)
  const database = copy.database ?? ''
  await requireConfirmed(context, { ...input, database, question: 'Go on?' })
  const begun = await agreedBySecond(context, client, input, (options) =>
    client.releaseRestore(copy.id, { confirm: database, password: url?.password }, options),
  )
  if (input.detach) return tellDetached(context, begun.id)
  requireCompleted(await followToStop(context, client, begun.id))
  const released = (await client.getRestore(begun.id)).report as unknown as ReleaseReport
  tellRelease(out, released)
  out.result({ release: released })
}

function isCopy({ kind, place, status }: RestoreSummary): boolean {
  return kind === 'restore' && place === 'new' && status === 'completed'
}
