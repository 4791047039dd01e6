/** What an error code means. */
export interface ErrorCodeInfo {
  /** Process exit status. 1 failed, 2 bad input, 3 not found, 4 integrity, 5 not allowed, 6 unreachable, 7 refused for safety, 130 cancelled. */
  readonly exit: number
  /** What has happened, in one sentence. */
  readonly meaning: string
  /** What to do, used where the place that throws knows nothing more exact. */
  readonly hint: string
}
