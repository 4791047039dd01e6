import assert from 'node:assert/strict'
import { spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { compileCache, mainProgram } from './main-program.ts'

/** The program, run as a user types it. */
export interface CommandLine {
  /** Where it runs: the user's home and the working directory. */
  readonly directory: string
  run(args: readonly string[], env?: Readonly<Record<string, string>>): SpawnSyncReturns<string>
  /** What it prints with --json. Fails the test if the status is another one. */
  json<T>(args: readonly string[], options?: { status?: number; env?: Readonly<Record<string, string>> }): T
  /** Runs a line of shell, in which `$holdfast` is the program. */
  shell(line: string, env?: Readonly<Record<string, string>>): SpawnSyncReturns<string>
}

/** A user with a directory of their own and a repository `repo` in it, for all tests of the file. */
export async function commandLine(): Promise<CommandLine> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-test-'))
  after(() => rm(directory, { recursive: true, force: true }))
  const always = {
    PATH: process.env['PATH'],
    ...compileCache,
    HOME: directory,
    HOLDFAST_REPO: join(directory, 'repo'),
  }
  const spawn = (program: string, args: readonly string[], env = {}) =>
    spawnSync(program, args, { cwd: directory, env: { ...always, ...env }, encoding: 'utf8' })
  const run: CommandLine['run'] = (args, env) => spawn(process.execPath, [...mainProgram, ...args], env)
  const json = <T>(args: readonly string[], { status = 0, env = {} } = {}): T => {
    const result = run([...args, '--json', '--quiet'], env)
    assert.equal(result.status, status, result.stdout + result.stderr)
    return JSON.parse(result.stdout) as T
  }
  json(['init', 'repo'])
  return {
    directory,
    run,
    json,
    shell: (line, env) =>
      spawn(
        'sh',
        ['-c', line.replaceAll('$holdfast', '"$0" "$1" "$2"'), process.execPath, ...mainProgram],
        env,
      ),
  }
}
