import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inPlaceOptions, readInPlaceOptions, requireNoInPlace } from '../../src/cli/in-place-options.ts'
import type { Given } from '../../src/cli/option.ts'
import { isHoldfastError } from '../../src/lib/errors.ts'

type Input = Parameters<typeof requireNoInPlace>[0]

/** As the parser reads them: the environment stands in for what is not given. */
function read(given: Readonly<Record<string, Given>>, env: Readonly<Record<string, string>> = {}): Input {
  const values = Object.entries(inPlaceOptions).map(([name, spec]) => {
    const variable = 'env' in spec && typeof spec.env === 'string' ? env[spec.env] : undefined
    return [name, spec.read(given[name] ?? variable)]
  })
  return Object.fromEntries(values) as Input
}

test('what is about restores in place is refused elsewhere, unless nobody gave it to this command', () => {
  requireNoInPlace(read({}), {})
  const env = { HOLDFAST_LOCK_TIMEOUT: '30' }
  requireNoInPlace(read({}, env), env)
  for (const [given, option] of [
    [{ lockTimeout: '5' }, '--lock-timeout'],
    [{ where: 'true' }, '--where'],
    [{ replace: true }, '--replace'],
    [{ component: ['views'] }, '--component'],
    [{ references: 'bring' }, '--references'],
    [{ confirm: 'shop' }, '--confirm'],
  ] as const) {
    for (const variables of [{}, env]) {
      const message = `${option} is about a restore --in-place.`
      assert.throws(() => requireNoInPlace(read(given, variables), variables), { code: 'usage', message })
    }
  }
})

test('new keys go with creating alone', () => {
  const chosen = { schema: [], table: ['orders'], excludeTable: [] }
  const { newIds, actions } = readInPlaceOptions({ ...read({ newIds: true }), ...chosen })
  assert.deepEqual([newIds, actions], [true, { create: true, update: false, delete: false }])
  readInPlaceOptions({ ...read({ newIds: true, createMissing: true }), ...chosen })
  for (const [given, option] of [
    [{ replace: true }, '--replace'],
    [{ updateChanged: true }, '--update-changed'],
    [{ deleteExtra: true }, '--delete-extra'],
    [{ keepNewer: 'at' }, '--keep-newer'],
  ] as const) {
    assert.throws(
      () => readInPlaceOptions({ ...read({ newIds: true, ...given }), ...chosen }),
      (error) =>
        isHoldfastError(error, 'usage') && error.message.endsWith(`; ${option} is about those that are.`),
    )
  }
})
