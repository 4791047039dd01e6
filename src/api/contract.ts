import { z } from '@hono/zod-openapi'
import { jobStatuses } from '../catalog/jobs.ts'
import { weekdays } from '../jobs/schedule-rule.ts'
import { json, name, next, pageQuery, text, time } from './contract/common.ts'
import { Confirmation } from './contract/guards.ts'

/**
 * The one place for what the API takes and gives: checks, types and docs/openapi.json follow from it. Sources, repositories and schedules
 * are told by their names, jobs by ids. Times are ISO 8601 in UTC. Secrets go in and never come out.
 */

export * from './contract/alarms.ts'
export { idParams, nameParams, pageQuery } from './contract/common.ts'

export const Problem = z
  .object({
    type: z.string().openapi({ example: 'urn:holdfast:error:not_found' }),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.string().openapi({ description: 'stable: programs may branch on it' }),
    hint: z.string(),
    problems: z
      .array(z.object({ path: z.string(), what: z.string() }))
      .optional()
      .openapi({ description: 'each thing that is wrong with the request' }),
    confirm: z.string().optional().openapi({ description: 'what is to be typed: of confirmation_needed' }),
    approval: z.string().optional().openapi({ description: 'id of the wish: of approval_needed' }),
  })
  .openapi('Problem', { description: 'RFC 9457; the code is one of docs/reference/errors.md' })

export const RepositoryInput = z
  .strictObject({
    name,
    address: text(2000).openapi({ example: 's3://backups/shop?region=eu-central-1' }),
    copies: z
      .array(text(2000))
      .max(10)
      .optional()
      .openapi({ description: 'addresses of its other copies: backups are written to all' }),
    maxJobs: z
      .int()
      .min(1)
      .max(100)
      .optional()
      .openapi({ description: 'jobs that may use its storage at once; 2' }),
    hostFile: text(10_000)
      .optional()
      .openapi({ description: 'the text of the host file: lets this service write backups' }),
    identity: text(100_000)
      .optional()
      .openapi({ description: 'the text of the identity file: only for drills, and for checks that read' }),
    passphrase: text(1000).optional(),
    env: z
      .record(z.string().regex(/^(AWS|AZURE|GOOGLE)_[A-Z0-9_]{1,60}$/), text(10_000))
      .optional()
      .openapi({ description: 'variables of the storage, such as AWS_ACCESS_KEY_ID' }),
  })
  .openapi('RepositoryInput')
const { hostFile, identity, passphrase, env } = RepositoryInput.shape
export const RepositoryChange = RepositoryInput.omit({ name: true })
  .extend({
    hostFile: hostFile.nullable(),
    identity: identity.nullable(),
    passphrase: passphrase.nullable(),
    env: env.nullable(),
  })
  .partial()
  .openapi('RepositoryChange', { description: 'what is left out stays; null takes a secret away' })
export const Repository = z
  .object({
    id: z.uuid(),
    name,
    address: z.string(),
    copies: z.array(z.string()),
    maxJobs: z.int(),
    kind: z.enum(['ordinary', 'upload']),
    ownerKey: z.string().nullable().openapi({ description: 'of an upload: whose it says it is' }),
    createdAt: time,
    changedAt: time,
  })
  .openapi('Repository')

export const SourceInput = z
  .strictObject({
    name,
    address: text(2000).openapi({
      example: 'postgres://backup@db.example.com/shop',
      description: 'without a password',
    }),
    password: text(1000).optional(),
    repository: name,
    settings: json
      .default({})
      .openapi({ description: 'scope, modules, proof and drill, as in a source of holdfast.json' }),
  })
  .openapi('SourceInput')
export const SourceChange = z
  .strictObject({
    address: text(2000),
    password: text(1000),
    settings: json,
    moved: z
      .boolean()
      .openapi({ description: 'that it is the same database, which is at another host, port or name now' }),
  })
  .partial()
  .openapi('SourceChange', {
    description:
      'what is left out stays, but for the password of another address, which must be given again; an address of another host, port or name is refused once there are backups, unless moved says that it is the same database',
  })
export const Source = z
  .object({
    id: z.uuid(),
    name,
    address: z.string(),
    settings: json,
    repositoryId: z.uuid(),
    createdAt: time,
    changedAt: time,
  })
  .openapi('Source')

const at = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/)
  .openapi({ example: '02:30' })
export const ScheduleRule = z
  .union([
    z.strictObject({ cron: text(200).openapi({ example: '30 2 * * *' }) }),
    z.strictObject({ every: z.literal('day'), at }),
    z.strictObject({ every: z.literal('days'), count: z.int().min(1).max(366), from: z.iso.date(), at }),
    z.strictObject({ every: z.literal('week'), on: z.array(z.enum(weekdays)).min(1).max(7), at }),
    z.strictObject({
      every: z.literal('month'),
      on: z.union([z.int().min(1).max(28), z.literal('last')]),
      at,
    }),
  ])
  .openapi('ScheduleRule')

const backupParams = z.strictObject({
  name: text(200).optional(),
  description: text(2000).optional(),
  proof: z.enum(['counts', 'sampled', 'full']).optional(),
})
const checkParams = z.strictObject({
  readData: z
    .string()
    .regex(/^(all|\d{1,3}(\.\d+)?%)$/)
    .optional(),
})
const drillParams = z.strictObject({
  backup: z
    .string()
    .regex(/^\w[\w-]{0,63}$/)
    .optional(),
})
const pruneParams = z.strictObject({ keep: json })

/** What each kind of job takes. */
export const paramsOf = {
  backup: backupParams,
  check: checkParams,
  drill: drillParams,
  prune: pruneParams,
  refresh: z.strictObject({}),
  measure: z.strictObject({}),
  stats: z.strictObject({}),
  'prune-preview': pruneParams,
  copy: z.strictObject({ to: name.openapi({ description: 'the repository that is brought up to date' }) }),
} as const
export const kinds = [
  'backup',
  'check',
  'copy',
  'drill',
  'measure',
  'prune',
  'prune-preview',
  'refresh',
  'stats',
] as const
/** Also those that are begun by routes of their own. */
export const allKinds = [...kinds, 'restore', 'undo', 'release', 'remove', 'pin', 'unpin', 'show'] as const

export const ScheduleInput = z
  .strictObject({
    name,
    kind: z.enum(kinds),
    source: name.optional(),
    repository: name
      .optional()
      .openapi({ description: 'for a check and a refresh, which are of a whole repository' }),
    rule: ScheduleRule,
    zone: text(100).default('UTC').openapi({ example: 'Europe/Berlin' }),
    jitterSeconds: z.int().min(0).max(86_400).default(0),
    enabled: z.boolean().default(true),
    overlap: z.enum(['skip', 'queue']).default('skip'),
    params: json.default({}),
    keep: json
      .nullable()
      .default(null)
      .openapi({ description: 'which backups stay, as "keep" of a source in holdfast.json' }),
  })
  .openapi('ScheduleInput')
export const ScheduleChange = z
  .strictObject({
    rule: ScheduleRule,
    zone: text(100),
    jitterSeconds: z.int().min(0).max(86_400),
    enabled: z.boolean(),
    overlap: z.enum(['skip', 'queue']),
    params: json,
    keep: json.nullable(),
  })
  .partial()
  .openapi('ScheduleChange', { description: 'what is left out stays' })
export const Schedule = z
  .object({
    id: z.uuid(),
    name,
    kind: z.string(),
    sourceId: z.uuid().nullable(),
    repositoryId: z.uuid().nullable(),
    rule: json,
    zone: z.string(),
    jitterSeconds: z.int(),
    enabled: z.boolean(),
    overlap: z.enum(['skip', 'queue']),
    params: json,
    keep: json.nullable(),
    nextRun: time.nullable(),
    lastRun: time.nullable(),
    lastSkipped: time.nullable(),
    problem: z.string().nullable(),
    createdAt: time,
    changedAt: time,
  })
  .openapi('Schedule')

export const ScheduleRunsInput = z
  .strictObject({
    rule: ScheduleRule,
    zone: text(100).default('UTC').openapi({ example: 'Europe/Berlin' }),
    count: z.int().min(1).max(50).default(5),
  })
  .openapi('ScheduleRunsInput')
export const ScheduleRuns = z.object({ items: z.array(time) }).openapi('ScheduleRuns')

export const JobInput = z
  .strictObject({
    kind: z.enum(kinds),
    source: name.optional(),
    repository: name.optional(),
    params: json.default({}),
    dedupeKey: text(200)
      .optional()
      .openapi({ description: 'while a job of this key is not over, it is given instead of a new one' }),
    ...Confirmation.shape,
  })
  .openapi('JobInput', {
    description: 'a prune, which removes backups, takes the name of its source as confirm',
  })
export const BackupInput = backupParams.extend({ source: name }).openapi('BackupInput')
export const Job = z
  .object({
    id: z.uuid(),
    kind: z.string(),
    about: z.string(),
    status: z.enum(jobStatuses),
    sourceId: z.uuid().nullable(),
    repositoryId: z.uuid().nullable(),
    scheduleId: z.uuid().nullable(),
    scheduledFor: time.nullable(),
    params: json,
    requestedBy: z.string(),
    attempt: z.int(),
    maxAttempts: z.int(),
    worker: z.string().nullable(),
    progress: json.nullable(),
    error: json.nullable().openapi({ description: 'code, message and hint; ownHint: the hint is not that of the code; parts: what the message is made of, for other languages' }), // prettier-ignore
    cancelRequestedAt: time.nullable(),
    createdAt: time,
    notBefore: time.nullable(),
    startedAt: time.nullable(),
    endedAt: time.nullable(),
  })
  .openapi('Job')
export const JobDetail = Job.extend({ result: json.nullable() }).openapi('JobDetail')
export const JobQuery = pageQuery.extend({
  status: z.enum(jobStatuses).optional(),
  kind: z.enum(allKinds).optional(),
  source: name.optional(),
  schedule: name.optional(),
})
export const LogQuery = z.object({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1000).default(500),
})
export const Log = z
  .object({
    lines: z.array(
      z.object({ number: z.int(), at: time, attempt: z.int(), level: z.string(), text: z.string() }),
    ),
  })
  .openapi('Log')

export const Backup = z
  .object({
    id: z.string(),
    repositoryId: z.uuid(),
    sourceId: z.uuid().nullable(),
    moment: time,
    summary: json,
  })
  .openapi('Backup')
export const BackupQuery = pageQuery.extend({ source: name.optional(), repository: name.optional() })

export * from './contract/restores.ts'
export * from './contract/source-facts.ts'
export * from './contract/statistics.ts'

export const Repositories = z.object({ items: z.array(Repository) }).openapi('Repositories')
export const Sources = z.object({ items: z.array(Source) }).openapi('Sources')
export const Schedules = z.object({ items: z.array(Schedule) }).openapi('Schedules')
export const Jobs = z.object({ items: z.array(Job), next }).openapi('Jobs')
export const Backups = z.object({ items: z.array(Backup), next }).openapi('Backups')
export * from './contract/people.ts'

export * from './contract/audit.ts'
export * from './contract/guards.ts'
export * from './contract/one-backup.ts'
export * from './contract/downloads.ts'
export * from './contract/system.ts'
export * from './contract/uploads.ts'
export * from './contract/repository-keys.ts'
