import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { findViolations, importsOf } from '../../scripts/layers.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const script = fileURLToPath(new URL('../../scripts/layers.ts', import.meta.url))

async function writeTree(root: string, files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true })
    await writeFile(join(root, name), text)
  }
}

test('imports that point the wrong way are found, with line and reason', async (t) => {
  const root = await temporaryDirectory(t)
  await writeTree(root, {
    'lib/a.ts': "import { x } from '../storage/local.ts'\n",
    'repository/open.ts': [
      "import { openLocal } from '../storage/local.ts'",
      "import type { Storage } from '../storage/storage.ts'",
      "import type { Wire } from '../postgres/wire.ts'",
      'import {',
      '  connect,',
      "} from '../postgres/connect.ts'",
    ].join('\n'),
    'snapshot/a.ts': "export { y } from '../restore/b.ts'\nimport pg from 'pg'\n",
    'verify/a.ts': "import '../restore/b.ts'\nconst late = await import('../cli/main.ts')\n",
    'cli/main.ts': "import { Command } from 'commander'\nimport { s } from '../snapshot/a.ts'\n",
    'postgres/worker.ts': "new Worker(new URL('../snapshot/worker.ts', import.meta.url))\n",
    'utils/a.ts': '',
  })
  const found = findViolations(root).map(({ file, line }) => `${file}:${line}`)
  assert.deepEqual(found, [
    'lib/a.ts:1',
    'postgres/worker.ts:1',
    'repository/open.ts:1',
    'repository/open.ts:4',
    'snapshot/a.ts:1',
    'snapshot/a.ts:2',
    'utils/a.ts:1',
    'verify/a.ts:2',
  ])
  const messages = findViolations(root)
    .map(({ message }) => message)
    .join('\n')
  assert.match(messages, /repository may import postgres\/connect\.ts with "import type" only/)
  assert.match(messages, /snapshot may not import restore\/b\.ts; it may import/)
  assert.match(messages, /snapshot may not use the package pg/)

  const { status, stderr } = spawnSync(process.execPath, [script, root], { encoding: 'utf8' })
  assert.equal(status, 1)
  assert.match(stderr, /^lib\/a\.ts:1 lib may not import storage\/local\.ts/)
})

test('comments and texts are no imports', () => {
  const source = [
    "// import { a } from './a.ts'",
    '/*',
    " * import { b } from './b.ts'",
    ' */',
    'const text = "import things from elsewhere"',
    "import { c } from './c.ts'",
  ].join('\n')
  assert.deepEqual(importsOf(source), [{ specifier: './c.ts', typeOnly: false, line: 6 }])
})

test('the sources keep to the layers', () => {
  assert.deepEqual(findViolations(fileURLToPath(new URL('../../src', import.meta.url))), [])
})
