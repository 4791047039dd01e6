import type { OnProgress } from '../../lib/progress.ts'
import type { Output, Span, Text } from '../output.ts'
import { tableLines, type Column } from '../table.ts'
import { displayWidth } from '../width.ts'
import { wrap } from '../wrap.ts'

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

const indent = '    '
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
      // Broken before options only, so that what is pasted still means the same.
      const lines = wrap(text.replaceAll(' --', '\n--'), room - 4, '\n')
      for (const [at, one] of lines.entries()) {
        line([
          { text: at === 0 ? '$ ' : '    ', style: 'quiet' },
          { text: at < lines.length - 1 ? `${joined(one)} \\` : joined(one), style: 'command' },
        ])
      }
    },
    facts(rows) {
      const width = Math.max(...rows.map(([label]) => displayWidth(label))) + 2
      for (const [label, text] of rows) {
        for (const [at, one] of wrap(text, room - width).entries()) {
          line([{ text: (at === 0 ? label : '').padEnd(width), style: 'quiet' }, ...one])
        }
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

function joined(line: readonly Span[]): string {
  return line.map(({ text }) => text.replaceAll('\n', ' ')).join('')
}
