import type { Position } from '../../catalog/changes.ts'
import { HoldfastError } from '../../lib/errors.ts'

const snapshot = String.raw`\d{1,20}:\d{1,20}:(?:\d{1,20}(?:,\d{1,20})*)?`
const pattern = new RegExp(`^(${snapshot})(?:~(${snapshot})~(\\d{1,18}))?$`)

/** A position as the id of an event. Opaque to whoever passes it. */
export function printPosition({ from, to, number }: Position): string {
  return from === to ? from : `${from}~${to}~${number}`
}

/** Throws `request_invalid`. */
export function parsePosition(text: string): Position {
  const [, from, to, number] = pattern.exec(text) ?? []
  if (from === undefined) throw new HoldfastError('request_invalid', 'Last-Event-ID is no id of an event.')
  return { from, to: to ?? from, number: BigInt(number ?? 0) }
}
