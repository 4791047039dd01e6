import type { z } from '@hono/zod-openapi'
import { codes, type ErrorCode } from '../lib/error-codes.ts'
import { HoldfastError, isHoldfastError, messageOf } from '../lib/errors.ts'
import type { Problem } from './contract.ts'

type ProblemStatus = 400 | 401 | 403 | 404 | 409 | 412 | 422 | 429 | 500 | 503

/** Of an exit status, where no code has one of its own. */
const byExit: Readonly<Record<number, ProblemStatus>> = { 2: 400, 3: 404, 4: 409, 5: 403, 6: 503, 7: 409 }

/** Of codes that say more than their exit status. */
const byCode: Readonly<Partial<Record<ErrorCode, ProblemStatus>>> = {
  not_signed_in: 401,
  sign_in_failed: 401,
  code_needed: 401,
  too_many_attempts: 429,
  too_many_streams: 429,
  changed_meanwhile: 412,
  idempotency_mismatch: 422,
}

/** An error as RFC 9457 has it, with our code and hint. What is a mistake of this program is told without its words. */
export function problemOf(thrown: unknown): {
  status: ProblemStatus
  body: z.infer<typeof Problem> & { readonly code: ErrorCode }
} {
  const error = asTold(thrown)
  const { code, hint, details, exitCode } = error
  const status = byCode[code] ?? byExit[exitCode] ?? 500
  const known = status !== 500
  const { problems, confirm, approval } = details
  return {
    status,
    body: {
      type: `urn:holdfast:error:${code}`,
      title: codes[code].meaning,
      status,
      detail: known ? error.message : codes[code].meaning,
      code,
      hint,
      ...(Array.isArray(problems) ? { problems: problems as { path: string; what: string }[] } : {}),
      ...(typeof confirm === 'string' ? { confirm } : {}),
      ...(typeof approval === 'string' ? { approval } : {}),
    },
  }
}

/** What the catalog refused because of a value is the request's fault: text with a NUL in it, a number that is too large. */
function asTold(thrown: unknown): HoldfastError {
  if (!isHoldfastError(thrown)) return new HoldfastError('internal', messageOf(thrown), { cause: thrown })
  const { sqlstate } = thrown.details
  if (thrown.code !== 'catalog_failed' || typeof sqlstate !== 'string' || !sqlstate.startsWith('22'))
    return thrown
  return new HoldfastError('request_invalid', 'A value in the request can not be stored.', { cause: thrown })
}
