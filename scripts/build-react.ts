import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { consoleVersion } from '../src/cli/console.ts'

/*
 * Builds holdfast/react from the console into build/react, where package.json says that it is: modules, one style sheet, and declarations
 * of what an application sees. Done as a whole or not at all, and only if what it is made from has changed.
 */

const declarationsOnly = [
  '--ignoreConfig',
  '--noCheck',
  '--noResolve',
  '--declaration',
  '--emitDeclarationOnly',
  '--allowImportingTsExtensions',
  '--jsx',
  'react-jsx',
  '--target',
  'es2025',
  '--module',
  'esnext',
  '--moduleResolution',
  'bundler',
]
const root = fileURLToPath(new URL('..', import.meta.url))
const place = join(root, 'build/react')
const version = await consoleVersion()

if ((await readFile(join(place, 'version'), 'utf8').catch(() => '')) === version) {
  process.stdout.write(`Nothing has changed: ${place}\n`)
} else {
  await mkdir(dirname(place), { recursive: true })
  const made = await mkdtemp(`${place}.`)
  const configFile = join(root, 'src/console/react/vite.config.ts')
  await build({ configFile, logLevel: 'warn', build: { outDir: made } })
  await declare(made)
  await writeFile(join(made, 'version'), version)
  await rm(place, { recursive: true, force: true })
  await rename(made, place)
  process.stdout.write(`holdfast/react was built: ${place}\n`)
}

/** One file says all that is exported, with its types, and takes none from elsewhere: nothing else has to be read for it. */
async function declare(into: string): Promise<void> {
  const file = join(root, 'src/console/react/react.tsx')
  const { status, stdout } = spawnSync(
    process.execPath,
    [join(root, 'node_modules/typescript/bin/tsc'), file, ...declarationsOnly, '--outDir', into],
    { encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(`No declarations were made: ${stdout}`)
  const path = join(into, 'react.d.ts')
  // Whoever uses it imports its styles.
  await writeFile(path, (await readFile(path, 'utf8')).replace(/^import '.*\.css';\n/m, ''))
}
