import assert from 'node:assert/strict'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { readPassword } from '../../src/config/password.ts'
import type { PasswordReference } from '../../src/config/password-shape.ts'
import { HoldfastError } from '../../src/lib/errors.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const env = { PATH: process.env['PATH'], SHOP_PASSWORD: 'hunter22', EMPTY: '' }

const read = (
  reference: PasswordReference,
  o: { directory?: string; signal?: AbortSignal; timeoutMs?: number } = {},
) =>
  readPassword({ reference, source: 'shop', directory: '/', env, signal: new AbortController().signal, ...o })

/** The whole of what an error could show. */
async function failure(work: Promise<unknown>): Promise<HoldfastError> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof HoldfastError, String(error))
  assert.doesNotMatch(
    JSON.stringify([error.message, error.hint, error.details, String(error.cause)]),
    /hunter/,
  )
  return error
}

test('a password is the value of a variable, or the first line of a file or of what a program prints', async (t) => {
  const directory = await temporaryDirectory(t)
  const file = join(directory, 'secret')
  await writeFile(file, 'hunter22 \r\nsecond\n', { mode: 0o600 })
  await writeFile(join(directory, 'get'), '#!/bin/sh\necho "$1 from $PWD"; echo second', { mode: 0o700 })
  assert.deepEqual(await read({ env: 'SHOP_PASSWORD' }), { password: 'hunter22', openFile: null })
  assert.deepEqual(await read({ file }), { password: 'hunter22 ', openFile: null })
  await chmod(file, 0o640)
  assert.deepEqual((await read({ file })).openFile, file)
  const { password } = await read({ command: ['./get', '$HOME; a "b"'] }, { directory })
  assert.equal(password, `$HOME; a "b" from ${directory}`, 'no shell has read it')
})

test('a password that can not be had is told with the reason, and without what was read', async (t) => {
  const directory = await temporaryDirectory(t)
  const file = join(directory, 'secret')
  await writeFile(file, '\nhunter22\n')
  const cases: readonly [PasswordReference, RegExp][] = [
    [{ env: 'NOT_THERE' }, /the environment variable NOT_THERE is not set/],
    [{ env: 'EMPTY' }, /EMPTY is not set/],
    [{ file }, /secret holds nothing in its first line/],
    [{ file: join(directory, 'none') }, /none can't be read: ENOENT/],
    [{ file: directory }, /can't be read: EISDIR/],
    [
      { command: ['sh', '-c', 'echo hunter22; echo hunter22 >&2; exit 3'] },
      /the program sh ended with status 3/,
    ],
    [{ command: ['sh', '-c', 'echo hunter22; kill -9 $$'] }, /the program sh was ended by SIGKILL/],
    [{ command: ['true'] }, /the program true printed nothing in its first line/],
    [{ command: ['no-such-program'] }, /no-such-program could not be started: ENOENT/],
    [{ command: [''] }, /could not be started: ERR_INVALID_ARG_VALUE/],
    [{ command: ['echo', 'a\0b'] }, /echo could not be started: ERR_INVALID_ARG_VALUE/],
  ]
  for (const [reference, reason] of cases) {
    const { code, message } = await failure(read(reference))
    assert.equal(code, 'password_missing')
    assert.match(message, reason)
    assert.match(message, /^The password of source shop could not be had: /)
  }
})

test('a program that does not end is ended: at its time, or when the command is cancelled', async () => {
  const forever: PasswordReference = { command: ['sh', '-c', 'echo hunter22; exec sleep 600'] }
  const late = await failure(read(forever, { timeoutMs: 200 }))
  assert.match(late.message, /the program sh did not end within 0\.2 s/)
  const controller = new AbortController()
  const cancelled = failure(read(forever, { signal: controller.signal }))
  controller.abort()
  assert.equal((await cancelled).code, 'cancelled')
  assert.equal((await failure(read(forever, { signal: controller.signal }))).code, 'cancelled')
})
