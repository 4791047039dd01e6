import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { chmod, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { displayWidth } from '../../src/cli/width.ts'
import { compileCache, mainProgram } from '../support/main-program.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

/** A machine of its own for the tour, as far as files go: home, working directory and temporary directory. */
async function setUp(t: TestContext) {
  const directory = await temporaryDirectory(t)
  // The server's user, who may not be this one, has to pass through.
  await chmod(directory, 0o711)
  const env = { PATH: process.env['PATH'], HOME: directory, TMPDIR: directory, ...compileCache }
  const run = (args: readonly string[], more: Record<string, string> = {}) =>
    spawnSync(process.execPath, [...mainProgram, ...args], {
      cwd: directory,
      env: { ...env, ...more },
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    })
  const start = () => spawn(process.execPath, [...mainProgram, 'tour'], { cwd: directory, env })
  return { directory, run, start }
}

/** What a tour may leave: programs and templates for the next one. Nothing of this run, and no process. */
async function assertNothingLeft(directory: string, besides: readonly string[] = []): Promise<void> {
  const left = (await readdir(directory)).filter((name) => !besides.includes(name))
  assert.equal(left.length, 1, left.join())
  const cache = await readdir(join(directory, left[0] ?? ''))
  assert.deepEqual(
    cache.filter((name) => !/^(postgres|template)-/.test(name)),
    [],
  )
  assert.deepEqual(processesOf(directory), [])
}

/** Command lines of processes that have to do with a directory. */
function processesOf(directory: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1')
      } catch {
        return ''
      }
    })
    .filter((line) => line.includes(directory))
}

interface Result {
  readonly tour: {
    readonly sample: { readonly tables: number; readonly rows: number; readonly tenants: number }
    readonly backups: readonly { readonly totals: Record<string, number> }[]
    readonly sealed: Record<string, unknown>
    readonly badDay: {
      readonly ordersLost: number
      readonly customersOverwritten: number
      readonly before: readonly unknown[]
      readonly after: readonly { readonly name: string; readonly orders: number | null }[]
    }
    readonly restore: { readonly rows: number; readonly tables: readonly { readonly compared: string }[] }
    readonly restoredCustomers: readonly unknown[]
    readonly comparison: { readonly differing: string[]; readonly damaged: string[]; readonly tables: number }
    readonly drill: { readonly rows: number; readonly notVerified: readonly unknown[] }
    readonly kept: string | null
  }
}

test('with --json: one object, whose figures agree', async (t) => {
  const { directory, run } = await setUp(t)
  const { status, stdout, stderr } = run(['tour', '--json', '--quiet'])
  assert.equal(status, 0, stdout + stderr)
  const { tour } = JSON.parse(stdout) as Result
  const [first, second] = tour.backups
  assert.equal(tour.sample.tenants, 20)
  assert.equal(first?.totals['rows'], tour.sample.rows)
  assert.equal(first.totals['tables'], tour.sample.tables)
  assert.equal(second?.totals['rows'], tour.sample.rows + 24)
  assert.ok(Number(second.totals['newStoredBytes']) * 10 < Number(first.totals['newStoredBytes']))
  assert.equal(tour.sealed['foundInStorage'], 0)
  assert.equal(tour.sealed['foundWhenOpened'], tour.sealed['lookedFor'])
  assert.deepEqual([tour.sealed['head']].flat()[0], 'age-encryption.org/v1')
  assert.equal(tour.sealed['strangerGot'], 'identity_wrong')
  assert.equal(tour.badDay.ordersLost, 21_612)
  assert.equal(tour.badDay.customersOverwritten, 8_000)
  assert.ok(tour.badDay.after.every(({ name, orders }) => name === 'Test' && orders === null))
  assert.deepEqual(tour.restoredCustomers, tour.badDay.before)
  assert.equal(tour.restore.rows, second.totals['rows'])
  assert.ok(tour.restore.tables.every(({ compared }) => compared === 'hashed'))
  assert.deepEqual(tour.comparison.differing, [])
  assert.equal(tour.comparison.tables, tour.sample.tables)
  for (const name of ['table shop.orders', 'table crm.customers', 'view shop.best_month', 'schema']) {
    assert.ok(tour.comparison.damaged.includes(name), name)
  }
  assert.equal(tour.drill.rows, tour.restore.rows)
  assert.deepEqual(tour.drill.notVerified, [])
  assert.equal(tour.kept, null)
  await assertNothingLeft(directory)
})

test('in words, on an older server, and kept: the commands it names work', async (t) => {
  const { directory, run } = await setUp(t)
  const { status, stdout, stderr } = run(['tour', '--major', '15', '--keep'])
  assert.equal(status, 0, stdout + stderr)
  assert.doesNotMatch(stdout, /\u001b/)
  for (const line of stdout.split('\n')) assert.ok(displayWidth(line) <= 80, line)
  const headings = stdout.split('\n').filter((line) => /^\d+ /.test(line))
  assert.equal(headings.length, 10)
  assert.match(stdout, /A Postgres 15 server[\s\S]*21,612 orders[\s\S]*all equal[\s\S]*every row equal/)
  await assertNothingLeft(directory, ['.holdfast'])

  const exported = /export HOLDFAST_REPO=(\S+)[^]*export HOLDFAST_IDENTITY_FILE=(\S+)/.exec(stdout)
  assert.ok(exported !== null, stdout)
  const env = { HOLDFAST_REPO: exported[1] ?? '', HOLDFAST_IDENTITY_FILE: exported[2] ?? '' }
  const unbroken = stdout.slice(exported.index).replaceAll(/ \\\n +/g, ' ')
  const commands = unbroken.match(/bin\/holdfast (list|show|export).*/g) ?? []
  assert.equal(commands.length, 3)
  for (const command of commands) {
    const { status: ended, stdout: said, stderr: why } = run(command.split(' ').slice(1), env)
    assert.equal(ended, 0, command + why)
    assert.ok(said.length > 0, command)
  }
  const again = run(['tour', '--keep'])
  assert.equal(again.status, 2, 'what was kept is not written over')
  assert.match(again.stderr, /not empty/)
})

/** While the server's files are made, or while it is filled or near it; and late. Each starts a server of its own, so one of each two is drawn. */
const interruptions = [
  { moment: '1   A database', delays: [600, 2500] },
  { moment: ['8   The way back', '10  A drill'][randomInt(2)] ?? '', delays: [700] },
]

for (const { moment, delays } of interruptions) {
  const delay = delays[randomInt(delays.length)]
  test(`Ctrl-C during "${moment.slice(4)}", ${delay} ms later, leaves nothing behind`, async (t) => {
    const { directory, start } = await setUp(t)
    const child = start()
    t.after(() => child.kill('SIGKILL'))
    let stdout = ''
    let stderr = ''
    let sent = false
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
    child.stdout.on('data', (data: Buffer) => {
      stdout += data.toString()
      if (sent || !stdout.includes(moment)) return
      sent = true
      // In the middle of it, not at its beginning.
      setTimeout(() => child.kill('SIGINT'), delay)
    })
    const [status] = (await once(child, 'close')) as [number | null]
    assert.equal(status, 130, stdout + stderr)
    assert.match(stderr, /broken off; its server is stopped/)
    await assertNothingLeft(directory)
  })
}
