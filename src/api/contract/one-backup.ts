import { z } from '@hono/zod-openapi'
import { Confirmation } from './guards.ts'

const backupId = z
  .string()
  .regex(/^\w[\w-]{0,63}$/)
  .openapi({ param: { name: 'id', in: 'path' }, example: '20261128T023000Z-7f3a' })
export const backupIdParams = z.object({ id: backupId })
export const BackupPlace = z.object({
  repository: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/)
    .optional()
    .openapi({ description: 'needed only if several repositories have a backup of this id' }),
})
export const BackupDetail = z
  .object({
    id: z.string(),
    repositoryId: z.uuid(),
    sourceId: z.uuid().nullable(),
    moment: z.iso.datetime(),
    summary: z.record(z.string(), z.unknown()),
    details: z
      .record(z.string(), z.unknown())
      .nullable()
      .openapi({ description: 'tables, gaps and fingerprints; null: they are still to be read' }),
    detailsAt: z.iso.datetime().nullable(),
  })
  .openapi('BackupDetail')
export const PinInput = z.strictObject({ reason: z.string().min(1).max(200) }).openapi('PinInput')
export const BackupRemoval = Confirmation.extend({
  evenLast: z.boolean().default(false).openapi({
    description: 'also if it is the newest of its source, or the last that a drill has proved',
  }),
}).openapi('BackupRemoval')
