import { credentials, endSession } from '../session.ts'
import { proveAgain } from './again.ts'
import type { Problem } from './types.ts'

/** What the API refused or failed at, with its code and hint; `unreachable` is the console's own. */
export class ApiError extends Error {
  readonly code: string
  readonly hint: string
  readonly status: number
  readonly problems: NonNullable<Problem['problems']>
  /** Of `confirmation_needed`: what is to be typed. */
  readonly confirm: string | null
  /** Of `approval_needed`: the wish that a second person has to agree to. */
  readonly approval: string | null

  constructor(o: Omit<Problem, 'type' | 'title'>) {
    super(o.detail)
    this.name = 'ApiError'
    this.code = o.code
    this.hint = o.hint
    this.status = o.status
    this.problems = o.problems ?? []
    this.confirm = o.confirm ?? null
    this.approval = o.approval ?? null
  }
}

/** Where the API is: the service's own, unless another application forwards to it. */
export interface Service {
  /** What stands for `/api/v1`. */
  readonly address: string
  readonly fetch: typeof fetch
}

const own: Service = { address: '/api/v1', fetch: (...asked) => fetch(...asked) }
let service = own

/** From now on requests go there. */
export function reachThrough(other: Service): void {
  service = other
}

/** What the API calls an address of its own, as it is reached from here. */
export function reachedAs(path: string): string {
  return path.startsWith(`${own.address}/`) ? `${service.address}${path.slice(own.address.length)}` : path
}

type Query = Readonly<Record<string, string | number | undefined>>

export interface RequestOptions {
  readonly query?: Query
  readonly body?: unknown
  readonly signal?: AbortSignal
  /** The wish that was agreed to, of what destroys. */
  readonly approval?: string | undefined
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/**
 * Asks the API. `path` begins below /api/v1. What takes a sign-in of the last minutes asks whoever sits here for it, and is sent again.
 * Throws ApiError.
 */
export async function request<T>(method: Method, path: string, options: RequestOptions = {}): Promise<T> {
  try {
    return await send<T>(method, path, options)
  } catch (error) {
    if (!isApiError(error, 'sign_in_again') || !(await proveAgain())) throw error
    return await send<T>(method, path, options)
  }
}

async function send<T>(method: Method, path: string, o: RequestOptions): Promise<T> {
  const { query = {}, body, signal, approval } = o
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, String(value)]],
  )
  const search = new URLSearchParams(given as [string, string][]).toString()
  const response = await reach(`${path}${search === '' ? '' : `?${search}`}`, {
    method,
    headers: {
      ...credentials(),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(approval === undefined ? {} : { 'holdfast-approval': approval }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  })
  if (response.ok) return (response.status === 204 ? undefined : await response.json()) as T
  throw await refusalOf(response)
}

/** An answer as the browser has it, such as a stream or a file. Throws ApiError. */
export async function open(path: string, init: RequestInit = {}): Promise<Response> {
  const response = await reach(path, {
    ...init,
    headers: { ...credentials(), ...(init.headers as Record<string, string> | undefined) },
  })
  if (response.ok) return response
  throw await refusalOf(response)
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    return await service.fetch(`${service.address}${path}`, init)
  } catch (cause) {
    if (init.signal?.aborted === true) throw cause
    throw apiErrorOf(0, '')
  }
}

async function refusalOf(response: Response): Promise<ApiError> {
  return apiErrorOf(response.status, await response.text().catch(() => ''))
}

/** Others that are 401, such as a wrong password, are about what was sent, and not about the session. `status` 0: there was no answer. */
export function apiErrorOf(status: number, text: string): ApiError {
  const problem = problemOf(status, text)
  if (problem.code === 'not_signed_in') endSession()
  return new ApiError(problem)
}

/** What is no problem of the API, such as a proxy's page, is told as one. */
function problemOf(status: number, text: string): Problem {
  const given = parsed(text) as Partial<Problem> | null
  if (typeof given?.code === 'string') return given as Problem
  const code = status === 0 ? 'unreachable' : `http_${status}`
  return { type: 'about:blank', title: '', status, detail: '', code, hint: '' }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

export function isApiError(error: unknown, code?: string): error is ApiError {
  return error instanceof ApiError && (code === undefined || error.code === code)
}
