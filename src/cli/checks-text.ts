import type { Output } from './output.ts'
import type { SourceCheck } from './source-checks.ts'
import { printable } from './width.ts'

const marks = {
  good: { text: 'ok', style: 'good' },
  note: { text: 'note', style: 'strong' },
  bad: { text: 'PROBLEM', style: 'bad' },
  unknown: { text: 'unknown', style: 'quiet' },
} as const

/** Prints what was found, a line each, with what to do. */
export function tellChecks(out: Output, checks: readonly SourceCheck[]): void {
  const width = Math.max(...checks.map(({ name }) => name.length))
  for (const { name, result, text, hint } of checks) {
    const { text: mark, style } = marks[result]
    const gap = ' '.repeat(9 - mark.length)
    out.line(['  ', { text: mark, style }, `${gap}${name.padEnd(width)}  ${printable(text)}`])
    if (hint !== null && result !== 'good') {
      out.line(`${' '.repeat(13 + width)}${printable(hint)}`)
    }
  }
}
