import { z } from '@hono/zod-openapi'
import { actions, roles } from '../../catalog/permissions.ts'
import { time } from './common.ts'

/* What the service says of itself. */

export const Roles = z
  .object({
    items: z.array(
      z.object({
        role: z.enum(roles),
        scope: z.enum(['all', 'own']).openapi({ description: 'own: of the sources that one is bound to' }),
        rights: z
          .record(z.string(), z.array(z.enum(actions)))
          .openapi({ description: 'by resource, which actions' }),
      }),
    ),
  })
  .openapi('Roles', { description: 'who may do what, as the catalog holds it too' })

export const System = z
  .object({
    version: z.string(),
    postgres: z.string().openapi({ description: 'version of the server that the catalog is on' }),
    catalogBytes: z.int(),
    now: time.openapi({ description: 'by the clock of the catalog' }),
    queue: z.object({
      pending: z.int(),
      running: z.int(),
      oldestPendingAt: time.nullable().openapi({ description: 'since when the first of those that may run waits' }),
    }),
    lastDay: z
      .object({ completed: z.int(), failed: z.int(), cancelled: z.int() })
      .openapi({ description: 'jobs that ended in the last 24 hours' }),
    workers: z
      .array(z.object({ name: z.string(), running: z.int(), lastSeenAt: time }))
      .openapi({ description: 'those that took or ended a job in the last week: one that is idle is not known to run' }),
  })
  .openapi('System')
