import { z } from '@hono/zod-openapi'
import { namePattern, namesAre } from '../../config/declaration.ts'

export const UploadQuery = z.object({
  name: z
    .string()
    .regex(namePattern)
    .openapi({ description: `of the repository that it becomes: ${namesAre}` }),
})
export const Upload = z
  .object({
    id: z.uuid(),
    name: z.string(),
    ownerKey: z
      .string()
      .nullable()
      .openapi({ description: 'compare it with that of the repository it is from' }),
    backups: z.array(z.string()).openapi({ description: 'ids' }),
  })
  .openapi('Upload')
