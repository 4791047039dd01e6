import type { z } from 'zod'
import type * as contract from '../../api/contract.ts'
import type * as events from '../../api/contract/events.ts'

/** What the API takes and gives, from its contract, so that a change there is an error here. Only types cross over. */

export type Problem = z.infer<typeof contract.Problem>
export type Repository = z.infer<typeof contract.Repository>
export type RepositoryInput = z.input<typeof contract.RepositoryInput>
export type Source = z.infer<typeof contract.Source>
export type SourceInput = z.input<typeof contract.SourceInput>
export type SourceChange = z.input<typeof contract.SourceChange>
export type Schedule = z.infer<typeof contract.Schedule>
export type ScheduleInput = z.input<typeof contract.ScheduleInput>
export type ScheduleChange = z.input<typeof contract.ScheduleChange>
export type ScheduleRule = z.infer<typeof contract.ScheduleRule>
export type Job = z.infer<typeof contract.Job>
export type JobDetail = z.infer<typeof contract.JobDetail>
export type JobInput = z.input<typeof contract.JobInput>
export type JobStatus = Job['status']
export type JobKind = JobInput['kind']
export type Log = z.infer<typeof contract.Log>
export type Backup = z.infer<typeof contract.Backup>
export type BackupInput = z.input<typeof contract.BackupInput>
export type BackupDetail = z.infer<typeof contract.BackupDetail>
export type DownloadInput = z.input<typeof contract.DownloadInput>
export type DownloadLink = z.infer<typeof contract.DownloadLink>
export type Upload = z.infer<typeof contract.Upload>
export type Consequences = z.infer<typeof contract.Consequences>
export type Restore = z.infer<typeof contract.Restore>
export type RestoreSummary = z.infer<typeof contract.RestoreSummary>
export type RestoreInput = z.input<typeof contract.RestoreInput>
export type SourceTables = z.infer<typeof contract.SourceTables>
export type SourceCounts = z.infer<typeof contract.SourceCounts>
export type SourceTest = z.infer<typeof contract.SourceTest>
export type Overview = z.infer<typeof contract.Overview>
export type SourceState = z.infer<typeof contract.SourceState>
export type Statistics = z.infer<typeof contract.Statistics>
export type RepositoryKeys = z.infer<typeof contract.RepositoryKeys>
export type RepositoryStorage = z.infer<typeof contract.RepositoryStorage>

export type Me = z.infer<typeof contract.Me>
export type OwnSession = z.infer<typeof contract.Session>
export type SignInWays = z.infer<typeof contract.SignInWays>
export type TotpSecret = z.infer<typeof contract.TotpSecret>
export type RecoveryCodes = z.infer<typeof contract.RecoveryCodes>
export type Person = z.infer<typeof contract.Person>
export type PersonInput = z.input<typeof contract.PersonInput>
export type PersonChange = z.input<typeof contract.PersonChange>
export type Invited = z.infer<typeof contract.Invited>
export type Link = z.infer<typeof contract.Link>
export type Key = z.infer<typeof contract.Key>
export type NewKey = z.infer<typeof contract.NewKey>
export type KeyInput = z.input<typeof contract.KeyInput>
export type Provider = z.infer<typeof contract.Provider>
export type ProviderInput = z.input<typeof contract.ProviderInput>
export type Roles = z.infer<typeof contract.Roles>
export type System = z.infer<typeof contract.System>
export type Settings = z.infer<typeof contract.Settings>
export type Approval = z.infer<typeof contract.Approval>
export type AuditEntry = z.infer<typeof contract.AuditEntry>
export type AuditEntries = z.infer<typeof contract.AuditEntries>
export type AuditVerdict = z.infer<typeof contract.AuditVerdict>
export type Alarm = z.infer<typeof contract.Alarm>
export type Severity = Alarm['severity']
export type Destination = z.infer<typeof contract.Destination>
export type DestinationInput = z.input<typeof contract.DestinationInput>
export type DestinationWithKey = z.infer<typeof contract.DestinationWithKey>
export type DestinationTest = z.infer<typeof contract.DestinationTest>
export type Subscription = z.infer<typeof contract.Subscription>
export type SubscriptionInput = z.input<typeof contract.SubscriptionInput>
export type SubscriptionChange = z.input<typeof contract.SubscriptionChange>
export type Delivery = z.infer<typeof contract.Delivery>
export type Event = z.infer<typeof events.Event>

/** Lists that come in pages. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly next: string | null
}

/** What a job says of itself while it runs; src/jobs/types.ts. */
export interface JobProgress {
  readonly phase: string
  readonly done: number
  readonly total: number | null
  readonly unit: 'bytes' | 'rows' | 'objects' | 'tables'
  readonly percent: number | null
  readonly perSecond: number | null
  readonly secondsLeft: number | null
}

export interface JobError {
  readonly code: string
  readonly message: string
  readonly hint: string
  /** The hint is of this very failure, and says more than that of its code. */
  readonly ownHint?: boolean
  /** What the message is made of, for other languages. */
  readonly parts?: readonly unknown[]
}
