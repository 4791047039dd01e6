import { HoldfastClientError, itemsOf, type Approval, type Client } from '../../client/client.ts'
import { HoldfastError } from '../../lib/errors.ts'
import type { CommandContext } from '../command.ts'
import { askYesNo } from '../confirm.ts'
import { formatWhen } from '../format.ts'
import { printable } from '../width.ts'

/** What waits for somebody to agree, or with `all` also what was decided on. */
export async function listApprovalsAtServer(
  { out, clock }: CommandContext,
  client: Client,
  { all }: { readonly all: boolean },
): Promise<void> {
  const found = await everyApproval(client)
  const approvals = all ? found : found.filter(({ status }) => status === 'pending' || status === 'approved')
  const nameOf = await namesAt(client)
  const when = (time: string): string => formatWhen(new Date(time), clock.now())
  if (approvals.length === 0) out.line('Nothing waits for somebody to agree.')
  else
    out.table(
      [
        { title: 'APPROVAL', min: 36 },
        { title: 'TO', min: 12 },
        { title: 'ABOUT', min: 12 },
        { title: 'ASKED BY', min: 10 },
        { title: 'UNTIL', min: 10 },
        { title: 'STATE' },
        { title: 'REASON' },
      ],
      approvals.map(({ id, operation, about, requestedBy, expiresAt, status, reason }) => [
        id,
        operation,
        about,
        nameOf(requestedBy),
        when(expiresAt),
        stateOf[status],
        reason ?? '',
      ]),
    )
  out.result({ approvals })
}

const stateOf: Readonly<Record<Approval['status'], string>> = {
  pending: 'waits',
  approved: 'agreed to, not done yet',
  refused: 'refused',
  used: 'done',
  expired: 'expired',
}

/** Agrees to what somebody else wants to do, or refuses it, after it was shown. */
export async function decideAtServer(
  context: CommandContext,
  client: Client,
  input: { readonly approval: string; readonly yes: boolean },
  decision: 'approve' | 'refuse',
): Promise<void> {
  const { out } = context
  const wish = meantIn(await everyApproval(client), input.approval)
  const who = (await namesAt(client))(wish.requestedBy)
  const why = wish.reason === null ? '' : `, because: ${wish.reason}`
  out.line(printable(`${who} wants to ${wish.operation}: ${wish.about}${why}`))
  // To refuse destroys nothing.
  if (decision === 'approve' && !input.yes && (await askYesNo(context, 'Agree to it?')) !== true)
    throw new HoldfastError('confirmation_missing', 'Nothing was decided.', {
      hint: 'Run it with --yes, or on a terminal.',
    })
  const approval = await (decision === 'approve'
    ? client.approveApproval(wish.id)
    : client.refuseApproval(wish.id))
  out.line(
    decision === 'approve'
      ? 'Agreed. Who asked for it can do it now, once.'
      : 'Refused. Who asked for it can not do it.',
  )
  out.result({ approval })
}

async function everyApproval(client: Client): Promise<Approval[]> {
  const all: Approval[] = []
  for await (const one of itemsOf((after) => client.getApprovals({ limit: 200, after }))) all.push(one)
  return all
}

/** By its id, or a beginning of it that only one has. */
function meantIn(approvals: readonly Approval[], reference: string): Approval {
  const found = reference === '' ? [] : approvals.filter(({ id }) => id.startsWith(reference))
  const [only, ...others] = found
  if (only !== undefined && others.length === 0) return only
  const told = only === undefined ? 'No approval begins' : `${found.length} approvals begin`
  throw new HoldfastError('not_found', `${told} with ${printable(JSON.stringify(reference))}.`, {
    hint: 'holdfast approvals --all lists them.',
  })
}

/** What callers are called, where names may be read; their ids otherwise. */
async function namesAt(client: Client): Promise<(subject: string) => string> {
  const names = new Map<string, string>()
  try {
    for (const { id, email } of (await client.getPeople()).items) names.set(`person:${id}`, email)
    for (const { id, name } of (await client.getKeys()).items) names.set(`key:${id}`, `key ${name}`)
  } catch (error) {
    if (!(error instanceof HoldfastClientError) || error.code !== 'not_permitted') throw error
  }
  return (subject) => names.get(subject) ?? subject
}
