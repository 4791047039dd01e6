/**
 * Holds ARCHITECTURE.md's "Who may import whom": reads the import statements of every file under src and says which
 * of them point the wrong way. `node scripts/layers.ts [folder]`
 */
import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

interface Layer {
  /** Folders it may import from, or single files of them. Its own is always allowed. */
  readonly imports: readonly string[]
  /** As `imports`, but by `import type` only. */
  readonly types?: readonly string[]
  /** npm packages it may use. Node's own modules are always allowed. */
  readonly packages?: readonly string[]
}

const engine = ['lib', 'version.ts', 'storage/storage.ts', 'repository', 'postgres', 'profile']

export const layers: Readonly<Record<string, Layer>> = {
  'version.ts': { imports: [] },
  lib: { imports: [] },
  storage: {
    imports: ['lib'],
    packages: ['@aws-sdk/client-s3', '@azure/storage-blob', '@azure/identity', 'google-auth-library'],
  },
  postgres: { imports: ['lib'], packages: ['pg', '@electric-sql/pglite-tools'] },
  // The stored formats describe roles and schema entries in the words of the code that reads them from a server.
  repository: {
    imports: ['lib', 'storage/storage.ts'],
    types: ['postgres'],
    packages: ['age-encryption', '@scure/base'],
  },
  config: { imports: ['lib'], types: ['postgres'] },
  profile: { imports: ['lib'], types: ['postgres'] },
  snapshot: { imports: engine },
  restore: { imports: engine },
  export: { imports: engine },
  verify: { imports: [...engine, 'restore'] },
  erasure: { imports: [...engine, 'restore'] },
  retention: { imports: ['lib'] },
  copies: { imports: ['lib', 'storage/storage.ts', 'repository'] },
  prune: { imports: ['lib', 'storage/storage.ts', 'repository', 'retention'] },
  sample: { imports: ['lib', 'postgres'] },
  catalog: { imports: ['lib', 'postgres'], packages: ['pg'] },
  jobs: { imports: ['lib', 'postgres', 'catalog'], packages: ['pg-boss', 'cron-parser'] },
  state: { imports: ['lib'] },
  alarms: { imports: ['lib', 'version.ts', 'catalog'], packages: ['nodemailer', 'cron-parser', 'zod'] },
  people: { imports: ['lib', 'catalog'], packages: ['jose'] },
  audit: { imports: ['lib', 'catalog'] },
  // The browser's: of the service it knows only what the API's contract says.
  console: {
    imports: [],
    types: ['api/contract.ts', 'api/contract'],
    packages: [
      'react',
      'react-dom',
      'radix-ui',
      '@tanstack/react-query',
      '@tanstack/react-router',
      '@tanstack/react-virtual',
      'uqr',
      'i18next',
      'react-i18next',
      'cronstrue',
      'zod',
      'vite',
      '@vitejs/plugin-react',
      '@tailwindcss/vite',
    ],
  },
  api: {
    imports: [
      'lib',
      'version.ts',
      'config',
      'postgres',
      'catalog',
      'jobs',
      'alarms',
      'people',
      'audit',
      'state',
    ],
    packages: ['hono', '@hono/node-server', '@hono/zod-openapi'],
  },
  // Also in browsers: nothing but itself.
  client: { imports: [] },
  'main.ts': {
    imports: ['lib', 'postgres', 'catalog', 'jobs', 'alarms', 'people', 'audit', 'api'],
  },
  cli: {
    imports: [
      ...engine,
      'config',
      'storage',
      'snapshot',
      'restore',
      'export',
      'verify',
      'erasure',
      'retention',
      'prune',
      'copies',
      'sample',
      'catalog',
      'alarms',
      'audit',
      'client',
      'main.ts',
      'api/console.ts',
    ],
    packages: ['commander'],
  },
}

export interface Violation {
  readonly file: string
  readonly line: number
  readonly message: string
}

/** Every import under `root` that no layer allows. Paths in the result are relative to `root`. */
export function findViolations(root: string): Violation[] {
  const violations: Violation[] = []
  for (const file of typescriptFiles(root)) {
    const name = relative(root, file).split(sep).join('/')
    const folder = name.split('/')[0] ?? ''
    const layer = layers[folder]
    if (layer === undefined) {
      violations.push({ file: name, line: 1, message: `${folder} is no layer: add it to scripts/layers.ts` })
      continue
    }
    for (const { specifier, typeOnly, line } of importsOf(readFileSync(file, 'utf8'))) {
      const message = specifier.startsWith('.')
        ? judgeFile(root, file, folder, layer, specifier, typeOnly)
        : judgePackage(folder, layer, specifier)
      if (message !== null) violations.push({ file: name, line, message })
    }
  }
  return violations
}

function judgeFile(
  root: string,
  file: string,
  folder: string,
  layer: Layer,
  specifier: string,
  typeOnly: boolean,
): string | null {
  const target = relative(root, resolve(dirname(file), specifier))
    .split(sep)
    .join('/')
  if (target.startsWith('..')) return `${specifier} is outside src`
  const allows = (entry: string): boolean => target === entry || target.startsWith(`${entry}/`)
  if (allows(folder) || layer.imports.some(allows)) return null
  if (layer.types?.some(allows) === true) {
    return typeOnly ? null : `${folder} may import ${target} with "import type" only`
  }
  const may = [...layer.imports, ...(layer.types ?? []).map((name) => `types of ${name}`)]
  return `${folder} may not import ${target}; it may import ${may.join(', ') || 'nothing'}`
}

function judgePackage(folder: string, layer: Layer, specifier: string): string | null {
  if (specifier.startsWith('node:')) return null
  const allowed = layer.packages ?? []
  if (allowed.some((name) => specifier === name || specifier.startsWith(`${name}/`))) return null
  return `${folder} may not use the package ${specifier}; it may use ${allowed.join(', ') || 'none'}`
}

interface Import {
  readonly specifier: string
  readonly typeOnly: boolean
  readonly line: number
}

/** Imports and re-exports, static and dynamic. Comments are blanked first, with their line breaks kept. */
export function importsOf(source: string): Import[] {
  const text = source.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, (comment) =>
    comment.replaceAll(/[^\n]/g, ' '),
  )
  const statements =
    /(?:^|[\n;])\s*(?:import|export)\s+(?<type>type\s+)?(?:[\w$*{}\s,]+?\s+from\s+)?['"](?<name>[^'"\n]+)['"]/g
  const calls = /(?:\bimport\s*\(|\bnew\s+URL\s*\()\s*['"](?<name>[^'"\n]+)['"]/g
  const found: Import[] = []
  for (const pattern of [statements, calls]) {
    for (const match of text.matchAll(pattern)) {
      const specifier = match.groups?.['name'] ?? ''
      // A URL is code only where it starts a worker, which is an import by another name.
      if (match[0].includes('URL') && !/^\..*\.ts$/.test(specifier)) continue
      const line = text.slice(0, match.index).split('\n').length + (match[0].startsWith('\n') ? 1 : 0)
      found.push({ specifier, typeOnly: match.groups?.['type'] !== undefined, line })
    }
  }
  return found.sort((a, b) => a.line - b.line)
}

function typescriptFiles(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = resolve(process.argv[2] ?? fileURLToPath(new URL('../src', import.meta.url)))
  const violations = findViolations(root)
  for (const { file, line, message } of violations) process.stderr.write(`${file}:${line} ${message}\n`)
  process.stdout.write(violations.length === 0 ? 'layers: every import points the right way\n' : '')
  process.exitCode = violations.length === 0 ? 0 : 1
}
