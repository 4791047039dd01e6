import { z } from '@hono/zod-openapi'
import { namePattern } from '../../config/declaration.ts'

/** Figures, and how safe each source is. */

const name = z.string().regex(namePattern)
const time = z.iso.datetime()
const count = z.int()
const zone = z.string().min(1).max(100).default('UTC').openapi({ example: 'Europe/Berlin' })

const figures = {
  successful: count,
  failed: count,
  cancelled: count,
  plainBytes: z.number().openapi({ description: 'rows that were backed up, as text' }),
  storedBytes: z.number().openapi({ description: 'what that has added to the storage' }),
  averageSeconds: z.number().nullable(),
}
export const StatisticsQuery = z.object({
  source: name.optional(),
  from: time.optional().openapi({ description: 'default: thirty days before to' }),
  to: time.optional().openapi({ description: 'default: now' }),
  zone,
})
export const Statistics = z
  .object({
    from: time,
    to: time,
    total: count,
    ...figures,
    successRate: z.number().nullable().openapi({ description: '0 to 1, of those that were not cancelled' }),
    last: time.nullable(),
    next: time.nullable(),
    days: z.array(z.object({ day: z.iso.date(), ...figures })),
  })
  .openapi('Statistics', { description: 'of backup jobs that have ended in that time' })

export const ZoneQuery = z.object({ zone })
export const SourceState = z
  .object({
    source: name,
    level: z.enum(['safe', 'attention', 'danger', 'new']),
    sentence: z.string().openapi({
      example:
        'Everything up to 14:32 UTC can be brought back. Last proven 3 hours ago: restored 23 tables, 1,204,551 rows, all equal.',
    }),
    parts: z
      .array(
        z.object({
          key: z.string(),
          values: z.record(z.string(), z.union([z.string(), z.number()])),
          text: z.string(),
        }),
      )
      .openapi({ description: 'what the sentence is made of, for other languages' }),
    safeUntil: time.nullable(),
    lateSeconds: z.number().nullable(),
    backups: count,
    newestBackup: z.string().nullable(),
    proof: z
      .object({ at: time, moment: time, tables: count, rows: z.number(), hashed: count, notVerified: count })
      .nullable(),
    failures: z
      .object({ count, at: time, code: z.string(), message: z.string() })
      .nullable()
      .openapi({ description: 'backups that have failed since one was completed' }),
    jobs: z.array(
      z.object({
        id: z.uuid(),
        kind: z.string(),
        status: z.string(),
        progress: z.record(z.string(), z.unknown()).nullable(),
      }),
    ),
    nextRun: time.nullable(),
  })
  .openapi('SourceState')

const StorageFigure = z.object({
  repository: name,
  at: time,
  usedBytes: z.number(),
  capacityBytes: z.number().nullable().openapi({ description: 'null: there is no known end' }),
  bytesPerDay: z.number().nullable().openapi({ description: 'at the present rate; null: not known yet' }),
  fullInSeconds: z.number().nullable(),
})
export const Overview = z
  .object({
    sources: z.array(SourceState),
    storage: z.array(StorageFigure),
    alarms: z.object({ info: count, warning: count, error: count, critical: count }),
    jobs: z.object({ pending: count, waiting: count, running: count }),
  })
  .openapi('Overview')
export const RepositoryStorage = z
  .object({
    now: StorageFigure.nullable().openapi({ description: 'null: it was not measured yet' }),
    measuring: z
      .object({ at: time, ok: z.boolean(), error: z.record(z.string(), z.unknown()).nullable() })
      .nullable()
      .openapi({ description: 'how the last measurement went: whether the storage can be used' }),
    history: z.array(z.object({ at: time, usedBytes: z.number(), capacityBytes: z.number().nullable() })),
  })
  .openapi('RepositoryStorage')
