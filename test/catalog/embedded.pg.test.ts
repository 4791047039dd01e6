import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startEmbeddedCatalog } from '../../src/catalog/embedded.ts'
import { connect } from '../../src/postgres/connect.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const child = fileURLToPath(new URL('./embedded-child.ts', import.meta.url))

test('what is in the catalog stays from start to start, and through the death of its process', async (t) => {
  const directory = await temporaryDirectory(t)
  await chmod(directory, 0o755)
  const data = join(directory, 'data')
  {
    await using catalog = await startEmbeddedCatalog({ data, signal: undefined })
    await using connection = await connect({ address: catalog.address })
    await connection.query('CREATE TABLE public.kept AS SELECT 1 AS i')
  }
  const process_ = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', child, data], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(process_.stdout, 'data')
  process_.kill('SIGKILL')
  await once(process_, 'close')
  await using catalog = await startEmbeddedCatalog({ data, signal: undefined })
  await using connection = await connect({ address: catalog.address })
  const rows = await connection.query('SELECT i FROM public.kept UNION ALL SELECT i FROM public.child')
  assert.equal(rows.length, 2)
})

test('a directory that the server of root could not pass through is told before it is tried', async (t) => {
  const directory = await temporaryDirectory(t)
  await chmod(directory, 0o700)
  const starting = startEmbeddedCatalog({ data: join(directory, 'data'), signal: undefined })
  // Anybody else's server runs as they do, and passes.
  if (process.geteuid?.() !== 0) await (await starting)[Symbol.asyncDispose]()
  else await assert.rejects(starting, { code: 'catalog_directory' })
})
