import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

const root = new URL('../../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')

test('the tests that docs/CONSISTENCY.md names exist, and every section names some', () => {
  const [, ...sections] = read('docs/CONSISTENCY.md').split('\n## ')
  assert.ok(sections.length >= 8)
  for (const section of sections) {
    const named = [...section.matchAll(/^- `([a-z/.-]+\.test\.ts)`: (.+)$/gm)]
    assert.ok(named.length > 0, section.split('\n')[0])
    for (const [, file = '', title = ''] of named) {
      const source = read(`test/${file}`)
      const there = [`'`, '"', '`'].some((quote) => source.includes(`test(${quote}${title}${quote}`))
      assert.ok(there, `${file} has no test: ${title}`)
    }
  }
})
