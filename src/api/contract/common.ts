import { z } from '@hono/zod-openapi'
import { namePattern, namesAre } from '../../config/declaration.ts'

/* What shapes of all themes are made of. */

export const name = z.string().regex(namePattern).openapi({ description: namesAre, example: 'shop' })
export const time = z.iso.datetime().openapi({ example: '2026-11-28T02:30:00.000Z' })
export const json = z.record(z.string(), z.unknown())
export const text = (most: number) => z.string().min(1).max(most)

/** One key in the path. */
export const nameParams = z.object({ name: name.openapi({ param: { name: 'name', in: 'path' } }) })
export const idParams = z.object({ id: z.uuid().openapi({ param: { name: 'id', in: 'path' } }) })

/** How lists are read in pages. */
export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  after: text(300).optional().openapi({ description: 'next of the page before' }),
})
export const next = z
  .string()
  .nullable()
  .openapi({ description: 'pass it as after; null: there are no more' })

/** A yes or no in a query. */
export const yesOrNo = z.enum(['true', 'false']).transform((value) => value === 'true')
