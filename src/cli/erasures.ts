import { hostname, userInfo } from 'node:os'
import { readyCopy } from '../copies/make-copy.ts'
import { newestKeys, sameKeys } from '../copies/open.ts'
import { HoldfastError } from '../lib/errors.ts'
import { shellWord } from '../lib/shell-word.ts'
import {
  findErasure,
  listErasures,
  putErasure,
  type Erasure,
  type NewErasure,
} from '../repository/erasures.ts'
import type { ErasedDocument } from '../repository/format/erased.ts'
import { requireDescription } from '../repository/format/fields.ts'
import { newId } from '../repository/ids.ts'
import type { CommandContext } from './command.ts'
import { requireConfirmed } from './confirm.ts'
import { inEachCopy, requireComplete, type CopyResult } from './copies.ts'
import { formatCount, formatCountOf, formatWhen } from './format.ts'
import { openForReading, type OpenedVault } from './repository.ts'
import { printable } from './width.ts'

type Place = Parameters<typeof openForReading>[1]

/** `erase --list`: what was erased, and what of it was taken back. */
export async function listErased(context: CommandContext, place: Place): Promise<void> {
  const { out, signal, clock } = context
  const opened = await openForReading(context, place)
  await using _ = opened.reader
  const { erasures, refused } = await listErasures({ ...opened, signal })
  if (erasures.length === 0) out.line('Nothing was erased.')
  else {
    out.table(
      [
        { title: 'ERASURE', min: 17 },
        { title: 'TABLE', min: 10 },
        { title: 'COLUMNS', min: 6 },
        { title: 'KEYS', align: 'right' },
        { title: 'WHEN', min: 16 },
        { title: 'BY', min: 6 },
        { title: 'REASON', min: 10 },
      ],
      erasures.map((one) => [
        one.id,
        `${one.schema}.${one.name}`,
        one.columns.join(', '),
        formatCount(one.keys.length),
        formatWhen(new Date(one.when), clock.now()),
        one.who,
        one.withdrawn === null ? one.reason : `withdrawn: ${one.withdrawn.reason}`,
      ]),
    )
  }
  for (const { key, reason } of refused) out.warn(`${key} is not accepted, so nothing is restored: ${reason}`)
  out.result({ erasures: erasures.map(erasureJson), refused })
}

/** `erase --withdraw`: restores bring the rows again. */
export async function withdrawErasure(
  context: CommandContext,
  input: Place & {
    readonly withdraw: string
    readonly reason: string | undefined
    readonly preview: boolean
    readonly yes: boolean
    readonly confirm: string | undefined
  },
): Promise<void> {
  const { out, signal } = context
  const reason = requireReason(input.reason)
  const opened = await openForReading(context, input)
  const { reader, repository } = opened
  await using _ = reader
  const { erasures } = await listErasures({ repository, reader, signal })
  const erasure = findErasure(erasures, input.withdraw)
  const { id, schema, name, columns } = erasure
  const what = `${formatCountOf(erasure.keys.length, 'key')} of ${printable(`${schema}.${name}`)}`
  if (erasure.withdrawn !== null) {
    throw new HoldfastError('usage', `Erasure ${id} was withdrawn already, by ${erasure.withdrawn.id}.`)
  }
  out.line(`Erasure ${id} holds back ${what}: ${printable(erasure.reason)}`)
  if (input.preview) {
    out.result({ erasure: erasureJson(erasure), withdrawn: null })
    return
  }
  // There is no database to be named: what changes is the erasure.
  await requireConfirmed(context, {
    ...input,
    database: id,
    question: 'Let restores bring these rows again?',
  })
  const erasedBy = { schema, name, columns, reason, who: whoErases(), keys: [] }
  const { document: withdrawal, copies } = await eraseInEach(context, opened, {
    withdraws: id,
    erasure: erasedBy,
  })
  out.line(`Withdrawn: restores bring these rows again.`)
  const result = {
    erasure: erasureJson(erasure),
    withdrawn: { id: withdrawal.id, when: withdrawal.when, reason },
    copies,
  }
  requireComplete('The erasure was withdrawn', copies, result)
  out.result(result)
}

/** Stores an erasure, or a withdrawal, in every copy: the same document, whose keys the copy gets first where its own are older. */
export async function eraseInEach(
  { clock, signal }: CommandContext,
  { vault, each, failed }: Pick<OpenedVault, 'vault' | 'each' | 'failed'>,
  o: { readonly withdraws: string | null; readonly erasure: NewErasure },
): Promise<{ document: ErasedDocument; copies: readonly CopyResult[] }> {
  const when = clock.now()
  const id = newId(when)
  const newest = newestKeys(each)
  const documents: ErasedDocument[] = []
  const copies = await inEachCopy({ copies: each, failed }, async (copy) => {
    const repository = sameKeys(copy, newest) ? copy : (await readyCopy({ from: newest, storage: copy.storage, signal })).to // prettier-ignore
    documents.push(await putErasure({ repository, vault, when, id, ...o, signal }))
  })
  const [document] = documents
  if (document === undefined) throw new HoldfastError('internal', 'An erasure was stored nowhere.')
  return { document, copies }
}

/** Throws `copies_incomplete` if a copy does not know of an erasure: whoever restores from that one alone would bring the rows back. */
export function requireErased(
  what: string,
  copies: readonly CopyResult[],
  result: Readonly<Record<string, unknown>>,
): void {
  const [whole] = copies.filter(({ error }) => error === null)
  const lacking = copies.filter(({ error }) => error !== null)
  const commands = lacking.map(
    ({ address }) => `holdfast copy ${shellWord(whole?.address ?? 'FROM')} ${shellWord(address)}`,
  )
  requireComplete(what, copies, result, `A restore from there alone would bring them back. As soon as it can be reached: ${commands.join(', then ')}.`) // prettier-ignore
}

/** For `--json`: the number of keys in place of their hashes. */
function erasureJson({ keys, ...erasure }: Erasure): Record<string, unknown> {
  return { ...erasure, keys: keys.length }
}

export function whoErases(): string {
  return `${userInfo().username} at ${hostname()}`
}

/** Throws `usage`: who asks in a year finds nothing else. */
export function requireReason(reason: string | undefined): string {
  if (reason === undefined) throw new HoldfastError('usage', '--reason is missing: why?')
  return requireDescription(reason)
}
