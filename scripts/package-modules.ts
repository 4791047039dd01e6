import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Writes the package as far as nothing has to be built for it: the modules of src without their types, at the same places, since Node runs
 * no TypeScript below node_modules; the types of holdfast/client, the launcher, and what package.json says of it.
 */
export function stageModules(stage: string): void {
  for (const path of globSync('src/**/*', { cwd: root, withFileTypes: true })) {
    const from = join(path.parentPath, path.name)
    const to = from.slice(root.length)
    if (!path.isFile() || to.startsWith('src/console/')) continue
    if (to.endsWith('.ts'))
      put(join(stage, to.replace(/\.ts$/, '.js')), withJs(stripTypeScriptTypes(readFileSync(from, 'utf8'))))
    else copy(to, join(stage, to))
  }
  for (const file of ['README.md', 'LICENSE', 'CHANGELOG.md']) copy(file, join(stage, file))
  const launcher = join(stage, 'bin/holdfast')
  put(
    launcher,
    readFileSync(join(root, 'bin/holdfast'), 'utf8').replace('src/cli/main.ts', 'src/cli/main.js'),
  )
  chmodSync(launcher, 0o755)
  declareClient(join(stage, 'src/client'))
  put(join(stage, 'package.json'), manifest())
}

/** What names modules of ours, which end otherwise in the package. */
function withJs(code: string): string {
  return code.replaceAll(/(\bfrom\s*|\bimport\s*\(?\s*|\bnew URL\(\s*)'(\.\.?\/[^']*)\.ts'/g, "$1'$2.js'")
}

/** Types that an application's own compiler reads. */
function declareClient(into: string): void {
  const options = '--ignoreConfig --noCheck --declaration --emitDeclarationOnly --allowImportingTsExtensions --target es2025 --module nodenext --lib es2025,dom,dom.iterable --types node' // prettier-ignore
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  run(process.execPath, [tsc, join(root, 'src/client/client.ts'), ...options.split(' '), '--outDir', into])
  for (const file of globSync(join(into, '*.d.ts'))) writeFileSync(file, withJs(readFileSync(file, 'utf8')))
}

function manifest(): string {
  const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, unknown>
  const { scripts: _scripts, devDependencies: _development, allowScripts: _allowed, exports, ...kept } = own
  const client = { types: './src/client/client.d.ts', default: './src/client/client.js' }
  return `${JSON.stringify({ ...kept, exports: { ...(exports as object), './client': client } }, null, 2)}\n`
}

function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

/** `from` as of the checkout. */
export function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true })
  cpSync(join(root, from), to, { recursive: true })
}

/** What a program prints that must succeed. */
export function run(program: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', cwd: root })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stdout}${stderr}`)
  return stdout
}
