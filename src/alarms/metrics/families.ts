/** A metric as Prometheus knows it. Names end in their unit, and in `_total` if they only grow. */
export interface Family {
  readonly type: 'gauge' | 'counter'
  readonly help: string
  readonly labels: readonly string[]
}

/** Everything that is exported: the one table behind /metrics, the dashboard, the alert rules and docs/ALARMS.md. */
export const families = {
  holdfast_info: { type: 'gauge', labels: ['version'], help: 'Always 1; the version is its label.' },
  holdfast_alarms_last_look_timestamp_seconds: {
    type: 'gauge',
    labels: [],
    help: 'When the service last compared what is with what should be. If this stands still, no alarm comes.',
  },
  holdfast_backup_last_success_timestamp_seconds: {
    type: 'gauge',
    labels: ['source'],
    help: 'When the newest completed backup of the source ended.',
  },
  holdfast_backup_last_success_age_seconds: {
    type: 'gauge',
    labels: ['source'],
    help: 'Time since the newest completed backup of the source ended; since the source was added if there is none.',
  },
  holdfast_backup_last_duration_seconds: {
    type: 'gauge',
    labels: ['source'],
    help: 'How long the newest backup of the source took.',
  },
  holdfast_backup_last_plain_bytes: {
    type: 'gauge',
    labels: ['source'],
    help: 'Rows of the newest backup as text, before compression.',
  },
  holdfast_backup_last_stored_bytes: {
    type: 'gauge',
    labels: ['source'],
    help: 'What the newest backup needs in the storage, shared with others or not.',
  },
  holdfast_backup_last_new_stored_bytes: {
    type: 'gauge',
    labels: ['source'],
    help: 'What the newest backup has added to the storage.',
  },
  holdfast_backup_last_rows: { type: 'gauge', labels: ['source'], help: 'Rows in the newest backup.' },
  holdfast_backups: {
    type: 'gauge',
    labels: ['source'],
    help: 'Backups of the source that the catalog knows.',
  },
  holdfast_drill_last_success_timestamp_seconds: {
    type: 'gauge',
    labels: ['source'],
    help: 'When the newest drill of the source that passed ended.',
  },
  holdfast_jobs: { type: 'gauge', labels: ['kind', 'status'], help: 'Jobs in the catalog.' },
  holdfast_queue_depth: { type: 'gauge', labels: [], help: 'Jobs that nobody has begun.' },
  holdfast_queue_oldest_age_seconds: {
    type: 'gauge',
    labels: [],
    help: 'How long the job waits that waits longest of those that may begin. 0: none does.',
  },
  holdfast_schedule_due_timestamp_seconds: {
    type: 'gauge',
    labels: ['schedule', 'kind'],
    help: 'When the next run of a schedule is to begin, of those that are switched on.',
  },
  holdfast_alarms_open: { type: 'gauge', labels: ['event', 'severity'], help: 'Alarms that are not over.' },
  holdfast_deliveries_pending: {
    type: 'gauge',
    labels: ['destination'],
    help: 'Messages that a destination has not taken yet.',
  },
  holdfast_deliveries_sent_total: {
    type: 'counter',
    labels: ['destination', 'kind'],
    help: 'Messages that a destination has taken.',
  },
  holdfast_delivery_failures_total: {
    type: 'counter',
    labels: ['destination', 'kind'],
    help: 'Attempts that a destination has not taken.',
  },
  holdfast_storage_used_bytes: {
    type: 'gauge',
    labels: ['repository'],
    help: 'What is taken of the storage, as it was last measured.',
  },
  holdfast_storage_capacity_bytes: {
    type: 'gauge',
    labels: ['repository'],
    help: 'What the storage holds at most, where that is known.',
  },
} as const satisfies Record<string, Family>

export type FamilyName = keyof typeof families
