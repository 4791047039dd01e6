import { z } from '@hono/zod-openapi'

/** What is in a source, and whether it could be backed up. */

const time = z.iso.datetime()
const text = (most: number) => z.string().min(1).max(most)

export const SourceTestInput = z
  .strictObject({
    address: text(2000).openapi({ example: 'postgres://backup@db.example.com/shop', description: 'without a password' }), // prettier-ignore
    password: text(1000).optional(),
    settings: z.record(z.string(), z.unknown()).default({}),
  })
  .openapi('SourceTestInput')
export const SourceTest = z
  .object({
    works: z.boolean(),
    checks: z
      .array(
        z.object({
          name: z.string(),
          result: z.string().openapi({ description: 'good, note (worth knowing), bad or unknown' }),
          text: z.string(),
          hint: z.string().nullable(),
          code: z.string().nullable(),
        }),
      )
      .openapi({ description: 'each thing that a backup would meet' }),
    error: z.object({ code: z.string(), message: z.string(), hint: z.string() }).nullable(),
  })
  .openapi('SourceTest')

const table = z.object({ schema: z.string(), name: z.string(), rows: z.number(), data: z.string() })
export const SourceTables = z
  .object({
    backup: z
      .string()
      .nullable()
      .openapi({ description: 'the backup that counted them; null: there is none yet' }),
    countedAt: time.nullable(),
    tables: z.array(table),
    modules: z.array(
      z.object({
        name: z.string(),
        description: z.string().nullable(),
        tables: z.array(table),
        rows: z.number(),
      }),
    ),
  })
  .openapi('SourceTables')

const how = z
  .enum(['exact', 'estimate', 'unknown'])
  .openapi({ description: 'counted now; by the statistics of the server; neither could be had' })
const live = { rows: z.number().nullable().openapi({ description: 'null: unknown' }), how }
export const SourceCounts = z
  .object({
    modules: z.array(
      z.object({
        name: z.string(),
        ...live,
        tables: z.array(z.object({ schema: z.string(), name: z.string(), ...live })),
      }),
    ),
    error: z
      .object({ code: z.string(), message: z.string(), hint: z.string() })
      .nullable()
      .openapi({ description: 'why the database could not be asked' }),
  })
  .openapi('SourceCounts')
