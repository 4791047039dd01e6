/** What a browser does of what matters here: it keeps cookies, and its page sends the word of its session along. */
export interface Browser {
  /** `POST /session`, below /api/v1. A body is sent as JSON. `headers` replace what would be sent; null leaves one out. */
  call(line: string, body?: unknown, headers?: Readonly<Record<string, string | null>>): Promise<Answer>
  /** Follows a path outside of the API, without redirects. */
  open(path: string): Promise<Response>
  readonly cookies: Map<string, string>
  /** What the last answers said the word of the session is. */
  csrf(): string | undefined
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // Whatever it is: each test says what it must be.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any
}

/** `send`: fetch, or the app itself. `base`: http://127.0.0.1:1234 */
export function newBrowser(base: string, send: (request: Request) => Promise<Response>): Browser {
  const cookies = new Map<string, string>()
  let csrf: string | undefined

  async function request(path: string, init: RequestInit & { headers: Headers }): Promise<Response> {
    // A test that waits for a command in one piece does not see that the server has closed what it kept, and would ask over that.
    init.headers.set('connection', 'close')
    if (cookies.size > 0)
      init.headers.set('cookie', [...cookies].map(([name, value]) => `${name}=${value}`).join('; '))
    const response = await send(new Request(`${base}${path}`, { ...init, redirect: 'manual' }))
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '' || /max-age=0/i.test(line)) cookies.delete(name)
      else cookies.set(name, value)
    }
    return response
  }

  return {
    cookies,
    csrf: () => csrf,
    open: (path) => request(path, { headers: new Headers() }),
    async call(line, body, extra = {}) {
      const [method = '', path = ''] = line.split(' ')
      const headers = new Headers({ 'user-agent': 'Test browser' })
      if (body !== undefined) headers.set('content-type', 'application/json')
      if (csrf !== undefined && method !== 'GET') headers.set('holdfast-csrf', csrf)
      for (const [name, value] of Object.entries(extra))
        if (value === null) headers.delete(name)
        else headers.set(name, value)
      const response = await request(`/api/v1${path}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      const text = await response.text()
      const answer = { status: response.status, headers: response.headers, text, body: parsed(text) }
      csrf = answer.body?.session?.csrf ?? csrf
      return answer
    },
  }
}

function parsed(text: string): Answer['body'] {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
