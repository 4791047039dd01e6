import assert from 'node:assert/strict'
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { chmod, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { testBrowser } from '../support/chromium.ts'
import { compileCache, mainProgram } from '../support/main-program.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

/** As somebody new does it: what `npm start` runs, the login that it prints, damage, a restore, that taken back, and the same restore by a command. */

const { start } = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    scripts: Record<string, string>
  }
).scripts

interface Running {
  readonly console: string
  readonly shop: string
  readonly email: string
  readonly password: string
  readonly child: ChildProcess
}

test('a newcomer signs in, damages the shop, brings it back, takes that back, and finds it all again at the next start', async (t) => {
  assert.equal(start, 'bin/holdfast demo')
  const directory = await temporaryDirectory(t)
  // The servers of root run as nobody, which must be able to pass.
  await chmod(directory, 0o711)
  const env = { PATH: process.env['PATH'], HOME: directory, TMPDIR: directory, ...compileCache }
  const run = (args: readonly string[]) =>
    spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', ...mainProgram, ...args], {
      cwd: directory,
      env,
      encoding: 'utf8',
    })

  async function begin(): Promise<Running> {
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', ...mainProgram, 'demo', '--port', '0'],
      { cwd: directory, env, stdio: ['ignore', 'pipe', 'pipe'] },
    )
    t.after(() => child.kill('SIGKILL'))
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (piece: string) => (said += piece))
    let printed = ''
    for await (const piece of child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
      printed += String(piece)
      if (printed.includes('Ctrl-C')) break
    }
    const found = /^Console {2}(\S+)\nSign in {2}(\S+) {2}(\S+)\nShop {5}(\S+)\nCtrl-C ends it\.\n$/.exec(
      printed,
    )
    assert.ok(found, printed + said)
    const [, console = '', email = '', password = '', shop = ''] = found
    return { console, email, password, shop, child }
  }

  async function end({ child }: Running): Promise<void> {
    child.kill('SIGINT')
    assert.deepEqual(await once(child, 'exit'), [0, null])
    assert.deepEqual(processesOf(directory), [])
  }

  const first = await begin()
  const home = join(directory, '.holdfast/demo')
  for (const name of ['demo.json', 'identity.txt', 'host.json', 'password'])
    assert.equal((await stat(join(home, name))).mode & 0o777, 0o600, name)

  const browser = await testBrowser()
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, locale: 'en-GB' })
  const page = await context.newPage()
  await page.goto(first.console)
  await page.getByLabel('E-mail').fill(first.email)
  await page.getByLabel('Password').fill(first.password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  await page.getByText('bazaar').first().waitFor()
  const pictures = process.env['HOLDFAST_SCREENSHOTS']
  if (pictures !== undefined) {
    await page.waitForFunction(() => document.querySelector('[aria-busy=true]') === null)
    await page.screenshot({ path: join(pictures, 'demo-en-light-1280.png') })
  }

  const shop = await context.newPage()
  await shop.goto(first.shop)
  const customer = shop.locator('tbody').first().locator('tr').first()
  const number = await customer.locator('td').first().innerText()
  assert.ok(Number(await customer.locator('td').nth(3).innerText()) > 3)
  await shop.getByRole('button', { name: 'Delete one customer’s orders' }).click()
  const lost = await shop
    .getByRole('status')
    .getByText(/^Lost: /)
    .innerText()
  const [, orders = ''] = /^Lost: (\d+) orders/.exec(lost) ?? []
  assert.ok(Number(orders) > 3, lost)
  const done = shop.getByRole('status')
  const command = await done.locator('pre').innerText()

  await done.getByRole('link', { name: 'Bring it back in the console' }).click()
  await shop.getByRole('button', { name: 'Look first' }).click()
  await shop.getByRole('heading', { name: 'Do it' }).waitFor()
  await shop.getByRole('textbox').fill('bazaar')
  await shop.getByRole('button', { name: 'Restore', exact: true }).click()
  await shop.getByText('Restored', { exact: true }).waitFor()
  const customers = async (): Promise<string> => {
    await page.goto(first.shop)
    return await page.locator('tbody').first().innerText()
  }
  const lines = (text: string): readonly string[] => text.split(/\s+/)
  assert.ok(lines(await customers()).includes(number))

  await shop.getByRole('button', { name: 'Undo, look first' }).click()
  await shop.getByRole('heading', { name: 'Undo it' }).waitFor()
  await shop.getByRole('textbox').fill('bazaar')
  await shop.getByRole('button', { name: 'Undo', exact: true }).click()
  await shop.getByText('Undone', { exact: true }).waitFor()
  assert.ok(!lines(await customers()).includes(number))

  const typed = command.trim().split(/\s+/).slice(1)
  const restored = run([...typed, '--yes', '--confirm', 'bazaar', '--json'])
  assert.equal(restored.status, 0, restored.stdout + restored.stderr)
  assert.ok(lines(await customers()).includes(number))
  await context.close()

  // Whoever asks for it meanwhile is refused, and it goes on.
  const refused = run(['demo', '--reset'])
  assert.equal(refused.status, 7, refused.stdout)
  assert.match(refused.stderr, /error code: demo_running/)
  await end(first)

  const second = await begin()
  assert.deepEqual([second.email, second.password], [first.email, first.password])
  const again = await fetch(`${second.shop}/?company=3`)
  assert.match(await again.text(), /متجر النخيل/)
  const forged = await fetch(`${second.shop}/damage`, {
    method: 'POST',
    body: 'kind=update&company=3&word=x',
  })
  assert.equal(forged.status, 403)
  await end(second)

  await writeFile(join(home, 'mine.txt'), 'mine')
  const reset = run(['demo', '--reset'])
  assert.equal(reset.status, 0, reset.stderr)
  assert.match(reset.stdout, /still there: mine\.txt/)
  assert.deepEqual(await readdir(home), ['mine.txt'])
})

/** Command lines of processes that have to do with a directory. */
function processesOf(directory: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
        return line.includes(directory) && !line.includes('chromium') ? [line] : []
      } catch {
        return []
      }
    })
}
