/** The only error that the client throws, but for the reason of a signal that was aborted. */
export class HoldfastClientError extends Error {
  /**
   * Stable: of the service (docs/reference/errors.md), or `unreachable`: no answer came; `timed_out`: none in time; `not_understood`: the
   * answer is not one of the service.
   */
  readonly code: string
  /** What to do. */
  readonly hint: string
  /** Of the HTTP answer; 0: there was none. */
  readonly status: number
  /** Each thing that is wrong with the request, if the service says so. */
  readonly problems: readonly { readonly path: string; readonly what: string }[]
  /** Of `approval_needed`: what somebody else has to agree to; then the same call with the header holdfast-approval does it. */
  readonly approval: string | null

  constructor(o: {
    code: string
    message: string
    hint: string
    status: number
    problems?: HoldfastClientError['problems'] | undefined
    approval?: string | undefined
    cause?: unknown
  }) {
    super(o.message, o.cause === undefined ? undefined : { cause: o.cause })
    this.name = 'HoldfastClientError'
    this.code = o.code
    this.hint = o.hint
    this.status = o.status
    this.problems = o.problems ?? []
    this.approval = o.approval ?? null
  }
}

/** The error that an answer tells. */
export async function errorOf(response: Response): Promise<HoldfastClientError> {
  const { status } = response
  const text = await response.text().catch(() => '')
  const told = parsed(text)
  const { code, detail, hint, problems, approval } = told
  if (typeof code === 'string')
    return new HoldfastClientError({
      code,
      message: typeof detail === 'string' ? detail : code,
      hint: typeof hint === 'string' ? hint : '',
      status,
      problems: Array.isArray(problems) ? (problems as HoldfastClientError['problems']) : [],
      approval: typeof approval === 'string' ? approval : undefined,
    })
  return new HoldfastClientError({
    code: 'not_understood',
    message: `The answer ${status} is not one of Holdfast's.`,
    hint: 'See whether the address is that of the service, and what stands before it.',
    status,
  })
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
