import { eventInfo, type EventName, type Severity } from './events.ts'
import type { News } from './record.ts'
import type { Facts } from './types.ts'
import { plainText } from './words.ts'

/** What is told, whatever the way it takes. It is made once, so that a repetition says the same. */
export interface Message {
  /** `letter`: for one person, about their account; it is of no alarm, and goes by mail only. */
  readonly kind: 'raised' | 'over' | 'digest' | 'test' | 'letter'
  /** Null: of none. */
  readonly event: EventName | null
  readonly severity: Severity
  /** One line. */
  readonly title: string
  readonly text: string
  /** What a summary lists. */
  readonly lines: readonly string[]
  /** Name of the source, repository or schedule. */
  readonly about: string | null
  /** Id of the alarm. */
  readonly alarm: string | null
  /** When it was so. ISO 8601, UTC. */
  readonly at: string
  readonly facts: Facts
}

export function messageOf({ phase, alarm }: News): Message {
  const { event, about } = alarm
  const title = `${phase === 'over' ? 'Over: ' : ''}${eventInfo[event].title}: ${plainText(about, 100)}`
  return {
    kind: phase,
    event,
    severity: alarm.severity,
    title,
    text: phase === 'over' ? (alarm.closedText ?? '') : alarm.text,
    lines: [],
    about,
    alarm: alarm.id,
    at: (phase === 'over' ? (alarm.closedAt ?? alarm.raisedAt) : alarm.raisedAt).toISOString(),
    facts: alarm.facts,
  }
}

export function testMessage(destination: string, now: Date): Message {
  return {
    kind: 'test',
    event: null,
    severity: 'info',
    title: 'A test message of Holdfast',
    text: `Somebody wanted to see that alarms arrive here: they do. The destination is called ${destination}.`,
    lines: [],
    about: null,
    alarm: null,
    at: now.toISOString(),
    facts: {},
  }
}
