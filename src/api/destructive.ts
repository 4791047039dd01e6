import { createHash } from 'node:crypto'
import type { Context } from 'hono'
import { askApproval, useApproval, type Wish } from '../catalog/approvals.ts'
import { asCaller } from '../catalog/claims.ts'
import { readSettings } from '../catalog/settings.ts'
import { HoldfastError } from '../lib/errors.ts'
import { requireRecent } from '../people/recent.ts'
import type { ApiEnv, ApiOptions } from './context.ts'

export interface Destruction {
  /** What is done, in a word or two: `remove source`. */
  readonly what: string
  /** What it is done to: what people call it, and what tells it from all others. */
  readonly about: string
  /** What somebody must have typed. */
  readonly confirm: string
  readonly given: { readonly confirm?: string | undefined; readonly reason?: string | undefined }
}

const approvalHeader = 'holdfast-approval'
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * The one gate before every route that destroys: called when it is known that the caller has the right and that what is meant is there, and before anything is
 * done. Three things are asked for: what is destroyed, typed; a sign-in that is recent; and, where the setting says so, the consent of a second
 * person to this very request, which is used up here. Throws `confirmation_needed`, `sign_in_again`, `approval_needed`, `approval_invalid`.
 */
export async function destructive(
  o: ApiOptions,
  c: Context<ApiEnv>,
  { what, about, confirm, given }: Destruction,
): Promise<void> {
  const { claims } = c.var
  const { catalog } = o
  if (given.confirm !== confirm) {
    throw new HoldfastError(
      'confirmation_needed',
      `To ${what}, send ${JSON.stringify(confirm)} as confirm.`,
      {
        details: { confirm },
      },
    )
  }
  requireRecent(claims, await catalog.now())
  if (!(await readSettings(catalog.system)).approvals) return
  const bodyHash = createHash('sha256')
    .update(await c.req.text())
    .digest('hex')
  const wish: Wish = { operation: what, about, bodyHash, by: claims.subject }
  const id = c.req.header(approvalHeader)
  const { seal } = catalog
  // As the owner, but under the caller's claims: the audit trail names them.
  const missing = await asCaller(catalog.api, claims, (q) =>
    q.asSystem(async (system) => {
      if (id === undefined) return await askApproval(system, { seal, wish, reason: given.reason ?? null })
      const used = uuid.test(id) && (await useApproval(system, { seal, wish, id }))
      if (!used) throw new HoldfastError('approval_invalid', 'The approval is not one for this request.')
      return null
    }),
  )
  if (missing === null) return
  throw new HoldfastError('approval_needed', `To ${what}, somebody else must approve ${missing}.`, {
    details: { approval: missing },
  })
}
