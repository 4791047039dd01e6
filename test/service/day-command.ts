/**
 * Run as a program, in place of the command line: does what the name of a backup says, and notes for which job it began and how it
 * ended in the file `notes` beside the repository. What it notes as done is its effect: it can't be taken back.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const args = process.argv.slice(2)
const [part = '', ms = '0'] = (args.find((arg) => arg.startsWith('--name='))?.slice(7) ?? '').split(' ')
const beside = dirname(process.env['HOLDFAST_REPO'] ?? '')
const job = process.env['HOLDFAST_JOB'] ?? ''
const notes = join(beside, 'notes')
const note = (what: string): void => appendFileSync(notes, `${job} ${what} ${process.pid} ${args[0]}\n`)
const ownNotes = (what: string): number =>
  readFileSync(notes, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith(`${job} ${what} `)).length

function end(status: number, code: string | null): void {
  note(code ?? 'done')
  const printed = code === null ? { done: true } : { error: { code, message: 'It is played.', hint: '' } }
  process.stdout.write(JSON.stringify(printed), () => process.exit(status))
}

note('began')
process.stdin.on('end', () => process.exit(130)).resume()
process.on('SIGINT', () => process.exit(130))
/** Half of all jobs, always the same. */
const half = Number.parseInt(job.slice(0, 2), 16) % 2 === 0
const parts: Readonly<Record<string, () => void>> = {
  done: () => end(0, null),
  slow: () => void setTimeout(() => end(0, null), Number(ms)),
  flaky: () => (ownNotes('began') === 1 ? end(6, 'connection_failed') : end(0, null)),
  refused: () => (half ? end(5, 'login_failed') : end(0, null)),
  away: () => (existsSync(join(beside, 'away')) ? end(6, 'storage_unreachable') : end(0, null)),
}
const ofKind: Readonly<Record<string, () => void>> = {
  drill: () => (half ? end(5, 'drill_failed') : end(0, null)),
  check: () => (half ? end(5, 'check_failed') : end(0, null)),
  // The repository is read again after a drill that failed.
  list: () => end(0, null),
}
const played = ofKind[args[0] ?? ''] ?? parts[part]
if (played === undefined) throw new Error(`Nobody plays ${args.join(' ')}.`)
played()
