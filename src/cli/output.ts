import { messageOf, type HoldfastError } from '../lib/errors.ts'
import type { OnProgress } from '../lib/progress.ts'
import { createProgressLines } from './progress-lines.ts'
import { createProgressDisplay, type ProgressDisplay } from './progress.ts'
import type { Redactor } from './redact.ts'
import { tableLines, type Column } from './table.ts'
import { withoutControls } from './width.ts'
import { linesOf } from './wrap.ts'

/** A piece of a line in one of the few styles there are; where there are no colours, its plain text. */
export interface Span {
  readonly text: string
  readonly style: keyof typeof styles
}

/** A line, whole or in pieces. */
export type Text = string | readonly (string | Span)[]

/** Only what a terminal's own palette has, so that it is readable on light and dark ones. */
const styles = { plain: 0, strong: 1, quiet: 2, bad: 31, good: 32, command: 36 } as const

/**
 * The only way from a command to the terminal. Results go to stdout, everything about the way there to stderr, so
 * that `holdfast list > file` holds the list and nothing else. All of it is redacted.
 */
export interface Output {
  readonly json: boolean
  readonly quiet: boolean
  /** Columns of the terminal that results go to; null where there is none. */
  readonly width: number | null
  /** A line of the result, for people: dropped with `--json`. */
  line(text?: Text): void
  /** An aligned table of the result, as lines. */
  table(columns: readonly Column[], rows: readonly (readonly string[])[]): void
  /** The result for machines: printed as the one JSON object at the end, with `--json` only. */
  result(value: Readonly<Record<string, unknown>>): void
  /** Something worth knowing on the way: on stderr, not with `--quiet`. */
  note(text: string): void
  /** Something that should not be missed: on stderr, always. */
  warn(text: string): void
  /** Progress of the operation under way: on stderr, not with `--quiet`. */
  readonly progress: OnProgress
  /**
   * Ends the progress display; commands call it before their result, and the end of the program does. `quietly`: without
   * a line for what took a while.
   */
  progressDone(how: 'done' | 'quietly' | 'failed'): void
  /** Prints the JSON object, if there is to be one. Call once, at the end. */
  finish(): void
  /**
   * Prints the error instead of a result, and resolves nothing: the exit status is the caller's. `inWords`: for people and
   * on stderr, with `--json` too.
   */
  fail(error: HoldfastError, options: { debug: boolean; inWords?: boolean }): void
}

export interface OutputStream {
  write(text: string): unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
}

export interface OutputOptions {
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  readonly redactor: Redactor
  readonly json: boolean
  readonly quiet: boolean
  /** Whether results may have colours. Default: no. */
  readonly colours?: boolean
  /** Whether stderr is for a program: one JSON object a line (progress-lines.ts). Default: no. */
  readonly lines?: boolean
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number
}

/** An Output that writes to two streams. */
export function createOutput(options: OutputOptions): Output {
  const { stdout, stderr, redactor, json, quiet } = options
  let value: Readonly<Record<string, unknown>> = {}
  let display: ProgressDisplay | null = null

  const clean = (text: string): string => withoutControls(redactor.redact(text))

  function say(type: 'note' | 'warning' | 'error', text: string): void {
    display?.clear()
    const line = clean(text)
    stderr.write(`${options.lines === true ? JSON.stringify({ type, text: line }) : line}\n`)
  }

  function line(text: Text = ''): void {
    if (json) return
    display?.clear()
    const pieces = typeof text === 'string' ? [text] : text
    stdout.write(`${pieces.map(render).join('')}\n`)
  }

  /** Cleaned piece by piece, so that what is styled can't carry control characters of its own. */
  function render(piece: string | Span): string {
    if (typeof piece === 'string') return clean(piece)
    const text = clean(piece.text)
    return options.colours === true && piece.style !== 'plain'
      ? `\u001b[${styles[piece.style]}m${text}\u001b[0m`
      : text
  }

  function progressDone(how: 'done' | 'quietly' | 'failed'): void {
    display?.end(how)
    display = null
  }

  return {
    json,
    quiet,
    get width() {
      return terminalWidth(stdout)
    },
    line,
    table(columns, rows) {
      for (const text of tableLines(columns, rows, { width: terminalWidth(stdout) })) line(text)
    },
    result(result) {
      value = result
    },
    note(text) {
      if (!quiet) say('note', text)
    },
    warn(text) {
      if (options.lines === true) {
        say('warning', text)
        return
      }
      const width = terminalWidth(stderr)
      // Redacted whole: a secret that was cut by the end of a line would not be known.
      const lines = linesOf(redactor.redact(`warning: ${text}`), width === null ? null : width - 2)
      for (const [at, one] of lines.entries()) say('warning', `${at === 0 ? '' : '  '}${one}`)
    },
    progress(progress) {
      if (quiet) return
      const write = (text: string): void => void stderr.write(redactor.redact(text))
      const columns = (): number | null => terminalWidth(stderr)
      const { now } = options
      display ??= options.lines === true ? createProgressLines({ write, now }) : createProgressDisplay({ columns, write, now }) // prettier-ignore
      display.update(progress)
    },
    progressDone,
    finish() {
      progressDone('done')
      if (json) stdout.write(`${JSON.stringify(redactor.redactValue(value), null, 2)}\n`)
    },
    fail(error, { debug, inWords = false }) {
      progressDone('failed')
      if (json && !inWords) {
        const { code, message, hint, details } = error
        // The server's own detail may quote the row that it concerns: nothing for a log.
        const { detail: _row, ...shown } = details
        const body = { error: { code, message, hint, details: shown } }
        stdout.write(`${JSON.stringify(redactor.redactValue(body), null, 2)}\n`)
      } else {
        for (const text of errorLines(error)) say('error', text)
      }
      if (debug) say('error', stacks(error))
    },
  }
}

function terminalWidth(stream: OutputStream): number | null {
  return stream.isTTY === true ? Math.max(20, stream.columns ?? 80) : null
}

/** What happened, why, and what to do. After Ctrl-C there is nobody to tell why, and the hint says how things are. */
function errorLines(error: HoldfastError): string[] {
  const lines = [`holdfast: ${error.message}`]
  if (error.code === 'cancelled') return [...lines, `  state: ${error.hint}`, `  error code: ${error.code}`]
  for (let cause = error.cause; cause !== undefined && cause !== null; cause = causeOf(cause)) {
    const text = messageOf(cause)
    if (text !== '' && !lines.some((line) => line.includes(text))) lines.push(`  cause: ${text}`)
  }
  if (error.hint !== '') lines.push(`  what to do: ${error.hint}`)
  return [...lines, `  error code: ${error.code}`]
}

function stacks(error: unknown): string {
  const own = error instanceof Error ? (error.stack ?? error.message) : String(error)
  const cause = causeOf(error)
  return cause === undefined || cause === null ? own : `${own}\ncaused by ${stacks(cause)}`
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined
}
