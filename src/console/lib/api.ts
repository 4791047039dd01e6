import { credentials, endSession } from '../session.ts'
import type { Problem } from './types.ts'

/** What the API refused or failed at, with its code and hint; `unreachable` is the console's own. */
export class ApiError extends Error {
  readonly code: string
  readonly hint: string
  readonly status: number
  readonly problems: NonNullable<Problem['problems']>

  constructor({ code, hint, status, detail, problems = [] }: Omit<Problem, 'type' | 'title'>) {
    super(detail)
    this.name = 'ApiError'
    this.code = code
    this.hint = hint
    this.status = status
    this.problems = problems
  }
}

type Query = Readonly<Record<string, string | number | undefined>>

export interface RequestOptions {
  readonly query?: Query
  readonly body?: unknown
  readonly signal?: AbortSignal
}

/** Asks the API. `path` begins below /api/v1. Throws ApiError. */
export async function request<T>(
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  { query = {}, body, signal }: RequestOptions = {},
): Promise<T> {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, String(value)]],
  )
  const search = new URLSearchParams(given as [string, string][]).toString()
  const response = await send(`/api/v1${path}${search === '' ? '' : `?${search}`}`, {
    method,
    headers: {
      ...credentials(),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  })
  if (response.ok) return (response.status === 204 ? undefined : await response.json()) as T
  const problem = await problemOf(response)
  if (response.status === 401) endSession()
  throw new ApiError(problem)
}

async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init)
  } catch (cause) {
    if (init.signal?.aborted === true) throw cause
    throw new ApiError({ code: 'unreachable', hint: '', status: 0, detail: '' })
  }
}

/** What is no problem of the API, such as a proxy's page, is told as one. */
async function problemOf(response: Response): Promise<Problem> {
  const given = (await response.json().catch(() => null)) as Problem | null
  if (given !== null && typeof given.code === 'string') return given
  const { status } = response
  return { type: 'about:blank', title: '', status, detail: '', code: `http_${status}`, hint: '' }
}

export function isApiError(error: unknown, code?: string): error is ApiError {
  return error instanceof ApiError && (code === undefined || error.code === code)
}
