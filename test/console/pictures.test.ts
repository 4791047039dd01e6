import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { test } from 'node:test'

const folder = new URL('../../docs/console/', import.meta.url)
const read = (path: string): Promise<string> => readFile(new URL(path, import.meta.url), 'utf8')

test('every page that is walked has its picture, every picture is shown, and none is left over', async () => {
  const walk = await read('walk.browser.test.ts')
  const names = [...walk.matchAll(/\{ name: '([\w-]+)', path: /g)].map(([, name = '']) => name)
  const shown = [...(await read('../../docs/console/README.md')).matchAll(/\]\(([\w-]+\.png)\)/g)].map(([, file = '']) => file) // prettier-ignore
  const there = (await readdir(folder)).filter((file) => file.endsWith('.png'))
  assert.ok(names.length > 40)
  assert.deepEqual(shown.toSorted(), there.toSorted())
  assert.deepEqual(
    names.map((name) => `${name}-en-light-1280.png`).filter((file) => !there.includes(file)),
    [],
  )
  const known = new Set([...names, 'demo', 'react'])
  assert.deepEqual(there.filter((file) => !known.has(file.replace(/-(en|ar)-.*/, ''))), []) // prettier-ignore
})
