import { HoldfastError } from '../../lib/errors.ts'
import { opaqueEnd } from '../../postgres/schema/words.ts'

/**
 * Refuses a condition that would end the statement it is put into: its brackets must close, and no semicolon or lone quote
 * may stand outside of constants and names. What it reads is the role's own right. Throws `usage`.
 */
export function requireCondition(sql: string): void {
  if (sql.trim() !== '' && isOneExpression(sql)) return
  throw new HoldfastError('usage', 'The condition of --where is not one SQL expression.', {
    hint: 'For example: --where "customer_id = 7 AND created_at > \'2026-11-01\'"',
  })
}

function isOneExpression(sql: string): boolean {
  let depth = 0
  for (let at = 0; at < sql.length;) {
    const end = opaqueEnd(sql, at)
    if (end > at) {
      at = end
      continue
    }
    const char = sql[at++] ?? ''
    if (char === '(') depth++
    if (char === ')') depth--
    // A comment of the other kind may hide anything.
    const hides = char === '/' && sql[at] === '*'
    if (depth < 0 || hides || [';', "'", '"', '$', '\0'].includes(char)) return false
  }
  return depth === 0
}

/** Whether a condition that `requireCondition` lets be asks other tables than its own. */
export function asksOthers(sql: string): boolean {
  for (let at = 0; at < sql.length;) {
    const end = Math.max(opaqueEnd(sql, at), at + 1)
    if (/^(select|table)$/i.test(sql.slice(at, end))) return true
    at = end
  }
  return false
}
