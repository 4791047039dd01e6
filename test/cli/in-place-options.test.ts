import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inPlaceOptions, requireNoInPlace } from '../../src/cli/in-place-options.ts'
import type { Given } from '../../src/cli/option.ts'

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
