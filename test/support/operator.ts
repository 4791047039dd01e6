import assert from 'node:assert/strict'
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Block } from './document.ts'
import { compileCache, mainProgram } from './main-program.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const { PATH = '' } = process.env
const [, unit = ''] = /^Environment=(.*)$/m.exec(readFileSync(here('../../deploy/systemd/holdfast.service'), 'utf8')) ?? [] // prettier-ignore

/** Who types what docs/OPERATIONS.md says, as root of a machine whose root directory is one of the test's own. */
export interface Operator {
  /** `http://127.0.0.1:23456` */
  readonly url: string
  /** Runs a block of `sh`; what it printed, in the words of the document. */
  type(block: Block): Promise<string>
  /** All that the service has said, with its secrets. */
  journal(): string
  /** Where a path of the document really is. */
  real(path: string): string
  /** From now on it is another machine, which has the disks of `/mnt` and `/safe` only; what was the machine is gone. */
  moveAway(): void
}

export async function newOperator(o: {
  /** What the document says, and what that is here. */
  readonly means: readonly (readonly [said: string, here: string])[]
  /** Is waited for whenever the service has been stopped. */
  readonly onStopped?: () => Promise<void>
}): Promise<Operator> {
  const base = await mkdtemp(join(tmpdir(), 'holdfast-test-'))
  after(() => rm(base, { recursive: true, force: true }))
  // The catalog's server of root runs as nobody, which must be able to pass.
  await chmod(base, 0o755)
  const [log, shellEnvironment, home, bin] = ['journal', 'env', 'home', 'bin'].map((name) => join(base, name)) as [string, string, string, string] // prettier-ignore
  const port = await freePort()
  let machine = join(base, 'first')
  let service: ChildProcess | null = null
  let starts = 0
  const prepare = () => {
    for (const path of ['var/lib', 'etc/holdfast']) mkdirSync(join(machine, path), { recursive: true })
  }
  prepare()
  for (const path of [join(base, 'mnt/backups'), join(base, 'safe'), home, bin])
    mkdirSync(path, { recursive: true })
  // The launcher would look for a Node each time. The last two are what the tests' machine may lack.
  script(
    'holdfast',
    `exec '${process.execPath}' --disable-warning=ExperimentalWarning ${mainProgram.map((part) => `'${part}'`).join(' ')} "$@"`,
  )
  script('sudo', 'shift 2; exec env -i PATH="$PATH" HOME="$HOME" "$@"')
  // A service that is ready says so in a moment. When it begins and ends jobs of its own, and says so, is up to it.
  script('journalctl', `for i in $(seq 600); do [ "$(grep -c 'console is at' '${log}')" -ge "$STARTS" ] && break; sleep 0.1; done\ngrep -v -e 'is built' -e ', attempt [0-9]*: ' '${log}'`) // prettier-ignore
  let env: Record<string, string> = { ...compileCache, PATH: `${bin}:${PATH}`, HOME: home }
  writeFileSync(log, '')
  after(() => service?.kill('SIGKILL'))

  function script(name: string, body: string): void {
    writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 })
  }

  const journal = (): string => readFileSync(log, 'utf8')
  const newestKey = (): string => /^[^]*(hfk_[\w-]{43})/.exec(journal())?.[1] ?? ''

  const real = (text: string): string =>
    o.means
      .reduce((said, [from, to]) => said.replaceAll(from, to), text)
      .replaceAll('127.0.0.1:7380', `127.0.0.1:${port}`)
      .replaceAll(/(?<![\w.$-])\/(var\/lib|etc\/holdfast)\b/g, `${machine}/$1`)
      .replaceAll(/(?<![\w.$-])\/(mnt|safe)\b/g, `${base}/$1`)
      .replaceAll('tar -C / ', `tar -C ${machine}/ `)
      .replaceAll('holdfast:holdfast', `${process.getuid?.()}:${process.getgid?.()}`)
      .replaceAll('hfk_...', newestKey())

  const asSaid = (text: string): string =>
    o.means
      .reduce((printed, [from, to]) => printed.replaceAll(to, from), text)
      .replaceAll(machine, '')
      .replaceAll(base, '')
      .replaceAll(`127.0.0.1:${port}`, '127.0.0.1:7380')
      .replaceAll(/(hfk_|#)[\w-]{43}/g, '$1...')

  function start(): void {
    const settings = real(unit.replaceAll(' ', '\n'))
    const more = readIfThere(join(machine, 'etc/holdfast/environment'))
    const own = [...`${settings}\n${more}`.matchAll(/^(\w+)=(['"]?)(.*)\2$/gm)]
    const out = openSync(log, 'a')
    service = spawn(join(bin, 'holdfast'), ['serve'], {
      cwd: base,
      env: { PATH, ...compileCache, ...Object.fromEntries(own.map(([, name, , value]) => [name, value])) },
      stdio: ['ignore', out, out],
    })
    closeSync(out)
    starts++
  }

  async function stop(): Promise<void> {
    const running = service
    service = null
    if (running === null || running.exitCode !== null) return
    const closed = once(running, 'exit') as Promise<[number | null]>
    running.kill('SIGTERM')
    assert.equal((await closed)[0], 0, journal())
    await o.onStopped?.()
  }

  async function shell(lines: string): Promise<string> {
    const run = promisify(execFile)
    const body = `${real(lines)}\nenv -0 > '${shellEnvironment}'`
    const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', body], {
      cwd: home,
      env: { ...env, STARTS: String(starts) },
    }).catch((error: unknown) => {
      const { stdout: out = '', stderr = '' } = error as { stdout?: string; stderr?: string }
      throw new Error(`${lines}\n${out}${stderr}\n${journal()}`, { cause: error })
    })
    // What a block exports is there in the next.
    const pairs = readFileSync(shellEnvironment, 'utf8').split('\0').filter((pair) => pair !== '') // prettier-ignore
    env = Object.fromEntries(pairs.map((pair) => pair.split(/=(.*)/s).slice(0, 2) as [string, string]))
    return stdout
  }

  return {
    url: `http://127.0.0.1:${port}`,
    journal,
    real,
    moveAway() {
      rmSync(machine, { recursive: true })
      machine = join(base, 'second')
      prepare()
    },
    async type({ body }) {
      let printed = ''
      for (const part of body.split(/^(systemctl .*\n)/m)) {
        const [, what] = /^systemctl (start|stop|restart) holdfast\n$/.exec(part) ?? []
        if (what === undefined) {
          if (part.trim() !== '') printed += await shell(part)
          continue
        }
        if (what !== 'start') await stop()
        if (what !== 'stop') start()
      }
      return asSaid(printed)
    },
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** One that is kept over restarts, and so below those that the system gives to whoever asks for any. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + randomInt(10_000)
    const server = createServer().listen(port, '127.0.0.1')
    const free = await Promise.race([
      once(server, 'listening').then(() => true),
      once(server, 'error').then(() => false),
    ]).catch(() => false)
    if (!free) continue
    server.close()
    await once(server, 'close')
    return port
  }
}
