/** How long an object storage is waited for. */
export interface Timeouts {
  /** How long connecting may take. */
  readonly connectMs: number
  /** How long a connection may be silent, in either direction. */
  readonly silentMs: number
}

export const usualTimeouts: Timeouts = { connectMs: 15_000, silentMs: 60_000 }
