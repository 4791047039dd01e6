import { HoldfastError, messageOf } from '../lib/errors.ts'

/** What providers publish: their keys, and where they are. It is kept for a while, whatever is asked for. */
export interface Documents {
  /**
   * `newer`: what is kept lacks something. It is fetched again, but for one URL no more than once a minute, so that nobody makes this
   * service ask a provider all the time. Throws `provider_failed`.
   */
  get(url: string, newer?: boolean): Promise<object>
}

const freshMs = 10 * 60_000
/** What can't be fetched anew is believed for so long: a provider that rests a while shuts nobody out. */
const staleMs = 60 * 60_000
const pauseMs = 60_000
const pauseAfterFailureMs = 10_000
const answerWithinMs = 5_000
const mostBytes = 256 * 1024
const mostKept = 200

interface Kept {
  document: object | null
  fetchedAt: number
  triedAt: number
  failed: boolean
  pending: Promise<void> | null
}

/** `now`: a clock that is never set back, in milliseconds. */
export function createDocuments(now: () => number): Documents {
  const kept = new Map<string, Kept>()

  async function refresh(url: string, one: Kept): Promise<void> {
    one.triedAt = now()
    one.failed = true
    one.document = await fetchJson(url)
    one.fetchedAt = now()
    one.failed = false
  }

  return {
    async get(url, newer = false) {
      const never = Number.NEGATIVE_INFINITY
      const one = kept.get(url) ?? {
        document: null,
        fetchedAt: never,
        triedAt: never,
        failed: false,
        pending: null,
      }
      kept.set(url, one)
      if (kept.size > mostKept) kept.delete(kept.keys().next().value ?? '')
      const due = newer || one.document === null || now() - one.fetchedAt > freshMs
      const pause = one.failed ? pauseAfterFailureMs : pauseMs
      if (due && (one.pending !== null || now() - one.triedAt >= pause)) {
        one.pending ??= refresh(url, one).finally(() => (one.pending = null))
        await one.pending.catch((error: unknown) => {
          if (one.document === null) throw error
        })
      }
      if (one.document !== null && now() - one.fetchedAt <= staleMs) return one.document
      throw new HoldfastError('provider_failed', `${new URL(url).host} did not answer a moment ago.`)
    },
  }
}

/** What can be read or changed on its way is no proof of anything. Throws `provider_refused`. */
export function requireSafeUrl(text: string): URL {
  const url = URL.parse(text)
  const here = url !== null && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)
  const safe = url?.protocol === 'https:' || (url?.protocol === 'http:' && here)
  if (url !== null && safe && url.username === '' && url.password === '') return url
  throw new HoldfastError(
    'provider_refused',
    'A provider is reached by https:// only, or by http:// on this machine.',
  )
}

/** An object in JSON. No redirect is followed, and what is too long is not read. Throws `provider_failed`, `provider_refused`. */
export async function fetchJson(
  address: string,
  post?: { readonly form: URLSearchParams; readonly headers: Readonly<Record<string, string>> },
): Promise<object> {
  const url = requireSafeUrl(address)
  const signal = AbortSignal.timeout(answerWithinMs)
  const failed = (why: string, cause?: unknown): HoldfastError =>
    new HoldfastError('provider_failed', `${url.host} ${why}.`, { cause })
  try {
    const response = await fetch(url, {
      redirect: 'manual',
      signal,
      headers: { accept: 'application/json', ...post?.headers },
      ...(post === undefined ? {} : { method: 'POST', body: post.form }),
    })
    const text = await textOf(response)
    // What a refusal says may repeat what was sent.
    if (response.status !== 200) throw failed(`answered with status ${response.status}`)
    const value: unknown = text === null ? null : JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value
    throw failed('answered with something else than was asked for')
  } catch (error) {
    if (error instanceof HoldfastError) throw error
    if (error instanceof SyntaxError) throw failed('answered with something that is no JSON')
    throw failed(
      signal.aborted ? 'did not answer in time' : `could not be reached: ${messageOf(error)}`,
      error,
    )
  }
}

/** Null: it is too long. */
async function textOf({ body }: Response): Promise<string | null> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of body ?? []) {
    bytes += piece.length
    if (bytes > mostBytes) return null
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}
