import type {
  Alarm,
  Destination,
  DestinationInput,
  Severity,
  Subscription,
  SubscriptionChange,
} from '../../lib/types.ts'

/* A destination and what it hears, as the forms hold them. */

export const kinds = ['email', 'slack', 'teams', 'discord', 'webhook', 'ping'] as const
export const securities = ['tls', 'starttls', 'none'] as const
export const reaches = ['public', 'private', 'any'] as const
export const severities = ['info', 'warning', 'error', 'critical'] as const
export const eventNames = ['backup_failed', 'backup_recovered', 'backup_late', 'backup_odd', 'run_late', 'schedule_off', 'drill_failed', 'damage_found', 'check_not_made', 'retention_blocked', 'storage_filling', 'restore_started', 'restore_ended', 'job_failed', 'destination_dead'] as const satisfies readonly Alarm['event'][] // prettier-ignore
export const modes = ['each', 'daily', 'weekly'] as const

type Address = DestinationInput['address']

export const noAddress = { kind: 'email', url: '', host: '', port: '465', security: 'tls', user: '', password: '', from: '', to: '', success: '', fail: '', start: '', reach: 'public' } // prettier-ignore
export type AddressDraft = typeof noAddress

/** What of its address is no secret: the rest is entered anew. */
export function draftOf({ kind, reach, settings }: Destination): AddressDraft {
  const text = (name: string): string => {
    const value = settings[name]
    return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
  }
  if (kind !== 'email') return { ...noAddress, kind, reach }
  const to = settings['to']
  const known = ['host', 'port', 'security', 'user', 'from'] as const
  return {
    ...noAddress,
    kind,
    reach,
    ...Object.fromEntries(known.map((name) => [name, text(name)])),
    to: Array.isArray(to) ? to.join(', ') : '',
  }
}

export function addressOf(draft: AddressDraft): { address: Address; reach: (typeof reaches)[number] } {
  const { user, password, host, from, url } = draft
  const reach = draft.reach as (typeof reaches)[number]
  const kind = draft.kind as (typeof kinds)[number]
  if (kind === 'ping') return { reach, address: { kind, success: draft.success, ...given({ fail: draft.fail, start: draft.start }) } } // prettier-ignore
  if (kind !== 'email') return { reach, address: { kind, url } }
  const address = {
    kind,
    host,
    port: Number(draft.port),
    security: draft.security as (typeof securities)[number],
    from,
    to: draft.to.split(',').map((one) => one.trim()),
    ...(user === '' ? {} : { user }),
    ...(password === '' ? {} : { password }),
  }
  return { reach, address }
}

const given = (texts: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== ''))

/** What it hears. `source` null: of all, and of what is of none; `events` null: all. */
export interface HearingDraft {
  readonly source: string | null
  readonly events: readonly Alarm['event'][] | null
  readonly minSeverity: Severity
  readonly mode: (typeof modes)[number]
  readonly zone: string
  /** Of a summary, in its zone. */
  readonly hour: number
  readonly enabled: boolean
}

export function newHearing(): HearingDraft {
  const { timeZone: zone } = new Intl.DateTimeFormat().resolvedOptions()
  return { source: null, events: null, minSeverity: 'warning', mode: 'each', zone, hour: 8, enabled: true }
}

export function hearingOf(of: Subscription, sources: ReadonlyMap<string, string>): HearingDraft {
  const { sourceId, events, minSeverity, mode, zone, hour, enabled } = of
  const source = sourceId === null ? null : (sources.get(sourceId) ?? null)
  return { source, events, minSeverity, mode, zone, hour, enabled }
}

export function changeOf({ events, ...rest }: HearingDraft): SubscriptionChange {
  return { ...rest, events: events === null ? null : [...events] }
}
