import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { root, stageModules } from '../../scripts/package-modules.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

/* The package that npm run package makes, but for what is built for it, in the node_modules of another application. */

test('another application has the command and the client from the package, with all files that they take', async (t) => {
  const application = await temporaryDirectory(t)
  const installed = join(application, 'node_modules/holdfast')
  mkdirSync(installed, { recursive: true })
  stageModules(installed)
  for (const name of readdirSync(join(root, 'node_modules')))
    if (name !== 'holdfast')
      symlinkSync(join(root, 'node_modules', name), join(application, 'node_modules', name))
  // What is built is not built for this: it is enough that it would be taken along.
  for (const file of ['build/react/react.js', 'build/console/packed/index.html']) {
    mkdirSync(join(installed, file, '..'), { recursive: true })
    writeFileSync(join(installed, file), '')
  }

  const env = { PATH: process.env['PATH'], HOME: application }
  const run = (...args: string[]) => {
    const command = join(installed, 'bin/holdfast')
    const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', cwd: application, env })
    assert.equal(status, 0, stdout + stderr)
    return stdout
  }
  assert.match(run('init', 'repository'), /identity/)
  assert.match(run('keys', '--repo', 'repository'), /may write/)
  const code = `import('holdfast/client').then((m) => console.log(Object.keys(m).join()))`
  const node = execFileSync(process.execPath, ['-e', code], { encoding: 'utf8', cwd: application, env })
  assert.match(node, /createClient/)

  const packing = ['pack', installed, '--dry-run', '--json', '--ignore-scripts']
  const [packed] = JSON.parse(execFileSync('npm', packing, { encoding: 'utf8', cwd: application })) as { files: { path: string }[] }[] // prettier-ignore
  const files = new Set(packed?.files.map(({ path }) => path))
  const needed = ['bin/holdfast', 'src/cli/main.js', 'src/client/client.d.ts', 'src/client/types.d.ts', 'src/repository/crypto/worker.js', 'src/postgres/schema/worker.js', 'src/catalog/schema.sql', 'build/react/react.js', 'build/console/packed/index.html', 'LICENSE'] // prettier-ignore
  assert.deepEqual(needed.filter((path) => !files.has(path)), []) // prettier-ignore
  assert.deepEqual([...files].filter((path) => /(?<!\.d)\.tsx?$/.test(path)), []) // prettier-ignore
})
