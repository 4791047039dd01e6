/** How much it matters, from the least to the most. */
export const severities = ['info', 'warning', 'error', 'critical'] as const
export type Severity = (typeof severities)[number]

interface EventInfo {
  readonly title: string
  /** When it is raised, in one sentence. */
  readonly when: string
  readonly severity: Severity
  /**
   * `job`: it lasts until a job says that it is over, or a person does. `state`: it lasts as long as things are so, whatever anybody
   * says. `moment`: it happens and does not last.
   */
  readonly lasts: 'job' | 'state' | 'moment'
  /** When what lasts is over. */
  readonly over: string | null
  /** True: another event tells that it is over, so that is not told twice. */
  readonly toldByAnother?: true
  /** Who subscribes to this severity or less hears of it: recovery is heard by whoever heard of the failure. */
  readonly heardAs?: Severity
}

/** Everything that people can be told of: the one table behind alarms, subscriptions and docs/ALARMS.md. */
export const events = {
  backup_failed: {
    title: 'Backup failed',
    when: 'A backup has failed, and no attempt is left.',
    severity: 'error',
    lasts: 'job',
    over: 'A backup of the source is completed; that is told as "Backups work again".',
    toldByAnother: true,
  },
  backup_recovered: {
    title: 'Backups work again',
    when: 'The first backup after one or more that failed is completed.',
    severity: 'info',
    lasts: 'moment',
    over: null,
    heardAs: 'error',
  },
  backup_late: {
    title: 'Backup is late',
    when: 'The newest backup is older than it may be, or a scheduled one was not begun or has not ended in time.',
    severity: 'error',
    lasts: 'state',
    over: 'A backup is completed.',
  },
  backup_odd: {
    title: 'Backup looks wrong',
    when: 'A table has lost most of its rows or is not there any more, or size or duration is far from those of the last backups.',
    severity: 'warning',
    lasts: 'job',
    over: 'The next backup looks as it should, or a person says that this is how it is now.',
  },
  run_late: {
    title: 'Scheduled run is late',
    when: 'A scheduled drill, check or prune was not begun or has not ended in time.',
    severity: 'warning',
    lasts: 'state',
    over: 'It has ended.',
  },
  schedule_off: {
    title: 'Schedule was switched off',
    when: 'The service has switched a schedule off, because what it says can not be done.',
    severity: 'error',
    lasts: 'state',
    over: 'It is put right and switched on, or removed.',
  },
  drill_failed: {
    title: 'Drill failed',
    when: 'A drill found something, or could not be done.',
    severity: 'error',
    lasts: 'job',
    over: 'A drill of the source passes.',
  },
  damage_found: {
    title: 'Damage found',
    when: 'A check found that something in a repository is missing or damaged.',
    severity: 'critical',
    lasts: 'job',
    over: 'A check that read as much as the one that found it, or all, finds nothing.',
  },
  check_not_made: {
    title: 'Check could not be made',
    when: 'A check failed and says nothing of the repository.',
    severity: 'error',
    lasts: 'job',
    over: 'A check is made to its end.',
  },
  retention_blocked: {
    title: 'Retention is blocked',
    when: 'A prune failed, or what it has planned waits for a writer that has not ended for days.',
    severity: 'warning',
    lasts: 'job',
    over: 'A prune is completed and nothing holds it up.',
  },
  storage_filling: {
    title: 'Storage is nearly full',
    when: 'At the rate of the last weeks the storage is full within 14 days, or nine tenths of it are taken.',
    severity: 'warning',
    lasts: 'state',
    over: 'It is neither.',
  },
  restore_started: {
    title: 'Restore started',
    when: 'A restore or an undo was begun.',
    severity: 'info',
    lasts: 'moment',
    over: null,
  },
  restore_ended: {
    title: 'Restore ended',
    when: 'A restore or an undo is completed, has failed or was cancelled.',
    severity: 'info',
    lasts: 'moment',
    over: null,
  },
  job_failed: {
    title: 'Job failed',
    when: 'A job of another kind has failed, and no attempt is left.',
    severity: 'warning',
    lasts: 'job',
    over: 'A job of that kind is completed.',
  },
  destination_dead: {
    title: 'Alarms do not arrive',
    when: 'A destination took a message at no attempt. It is told in the list of alarms, and to other destinations.',
    severity: 'error',
    lasts: 'state',
    over: 'The destination takes a message.',
  },
} as const satisfies Record<string, EventInfo>

export type EventName = keyof typeof events
export const eventNames = Object.keys(events) as EventName[]

export const eventInfo: Readonly<Record<EventName, EventInfo>> = events

/** True if `a` matters at least as much as `b`. */
export function atLeast(a: Severity, b: Severity): boolean {
  return severities.indexOf(a) >= severities.indexOf(b)
}
