import { setTimeout as sleep } from 'node:timers/promises'
import { HoldfastClientError, itemsOf, type Approval, type Client } from '../../client/client.ts'
import type { CallOptions } from '../../client/request.ts'
import { HoldfastError } from '../../lib/errors.ts'
import type { CommandContext, ServerInput } from '../command.ts'

const pollMs = 1000

/**
 * Sends a request that destroys. Where a second person must agree to it, says so, waits for that, and sends the very same request once more. A
 * wish that was agreed to before, by the same command that was not waited for, is not asked for again. Throws `approval_needed` with what waits if it is not waited
 * for: with --detach, after Ctrl-C, or where the key may not see approvals; `approval_over` if it was refused, or nobody has decided in time.
 */
export async function agreedBySecond<T>(
  context: CommandContext,
  client: Client,
  input: Pick<ServerInput, 'detach' | 'url'>,
  send: (options: CallOptions) => Promise<T>,
): Promise<T> {
  try {
    return await send({})
  } catch (error) {
    if (!(error instanceof HoldfastClientError) || error.approval === null) throw error
    const id = error.approval
    await untilApproved(context, client, { ...input, id })
    return await send({ headers: { 'holdfast-approval': id } })
  }
}

/** Throws `approval_needed` unless somebody else agrees. */
async function untilApproved(
  { out, signal }: CommandContext,
  client: Client,
  { id, url, detach }: Pick<ServerInput, 'detach' | 'url'> & { readonly id: string },
): Promise<void> {
  const needed = (message: string, wish: Approval | null): HoldfastError =>
    new HoldfastError('approval_needed', message, {
      hint: `When ${whoMay} has agreed, run the same command again.`,
      details: { approval: wish ?? { id }, whoMay, where: `${url}/approvals` },
    })
  let said = false
  for (;;) {
    const wish = await findWish(client, id)
    if (wish === null) throw needed(`Somebody else must agree: ${id}. This key may not see what came of it.`, null) // prettier-ignore
    const { operation, status, expiresAt } = wish
    if (status === 'approved') return
    if (status !== 'pending')
      throw new HoldfastError('approval_over', `To ${operation} was not agreed to: ${id} is ${status}.`, {
        hint: 'Run the command again to ask once more.',
        details: { approval: wish },
      })
    const waits = `To ${operation}, somebody else must agree to ${id}, until ${expiresAt}`
    if (detach) throw needed(`${waits}.`, wish)
    if (!said)
      out.warn(
        `${waits}. Waiting for ${whoMay}: holdfast approvals approve ${id}, or ${url}/approvals. Ctrl-C ends the waiting, not the wish.`,
      )
    said = true
    await sleep(pollMs, undefined, { signal }).catch(() => {
      throw needed(`${waits}. Nothing was done yet.`, wish)
    })
  }
}

const whoMay = 'another super_admin, who did not make this key'

/** Null if the caller may not see it. */
async function findWish(client: Client, id: string): Promise<Approval | null> {
  try {
    for await (const one of itemsOf((after) => client.getApprovals({ limit: 200, after })))
      if (one.id === id) return one
  } catch (error) {
    if (!(error instanceof HoldfastClientError) || error.code !== 'not_permitted') throw error
  }
  return null
}
