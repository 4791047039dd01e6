import { z } from '@hono/zod-openapi'
import { exportFormats } from '../../audit/export.ts'

const hash = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .openapi({ description: 'SHA-256, in hex' })
const some = z.string().min(1).max(500)

export const AuditEntry = z
  .object({
    number: z.int().openapi({ description: 'from 1, without gaps, in the order of the commits' }),
    at: z.string().openapi({ example: '2026-11-28T02:30:00.123456Z' }),
    who: z.string().openapi({ example: 'key:6f1c…' }),
    role: z.string().nullable(),
    address: z.string().nullable(),
    agent: z.string().nullable(),
    request: z.string().nullable(),
    action: z.string().openapi({ example: 'sources.change' }),
    about: z.string(),
    source: z.string().nullable(),
    result: z.enum(['done', 'refused', 'failed']),
    code: z.string().nullable(),
    before: z.string().nullable().openapi({ description: 'JSON, as the very text that is hashed' }),
    after: z.string().nullable(),
    previous: hash,
    hash,
  })
  .openapi('AuditEntry')
const head = z.object({ number: z.int(), hash }).nullable()
export const AuditEntries = z
  .object({
    items: z.array(AuditEntry),
    next: z.string().nullable().openapi({ description: 'pass it as after; null: there are no more' }),
    head: head.openapi({ description: 'of the whole trail, to be kept elsewhere' }),
  })
  .openapi('AuditEntries')
export const AuditQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  after: z
    .string()
    .regex(/^\d{1,15}$/)
    .optional()
    .openapi({ description: 'next of the page before' }),
  who: some.optional(),
  action: some.optional().openapi({ description: 'such as sources.change, or sources for all of them' }),
  about: some.optional(),
  from: z.iso.datetime().optional(),
  to: z.iso.datetime().optional().openapi({ description: 'exclusive' }),
  result: z.enum(['done', 'refused', 'failed']).optional(),
})
export const AuditExportQuery = z.object({ format: z.enum(exportFormats).default('json') })
export const AuditVerifyQuery = z.object({
  head: hash.optional().openapi({ description: 'one that was noted before, which must be in the trail' }),
})
export const AuditVerdict = z
  .object({
    whole: z.boolean(),
    entries: z.int(),
    head,
    broken: z
      .object({ number: z.int(), why: z.string() })
      .nullable()
      .openapi({ description: 'the first entry that is not as it must be' }),
    cut: z.boolean().openapi({ description: 'the noted head is not in it' }),
  })
  .openapi('AuditVerdict')
