import type { EventName, Severity } from './events.ts'

/** What an alarm is about. */
export interface Subject {
  readonly kind: 'source' | 'repository' | 'schedule' | 'destination' | 'job'
  readonly id: string
  /** What people call it. */
  readonly name: string
  /** Whose people see it; null: only those who see all. */
  readonly sourceId: string | null
  readonly repositoryId: string | null
}

/** Names and numbers for machines, never a secret. */
export type Facts = Readonly<Record<string, unknown>>

/** Something is so: an alarm is raised, or the one that is open says so anew. */
export interface Raise {
  readonly do: 'raise'
  readonly event: EventName
  readonly subject: Subject
  readonly severity: Severity
  readonly text: string
  readonly facts: Facts
  /** What of it is worth telling by itself: each once while the alarm is open. */
  readonly keys: readonly string[]
  /** True: a job has said so, which is counted. False: it is still so. */
  readonly counts: boolean
}

/** It is not so any more. Nothing happens where no such alarm is open. */
export interface Close {
  readonly do: 'close'
  readonly event: EventName
  readonly subject: Subject
  readonly text: string
}

/** Something has happened, which does not last. */
export interface Tell {
  readonly do: 'tell'
  readonly event: EventName
  readonly subject: Subject
  readonly severity: Severity
  readonly text: string
  readonly facts: Facts
  /** Which time it is: of one occurrence no second alarm is made. */
  readonly occurrence: string
}

/** What is to be done with the alarms: all that judging comes to, as data. */
export type Change = Raise | Close | Tell

/** An alarm that is open, as far as judging needs it. */
export interface OpenAlarm {
  readonly event: EventName
  readonly facts: Facts
  readonly times: number
  readonly raisedAt: Date
}

/** Facts of alarms that are open, by event, of one subject. */
export type OpenAlarms = ReadonlyMap<EventName, OpenAlarm>
