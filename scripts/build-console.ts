import { existsSync } from 'node:fs'
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { build } from 'vite'
import { builds, consoleVersion } from '../src/cli/console.ts'

/*
 * Builds the console into a directory of its own, beside which compressed forms of its files lie, and puts it in its place as a whole when
 * it is done: whoever is serving or building meanwhile never sees half of one.
 */

const configFile = fileURLToPath(new URL('../src/console/vite.config.ts', import.meta.url))
const version = await consoleVersion()
const place = join(builds, version)
const outDir = join(builds, `.${version}.${process.pid}`)

await mkdir(builds, { recursive: true })
await build({ configFile, logLevel: 'warn', build: { outDir, emptyOutDir: true } })
const entries = await readdir(outDir, { recursive: true, withFileTypes: true })
for (const { parentPath, name } of entries.filter((entry) => entry.isFile())) {
  if (!['.js', '.css', '.svg', '.html'].includes(extname(name))) continue
  const path = join(parentPath, name)
  const plain = await readFile(path)
  const forms = {
    br: brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
    gz: gzipSync(plain, { level: 9 }),
  }
  for (const [ending, bytes] of Object.entries(forms))
    if (bytes.length < plain.length) await writeFile(`${path}.${ending}`, bytes)
}
// Those of others that are at work begin with a dot.
const old = (await readdir(builds)).filter((name) => name !== version && !name.startsWith('.'))
for (const name of old) await rm(join(builds, name), { recursive: true, force: true })
await rename(outDir, place).catch(async (error: unknown) => {
  await rm(outDir, { recursive: true, force: true })
  // Somebody else was quicker: theirs is made from the same.
  if (!existsSync(place)) throw error
})
process.stdout.write(`The console was built: ${place}\n`)
