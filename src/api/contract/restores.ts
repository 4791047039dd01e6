import { z } from '@hono/zod-openapi'
import { restorePlaces, restoreSteps } from '../../catalog/restores.ts'
import { namePattern } from '../../config/declaration.ts'
import { jobStatuses } from '../../catalog/jobs.ts'
import { Confirmation } from './guards.ts'

/** Restores, their undoing and their release. */

const name = z.string().regex(namePattern)
const time = z.iso.datetime()
const json = z.record(z.string(), z.unknown())
const text = (most: number) => z.string().min(1).max(most)
const pattern = text(300)
const patterns = z.array(pattern).max(1000)
const id = z.string().regex(/^\d[\w-]{0,63}$/)
const next = z.string().nullable()

const NewDatabase = z.strictObject({
  database: text(2000)
    .regex(/^postgres(ql)?:\/\/[^\s?]+(\?(sslmode|connect_timeout|application_name)=[^&\s]*(&(sslmode|connect_timeout|application_name)=[^&\s]*)*)?$/)
    .openapi({ example: 'postgres://admin@db2.example.com/shop_copy', description: 'new or empty; without a password' }), // prettier-ignore
  password: text(1000).optional().openapi({ description: 'kept sealed until the restore is over' }),
  create: z.boolean().default(true).openapi({ description: 'make the database; it is not there yet' }),
  restart: z.boolean().default(false).openapi({ description: 'first clear what an interrupted restore left in it' }), // prettier-ignore
})
const InPlace = z.strictObject({ inPlace: z.literal(true) })

const LoginAs = z
  .strictObject({ user: text(63), password: text(1000).optional() })
  .openapi({ description: 'the role that changes the database, where the one that backs up may not' })

/** What opens a repository, for one restore. */
const opens = {
  identity: text(100_000).optional().openapi({ description: 'the text of an identity file that opens the repository, if the service is to have none of its own: kept sealed until the restore is over' }), // prettier-ignore
  passphrase: text(1000).optional().openapi({ description: 'the same, where it is opened by one' }),
}

export const RestoreInput = z
  .strictObject({
    source: name.optional().openapi({ description: 'whose backup it is' }),
    repository: name.optional().openapi({ description: 'in place of source, into a new database: where the backup is, such as an upload' }), // prettier-ignore
    ...opens,
    backup: z.union([z.literal('latest'), id]).default('latest'),
    into: z.union([NewDatabase, InPlace]),
    as: LoginAs.optional().openapi({ description: 'in place' }),
    schemas: patterns.optional(),
    tables: patterns.optional().openapi({ description: 'table or schema.table, with * and ?' }),
    excludeTables: patterns.optional(),
    modules: z.array(name).max(100).optional(),
    noOwner: z.boolean().optional(),
    noGrants: z.boolean().optional(),
    roles: z.enum(['needed', 'all', 'none']).optional(),
    where: text(10_000)
      .optional()
      .openapi({ description: 'in place: a condition in SQL, over rows of the one table' }),
    createMissing: z.boolean().optional(),
    updateChanged: z.boolean().optional(),
    deleteExtra: z.boolean().optional(),
    newIds: z.boolean().optional(),
    keepNewer: text(63).optional(),
    references: z.enum(['bring', 'skip']).optional(),
    skipConflicts: z.boolean().optional(),
    components: z
      .array(z.enum(['roles', 'policies', 'functions', 'triggers', 'views', 'grants', 'extensions']))
      .max(7)
      .optional()
      .openapi({ description: 'in place: these parts of the schema, and no rows' }),
    swap: z
      .enum(['database', 'schemas'])
      .optional()
      .openapi({ description: 'in place: the whole database takes the place of the one in use' }),
    quarantine: z.boolean().optional().openapi({ description: 'with swap' }),
  })
  .openapi('RestoreInput')

/** What only a restore in place takes, and what no swap does. */
export const inPlaceChoices = [
  'as',
  'where',
  'createMissing',
  'updateChanged',
  'deleteExtra',
  'newIds',
  'keepNewer',
  'references',
  'skipConflicts',
  'components',
  'swap',
  'quarantine',
] as const
export const rowChoices = [
  'schemas',
  'tables',
  'excludeTables',
  'modules',
  'where',
  'createMissing',
  'updateChanged',
  'deleteExtra',
  'newIds',
  'keepNewer',
  'references',
  'skipConflicts',
  'components',
] as const

export const UndoInput = z
  .strictObject({
    as: LoginAs.optional(),
    ...opens,
    overwrite: z.boolean().optional().openapi({ description: 'also rows that somebody has changed since' }),
    skipConflicts: z.boolean().optional().openapi({ description: 'leave out rows that somebody has changed since' }), // prettier-ignore
  })
  .openapi('UndoInput')
export const ReleaseInput = z
  .strictObject({
    confirm: text(200).openapi({ description: 'the name of the database' }),
    reason: Confirmation.shape.reason,
    password: text(1000).optional(),
  })
  .openapi('ReleaseInput')
export const ConfirmInput = z
  .strictObject({
    confirm: text(200).openapi({ description: 'the name of the database, as somebody has typed it' }),
    reason: Confirmation.shape.reason,
  })
  .openapi('ConfirmInput')

/** A restore is a job; this is what both are. */
const about = {
  id: z.uuid().openapi({ description: 'of its job: GET /jobs/{id} has its progress and log' }),
  kind: z.enum(['restore', 'undo', 'release']),
  status: z.enum(jobStatuses),
  source: z.string().openapi({ description: 'what the source was called' }),
  sourceId: z.uuid().nullable(),
  repositoryId: z.uuid().nullable(),
  params: json,
  requestedBy: z.string(),
  progress: json.nullable(),
  error: json.nullable(),
  createdAt: time,
  startedAt: time.nullable(),
  endedAt: time.nullable(),
  place: z.enum(restorePlaces),
  target: z.string().openapi({ description: 'address without password' }),
  asUser: z.string().nullable(),
  database: z.string().nullable().openapi({ description: 'what is to be typed to confirm' }),
  step: z.enum(restoreSteps),
  restore: z.string().nullable().openapi({ description: 'the id that it has in the repository' }),
  undoes: z.string().nullable(),
  expiresAt: time.nullable().openapi({ description: 'until when it can be confirmed' }),
  confirmedAt: time.nullable(),
  confirmedBy: z.string().nullable(),
  rows: z
    .object({
      created: z.number(),
      updated: z.number(),
      deleted: z.number(),
      unchanged: z.number(),
      conflicts: z.number(),
    })
    .nullable()
    .openapi({ description: 'what it came to; null: it is not over, or of no rows' }),
  changed: z.boolean().nullable().openapi({ description: 'whether the target was changed; null: it is not known (yet)' }), // prettier-ignore
}
export const RestoreSummary = z.object(about).openapi('RestoreSummary')
export const Restores = z.object({ items: z.array(RestoreSummary), next }).openapi('Restores')
export const Restore = RestoreSummary.extend({
  preview: json.nullable().openapi({ description: 'parts: what its sentences are made of, by their text, for other languages' }), // prettier-ignore
  previewCut: z.string().nullable().openapi({ description: 'what was left out of it for its size' }),
  report: json
    .nullable()
    .openapi({ description: 'what was done: rows by table, checks, what is off; parts as in preview' }),
  undo: z.string().nullable().openapi({ description: 'how it is taken back; null: there is nothing to take back' }), // prettier-ignore
}).openapi('Restore')
export const RestoreQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  after: text(300).optional().openapi({ description: 'next of the page before' }),
  source: name.optional(),
})
