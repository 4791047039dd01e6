import { z } from '@hono/zod-openapi'
import { approvalStatuses } from '../../catalog/approvals.ts'

const time = z.iso.datetime()

/** What goes with a request that destroys. */
export const Confirmation = z
  .strictObject({
    confirm: z
      .string()
      .max(200)
      .optional()
      .openapi({ description: 'the name of what is destroyed, as somebody has typed it' }),
    reason: z.string().min(1).max(500).optional().openapi({ description: 'for whoever has to approve it' }),
  })
  .openapi('Confirmation')
const parts = z.array(
  z.object({
    key: z.string(),
    values: z.record(z.string(), z.union([z.string(), z.number()])),
    text: z.string(),
  }),
)
export const Consequences = z
  .object({
    confirm: z.string().openapi({ description: 'what is to be sent as confirm' }),
    consequences: z.array(z.string()).openapi({ description: 'what happens then, in sentences' }),
    against: z.array(z.string()).openapi({ description: 'why it will be refused, as far as is known' }),
    parts: z
      .object({ consequences: parts, against: parts })
      .openapi({ description: 'what the sentences are made of, for other languages' }),
  })
  .openapi('Consequences')

export const Settings = z.object({ approvals: z.boolean() }).openapi('Settings')
export const SettingsChange = z
  .strictObject({ approvals: z.boolean(), ...Confirmation.shape })
  .partial()
  .openapi('SettingsChange', { description: 'what is left out stays' })

export const Approval = z
  .object({
    id: z.uuid(),
    operation: z.string(),
    about: z.string(),
    reason: z.string().nullable(),
    requestedBy: z.string(),
    status: z.enum(approvalStatuses),
    decidedBy: z.string().nullable(),
    decidedAt: time.nullable(),
    createdAt: time,
    expiresAt: time,
  })
  .openapi('Approval')
export const Approvals = z
  .object({ items: z.array(Approval), next: z.string().nullable() })
  .openapi('Approvals')
