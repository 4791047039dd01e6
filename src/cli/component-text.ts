import type { ComponentChange, ComponentPreview } from '../restore/component/types.ts'
import { formatCountOf } from './format.ts'
import type { Output } from './output.ts'
import { printable } from './width.ts'
import { linesOf, tellLabelled } from './wrap.ts'

/** What was done with an object, for reports. */
export const didText = { make: 'made', replace: 'replaced', drop: 'dropped' } as const

/** Prints what restoring components would do: object by object, with the lines that differ. */
export function tellComponents(out: Output, preview: ComponentPreview): void {
  for (const line of linesOf(summaryText(preview, 'planned'), out.width))
    out.line([{ text: line, style: 'strong' }])
  for (const text of preview.problems)
    tellLabelled(out, { label: 'PROBLEM', text: printable(text), style: 'bad' })
  for (const text of preview.warnings)
    tellLabelled(out, { label: 'note', text: printable(text), style: 'strong' })
  for (const change of preview.changes.filter((c) => c.action !== null)) tellChange(out, change)
  const left = preview.changes.filter((c) => c.action === null)
  if (left.length > 0) out.line()
  for (const change of left) {
    const note = change.note === null ? '' : `: ${change.note}`
    const text = `${change.object} (${foundText[change.found]}${note})`
    tellLabelled(out, { label: 'leave', text: printable(text) })
  }
}

/** How an object that is left alone differs. */
export const foundText = {
  missing: 'only in the backup',
  changed: 'not as in the backup',
  extra: 'only in the database',
} as const

function tellChange(out: Output, change: ComponentChange): void {
  out.line()
  const label = change.action ?? ''
  tellLabelled(out, {
    label,
    text: printable(change.object + (change.note === null ? '' : ` (${change.note})`)),
  })
  for (const line of differingLines(change.before, change.after)) out.line(`    ${printable(line)}`)
}

/** In one sentence. */
export function summaryText(preview: ComponentPreview, when: 'planned' | 'done'): string {
  const count = (action: ComponentChange['action']): number =>
    preview.changes.filter((c) => c.action === action).length
  const parts = (['make', 'replace', 'drop'] as const).flatMap((action) =>
    count(action) === 0
      ? []
      : [`${when === 'done' ? didText[action] : action} ${formatCountOf(count(action), 'object')}`],
  )
  const left = count(null)
  const rest =
    left === 0
      ? ''
      : ` ${formatCountOf(left, 'object')} ${left === 1 ? 'differs and is' : 'differ and are'} left alone.`
  const { components, undoes } = preview
  const where = `the database ${printable(preview.database)}`
  if (parts.length === 0)
    return undoes === null
      ? `Nothing to do about ${components.join(', ')} of ${where}.${rest}`
      : `Nothing to take back in ${where}: all is as it was before the restore.`
  const meant = undoes === null ? `bring back ${components.join(', ')}` : `take back restore ${undoes}`
  const beginning = when === 'done' ? `In ${where}:` : `To ${meant} in ${where}:`
  return `${beginning} ${parts.join(', ')}. No row is touched.${rest}`
}

/** Prints that it was done, and how to take it back. */
export function tellDone(out: Output, o: { preview: ComponentPreview; restore: string }): void {
  for (const line of linesOf(summaryText(o.preview, 'done'), out.width))
    out.line([{ text: line, style: 'strong' }])
  tellLabelled(out, { label: 'restore', text: o.restore })
  tellLabelled(out, { label: 'report', text: `holdfast restores ${o.restore}` })
  tellLabelled(out, { label: 'undo', text: 'with the same --repo and --to:' })
  out.line(['            ', { text: `holdfast undo ${o.restore}`, style: 'command' }])
}

/** Lines around a difference that are shown, too. */
const around = 1
/** Above this, comparing line by line costs more than it tells. */
const mostLines = 400

/** The lines that differ, `-` as they are and `+` as in the backup, with a line around them. */
export function differingLines(before: string | null, after: string | null): string[] {
  const [a, b] = [before, after].map((text) => (text === null ? [] : text.trimEnd().split('\n')))
  if (a === undefined || b === undefined) return []
  if (a.length > mostLines || b.length > mostLines)
    return [`- ${formatCountOf(a.length, 'line')}`, `+ ${formatCountOf(b.length, 'line')}`]
  const lines = alignedLines(a, b)
  const near = (at: number): boolean =>
    lines.slice(Math.max(0, at - around), at + around + 1).some(([sign]) => sign !== ' ')
  return lines.flatMap(([sign, text], at) => (near(at) ? [`${sign} ${text}`] : []))
}

/** Both texts as one list, by their longest common part. */
function alignedLines(a: readonly string[], b: readonly string[]): (readonly [' ' | '-' | '+', string])[] {
  const common: number[][] = Array.from({ length: a.length + 1 }, () =>
    Array.from({ length: b.length + 1 }, () => 0),
  )
  const length = (i: number, j: number): number => common[i]?.[j] ?? 0
  for (let i = a.length - 1; i >= 0; i--) {
    const row = common[i] ?? []
    for (let j = b.length - 1; j >= 0; j--)
      row[j] = a[i] === b[j] ? length(i + 1, j + 1) + 1 : Math.max(length(i + 1, j), length(i, j + 1))
  }
  const lines: (readonly [' ' | '-' | '+', string])[] = []
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push([' ', a[i++] ?? ''])
      j++
    } else if (j >= b.length || (i < a.length && length(i + 1, j) >= length(i, j + 1))) {
      lines.push(['-', a[i++] ?? ''])
    } else lines.push(['+', b[j++] ?? ''])
  }
  return lines
}
