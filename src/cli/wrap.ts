import type { Output, Span, Text } from './output.ts'
import { displayWidth, segments } from './width.ts'

/** Lines of at most `width` columns, broken at `separator`. Each word keeps its style. */
export function wrap(text: Text, width: number, separator = ' '): Span[][] {
  const lines: Span[][] = [[]]
  let used = 0
  for (const piece of typeof text === 'string' ? [text] : text) {
    const { text: plain, style } =
      typeof piece === 'string' ? { text: piece, style: 'plain' as const } : piece
    for (const [at, word] of plain.split(separator).entries()) {
      const gap = at > 0 && used > 0 ? separator : ''
      const wide = displayWidth(gap + word)
      if (at > 0 && used > 0 && used + wide > width) {
        lines.push([{ text: word, style }])
        used = displayWidth(word)
      } else {
        add(lines.at(-1) ?? [], { text: gap + word, style })
        used += wide
      }
    }
  }
  return lines
}

function add(line: Span[], next: Span): void {
  const last = line.at(-1)
  if (last?.style === next.style) line[line.length - 1] = { ...last, text: last.text + next.text }
  else line.push(next)
}

/** As wide as labels are: `  PROBLEM   `. */
const labelWidth = 12

export interface Labelled {
  /** Up to nine columns. */
  readonly label: string
  readonly text: string
  /** Of the label. Default: quiet. */
  readonly style?: Span['style']
}

/** Prints a label and what there is to say about it: on a terminal in lines that fit, all of them set in behind the label. */
export function tellLabelled(out: Output, { label, text, style = 'quiet' }: Labelled): void {
  const lines = linesOf(text, out.width === null ? null : out.width - labelWidth)
  for (const [at, line] of lines.entries()) {
    out.line([{ text: `  ${at === 0 ? label : ''}`.padEnd(labelWidth), style }, line])
  }
}

/** For the facts of a report. */
export function teller(out: Output): (label: string, text: string) => void {
  return (label, text) => tellLabelled(out, { label, text, style: 'plain' })
}

/** `text` in lines of at most `width` columns, words that are wider cut. Null: one line, and nothing put in for direction. */
export function linesOf(text: string, width: number | null): string[] {
  if (width === null) return [text.replaceAll(/[\u2068\u2069]/g, '')]
  const words = text.split(' ').flatMap((word) => cut(word, width))
  return wrap(words.join(' '), width).map((line) => line.map((span) => span.text).join(''))
}

/** Pieces that fill a line each, but for the last one. */
function cut(word: string, width: number): string[] {
  if (displayWidth(word) <= width) return [word]
  const pieces = ['']
  for (const segment of segments(word)) {
    const last = pieces.at(-1) ?? ''
    if (last !== '' && displayWidth(last + segment) > width) pieces.push(segment)
    else pieces[pieces.length - 1] = last + segment
  }
  return pieces
}
