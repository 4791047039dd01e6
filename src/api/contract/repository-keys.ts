import { z } from '@hono/zod-openapi'

/** Who can open a repository, and who can write to it. */

const time = z.iso.datetime()

export const RepositoryKeys = z
  .object({
    keys: z
      .object({
        ownerKey: z.string(),
        ownerConfirmed: z.boolean().openapi({ description: 'by what this service holds: the host file' }),
        recipients: z
          .array(
            z.object({
              name: z.string(),
              kind: z.enum(['identity', 'passphrase']),
              publicKey: z.string().nullable(),
              added: time,
              confirmed: z.boolean(),
            }),
          )
          .openapi({ description: 'who can open the backups' }),
        hosts: z
          .array(
            z.object({
              id: z.string(),
              name: z.string(),
              admitted: time,
              revokedAt: time
                .nullable()
                .openapi({ description: 'its backups from then on are not accepted' }),
            }),
          )
          .openapi({ description: 'who can write backups' }),
        epochs: z
          .array(z.object({ id: z.string(), created: time, publicKey: z.string() }))
          .openapi({ description: 'to which keys objects are sealed, the newest last' }),
      })
      .nullable(),
    error: z
      .object({ code: z.string(), message: z.string(), hint: z.string() })
      .nullable()
      .openapi({ description: 'why the repository could not be asked' }),
  })
  .openapi('RepositoryKeys')
