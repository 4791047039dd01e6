import { z } from '@hono/zod-openapi'
import { Alarm, Backup, Job } from '../contract.ts'
import { name, text } from './common.ts'

/* What GET /events sends. It is no part of contract.ts, whose shapes it is made of. */

export const eventKinds = ['job', 'alarm', 'backup'] as const

/** As it is now; null: it is not there any more. A union, since nullable() of a named shape would make the shape itself nullable. */
const orGone = <T extends z.ZodType>(shape: T) => z.union([shape, z.null()])

export const Event = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('job'), id: z.uuid(), job: orGone(Job) }),
    z.object({
      kind: z.literal('alarm'),
      id: z.uuid(),
      alarm: orGone(Alarm.omit({ seen: true })),
    }),
    z.object({
      kind: z.literal('backup'),
      id: z.string(),
      repositoryId: z.uuid(),
      backup: orGone(Backup),
    }),
    z.object({ kind: z.literal('reset') }),
    z.object({ kind: z.literal('end'), code: z.string() }),
  ])
  .openapi('Event', {
    description:
      'what has changed, or: reset, something may have been missed, read the lists anew; end, the stream ends because of this error code',
  })

export const EventQuery = z.object({
  kind: z
    .string()
    .regex(/^(job|alarm|backup)(,(job|alarm|backup)){0,2}$/)
    .optional()
    .openapi({ description: 'of these kinds only', example: 'job,alarm' }),
  source: name.optional().openapi({ description: 'of this source only' }),
  job: z
    .uuid()
    .optional()
    .openapi({ description: 'of this job only; the first event is how it is when the stream begins' }),
})
export const EventHeaders = z.object({
  'last-event-id': text(8000)
    .optional()
    .openapi({ description: 'the id that came last: the stream goes on after it' }),
})
