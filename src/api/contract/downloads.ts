import { z } from '@hono/zod-openapi'
import { downloadFormats } from '../../catalog/downloads.ts'
import { namePattern } from '../../config/declaration.ts'

const name = z.string().regex(namePattern)
// oxlint-disable-next-line no-control-regex
const pattern = z.string().regex(/^[^\0-\x1f\x7f]{1,300}$/)
const patterns = z.array(pattern).max(200).default([])

export const backupParam = z.object({
  id: z
    .string()
    .regex(/^\w[\w-]{0,63}$/)
    .openapi({ param: { name: 'id', in: 'path' }, example: '20261128T013131Z-8f3a9c21' }),
})
export const DownloadInput = z
  .strictObject({
    format: z
      .enum(downloadFormats)
      .openapi({ description: 'archive: sealed as it is; all others are in clear, and need the identity' }),
    repository: name.optional().openapi({
      description: 'which of the repositories that have the backup; default: the first that got it',
    }),
    tables: patterns.openapi({ description: 'only rows of these: table or schema.table, with * and ?' }),
    schemas: patterns.openapi({ description: 'only rows of these schemas, with * and ?' }),
    modules: z
      .array(name)
      .max(200)
      .default([])
      .openapi({ description: 'only rows of these modules of the source' }),
  })
  .openapi('DownloadInput')
export const DownloadLink = z
  .object({
    url: z
      .string()
      .openapi({ description: 'from the root of this server; a secret, good for one GET without a key' }),
    expiresAt: z.iso.datetime(),
  })
  .openapi('DownloadLink')
