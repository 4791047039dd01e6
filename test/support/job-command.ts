/**
 * Run as a program, in place of the command line: plays the part that the name of a backup names, in the words of a real command. It adds
 * a line to the file `ran` beside the repository when it begins, and, if it ends by itself, another.
 */
import { appendFileSync, existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

const args = process.argv.slice(2)
const [part = 'done', ...words] = (args.find((arg) => arg.startsWith('--name='))?.slice(7) ?? 'done').split(
  ' ',
)
const beside = dirname(process.env['HOLDFAST_REPO'] ?? '')
const say = (value: object): unknown => process.stderr.write(`${JSON.stringify(value)}\n`)
const note = (what: string): void =>
  appendFileSync(join(beside, 'ran'), `${what} ${process.pid} ${words.join(' ')}\n`)

function end(status: number, printed: object): void {
  note('ended')
  process.stdout.write(JSON.stringify(printed), () => process.stderr.write('', () => process.exit(status)))
}

note('began')
process.stdin.on('end', () => process.exit(130)).resume()
const parts: Readonly<Record<string, () => void>> = {
  done: () => end(0, { done: true }),
  /** Ends when a file of this name appears. */
  wait() {
    process.on('SIGINT', () =>
      end(130, { error: { code: 'cancelled', message: 'Cancelled.', hint: 'state' } }),
    )
    // First, so that whoever sees how far it is can read it.
    say({ type: 'note', text: 'It waits.' })
    say({ type: 'progress', phase: 'waiting', done: 1, total: 4, unit: 'rows', percent: 25, perSecond: null, secondsLeft: null }) // prettier-ignore
    setInterval(() => existsSync(join(beside, words[0] ?? '')) && end(0, { done: true }), 20)
  },
  deaf() {
    process.on('SIGINT', () => undefined)
    setInterval(() => undefined, 1000)
  },
  unreachable: () => end(6, { error: { code: 'connection_failed', message: 'No answer.', hint: 'Try.' } }),
  refused: () => end(5, { error: { code: 'login_failed', message: 'Wrong password.', hint: 'Correct it.' } }),
  crash() {
    say({ type: 'error', text: 'out of memory' })
    process.stderr.write('no JSON at all\n')
    process.kill(process.pid, 'SIGKILL')
  },
  talk() {
    for (let i = 0; i < 3000; i++) say({ type: 'note', text: `line ${i}` })
    end(0, {})
  },
}
parts[part]?.()
