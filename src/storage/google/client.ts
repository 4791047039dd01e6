import type { Clock } from '../../lib/clock.ts'
import { openHttp, type HttpAnswer } from '../remote/http.ts'
import type { Timeouts } from '../remote/timeouts.ts'
import type { GoogleLocation } from './address.ts'
import { loginFailed, refusalOf } from './errors.ts'

/** Gives the headers of a request that say who asks, with a token that is still good. */
export type Login = () => Promise<Readonly<Record<string, string>>>

export interface GoogleOptions {
  readonly location: GoogleLocation
  /** The machine's clock. */
  readonly clock: Clock
  /** Left out: what Google's library finds, in the environment, in gcloud's files and from the machine it runs on. */
  readonly login?: Login | undefined
  readonly timeouts?: Timeouts | undefined
}

export interface GoogleRequest {
  readonly method: string
  /** Below the server's root, or whole, where the service has said where to send something: then it needs no login. */
  readonly to: string | URL
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | undefined
  /** Statuses besides 2xx that are no failure. */
  readonly accepted?: readonly number[]
  readonly signal?: AbortSignal | undefined
}

export interface GoogleConnection {
  /** One attempt. Throws what `errors.ts` explains. */
  request(request: GoogleRequest): Promise<HttpAnswer>
  /** As `HttpClient`'s. */
  clockAheadMs(): number | null
}

const service = 'https://storage.googleapis.com'
/** Enough for objects, and for reading what a bucket is like. */
const scopes = ['https://www.googleapis.com/auth/devstorage.read_write']
const loginMs = 60_000

/** Sends nothing. Throws `usage`. */
export async function openClient(options: GoogleOptions): Promise<GoogleConnection> {
  const { location, clock, timeouts } = options
  const { endpoint, project, ca } = location
  const http = await openHttp({ location: { ca, insecure: false }, clock, timeouts })
  const login = options.login ?? (await findLogin())
  const root = (endpoint?.href ?? service).replace(/\/$/, '')
  const payer: Readonly<Record<string, string>> = project === null ? {} : { 'x-goog-user-project': project }
  return {
    async request({ method, to, query = {}, headers = {}, body, accepted = [], signal }) {
      const url = typeof to === 'string' ? new URL(root + to) : to
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
      const who = typeof to === 'string' ? { ...(await login()), ...payer } : {}
      const answer = await http.send({ method, url, headers: { ...headers, ...who }, body, signal })
      const { status } = answer
      if ((status >= 200 && status < 300) || accepted.includes(status)) return answer
      throw refusalOf(answer)
    },
    clockAheadMs: http.clockAheadMs,
  }
}

async function findLogin(): Promise<Login> {
  const { GoogleAuth } = await import('google-auth-library')
  const clientOptions = { transporterOptions: { timeout: loginMs } }
  // It would look for a project to name, also by running gcloud, and none is needed.
  const auth = new GoogleAuth({ scopes, clientOptions, projectId: 'none' })
  return async () => {
    try {
      return Object.fromEntries(await auth.getRequestHeaders())
    } catch (error) {
      throw loginFailed(error)
    }
  }
}
