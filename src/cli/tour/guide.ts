import type { OnProgress } from '../../lib/progress.ts'
import type { Output, Text } from '../output.ts'
import { tableLines, type Column } from '../table.ts'
import { displayWidth } from '../width.ts'

/** How the tour speaks: numbered steps, sentences, commands, figures, tables. */
export interface Guide {
  /** A line in bold, by itself. */
  title(text: string): void
  /** A new step under the next number. */
  step(heading: string): void
  /** A sentence or more, broken into lines. */
  say(text: string): void
  /** What one would type to do the same. */
  command(text: string): void
  /** Lines of a label and what there is to say about it. */
  facts(rows: readonly (readonly [label: string, text: Text])[]): void
  table(columns: readonly Column[], rows: readonly (readonly string[])[]): void
  /** Any line, set in. */
  line(text?: Text): void
  /** Runs `work`, with a progress bar if it takes a while. */
  working<T>(work: (onProgress: OnProgress) => Promise<T>): Promise<T>
}

const indent = '   '
/** Long lines are hard to read, however wide the terminal is. */
const widest = 92
const usual = 80
/** Milliseconds: what is over before this needs no bar. */
const patience = 700

export function createGuide(out: Output, now: () => number): Guide {
  let steps = 0
  const room = Math.min(out.width ?? usual, widest) - indent.length

  function line(text: Text = ''): void {
    if (text === '') out.line()
    else out.line([indent, ...(typeof text === 'string' ? [text] : text)])
  }

  return {
    line,
    title: (text) => out.line([{ text, style: 'strong' }]),
    step(heading) {
      steps++
      out.line()
      out.line([{ text: `${steps}`.padEnd(indent.length) + heading, style: 'strong' }])
    },
    say(text) {
      for (const one of wrap(text, room)) line(one)
    },
    command(text) {
      const [first = '', ...more] = wrapCommand(text, room - 2)
      line([
        { text: '$ ', style: 'quiet' },
        { text: first, style: 'command' },
      ])
      for (const one of more) line([{ text: `    ${one}`, style: 'command' }])
    },
    facts(rows) {
      const width = Math.max(...rows.map(([label]) => displayWidth(label)))
      for (const [label, text] of rows) {
        line([
          { text: label.padEnd(width + 2), style: 'quiet' },
          ...(typeof text === 'string' ? [text] : text),
        ])
      }
    },
    table(columns, rows) {
      const [head = '', ...body] = tableLines(columns, rows, { width: out.width === null ? null : room })
      line([{ text: head, style: 'quiet' }])
      for (const one of body) line(one)
    },
    async working(work) {
      const began = now()
      try {
        return await work((progress) => {
          if (now() - began > patience) out.progress(progress)
        })
      } finally {
        out.progressDone('quietly')
      }
    },
  }
}

/** Lines of at most `width` columns, broken at spaces. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let current = ''
  for (const word of text.split(' ')) {
    const longer = current === '' ? word : `${current} ${word}`
    if (current !== '' && displayWidth(longer) > width) {
      lines.push(current)
      current = word
    } else current = longer
  }
  return [...lines, current]
}

/** As `wrap`, with the backslash that a shell needs at the end of a broken line. */
function wrapCommand(text: string, width: number): string[] {
  const lines = wrap(text, width - 4)
  return lines.map((one, at) => (at < lines.length - 1 ? `${one} \\` : one))
}
