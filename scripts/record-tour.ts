/**
 * Makes docs/tour.svg: what a real run of the tour prints on a terminal, as text in a frame. Runs the tour under script(1), which
 * gives it a terminal, so that the picture has the colours that people see. `node scripts/record-tour.ts`
 */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { hostname, homedir, tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { displayWidth } from '../src/cli/width.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const columns = 84

/** Headings of what is shown; the rest of the run is left out, and its place is marked. */
const shown = [/^1 /, /^3 /, /^7 /, /^8 /, /^9 /, /^All of it/]

/** Text in one style: the numbers of `ESC [ ... m`, empty for none. */
export interface Run {
  readonly text: string
  readonly code: string
}

/** A line as the terminal shows it in the end, without the progress bars that were there in between. */
export function readLine(raw: string): Run[] {
  const cleared = raw.lastIndexOf('\r\u001b[K')
  const line = (cleared < 0 ? raw : raw.slice(cleared + 4)).replaceAll('\r', '')
  const runs: Run[] = []
  let code = ''
  for (const [at, piece] of line.split(/\u001b\[([\d;]*)m/).entries()) {
    if (at % 2 === 1) code = piece === '0' ? '' : piece
    else if (piece !== '') runs.push({ text: piece, code })
  }
  return runs
}

const colours: Readonly<Record<string, string>> = {
  '': 'fill="#d6dbe1"',
  '1': 'fill="#ffffff" font-weight="700"',
  '2': 'fill="#8b97a5"',
  '31': 'fill="#ff8f85"',
  '32': 'fill="#7ee08a"',
  '36': 'fill="#79c7f2"',
}

/** In pixels; the width is that of most monospaced fonts at this size, for viewers that do not stretch text. */
const cell = { width: 7.83, height: 19 } as const
const edge = { left: 20, top: 52, bottom: 18 } as const

/** The picture of some lines. Every word is placed by its column, so that it is aligned in any font. */
export function drawTerminal(lines: readonly (readonly Run[])[], title: string): string {
  const width = Math.ceil(columns * cell.width) + 2 * edge.left
  const height = lines.length * cell.height + edge.top + edge.bottom
  const dots = ['#ff6159', '#ffbd2e', '#28c941'].map(
    (colour, at) => `<circle cx="${22 + at * 20}" cy="20" r="6" fill="${colour}"/>`,
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escape(title)}">`,
    `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="9" fill="#14181d" stroke="#4a535e"/>`,
    ...dots,
    `<text x="${width / 2}" y="25" text-anchor="middle" font-family="system-ui, sans-serif" font-size="13" fill="#8b97a5">${escape(title)}</text>`,
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="13" xml:space="preserve">`,
    ...lines.flatMap((runs, row) => drawLine(runs, edge.top + row * cell.height + 4)),
    '</g>',
    '</svg>',
    '',
  ].join('\n')
}

function drawLine(runs: readonly Run[], y: number): string[] {
  const texts: string[] = []
  let column = 0
  for (const { text, code } of runs) {
    const style = colours[code]
    if (style === undefined) throw new Error(`The picture has no colour for ESC[${code}m.`)
    // Words that are one space apart stay together; what is further apart is in columns.
    for (const part of text.split(/( {2,})/)) {
      const cells = displayWidth(part)
      const start = part.length - part.trimStart().length
      const words = part.trim()
      if (words !== '') {
        const x = (edge.left + (column + start) * cell.width).toFixed(2)
        const length = (displayWidth(words) * cell.width).toFixed(2)
        texts.push(
          `<text x="${x}" y="${y}" ${style} textLength="${length}" lengthAdjust="spacingAndGlyphs">${escape(words)}</text>`,
        )
      }
      column += cells
    }
  }
  return texts
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}

/** The steps that are shown, with a mark where others were. */
function excerpt(lines: readonly Run[][]): Run[][] {
  const kept: Run[][] = []
  let showing = false
  for (const line of lines) {
    const heading = line[0]?.code === '1' ? line[0].text : null
    if (heading !== null) {
      const before = showing
      showing = shown.some((pattern) => pattern.test(heading))
      if (!showing && before) kept.push([{ text: '···', code: '2' }], [])
    }
    if (showing) kept.push(line)
  }
  while (kept.at(-1)?.length === 0 || kept.at(-1)?.[0]?.text === '···') kept.pop()
  return kept
}

function record(): string {
  const command = `stty cols ${columns}; exec bin/holdfast tour`
  const { status, stdout, error } = spawnSync('script', ['-qec', command, '/dev/null'], {
    cwd: root,
    env: { ...process.env, TERM: 'xterm-256color', NO_COLOR: '' },
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`The tour ended with ${status}:\n${stdout}`)
  const lines = excerpt(stdout.split('\n').map(readLine))
  const text = lines.map((runs) => runs.map((run) => run.text).join('')).join('\n')
  for (const secret of [hostname(), homedir(), tmpdir(), root]) {
    if (secret.length > 1 && text.includes(secret)) throw new Error(`The picture would show ${secret}.`)
  }
  return drawTerminal([[{ text: '$ npm run tour', code: '36' }], [], ...lines], 'Holdfast: the guided tour')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('../docs/tour.svg', import.meta.url), record())
  process.stdout.write('recorded docs/tour.svg\n')
}
