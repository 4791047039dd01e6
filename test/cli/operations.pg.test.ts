import assert from 'node:assert/strict'
import { copyFileSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { connectWire } from '../../src/postgres/connect.ts'
import { createSample } from '../../src/sample/sample.ts'
import { addressOf } from '../support/address.ts'
import { commandLine } from '../support/command-line.ts'
import { testServer } from '../support/postgres.ts'

/*
 * Runs docs/OPERATIONS.md from top to bottom as it is written: what is in `sql` happens to the database, what is in `sh`
 * is run, and what it prints must be the `text` that follows, but for ids, times and the like.
 * HOLDFAST_WRITE_SCREENS=1 writes what was printed into the document instead.
 */
const path = new URL('../../docs/OPERATIONS.md', import.meta.url)
const write = process.env['HOLDFAST_WRITE_SCREENS'] === '1'

test('the commands of the page for a bad day work, and print what it shows', async () => {
  const server = await testServer(17)
  await server.query('CREATE DATABASE shop')
  const url = server.url('shop')
  await using wire = await connectWire({ address: addressOf(url) })
  await createSample({ wire })
  const user = await commandLine()
  // The address as the document has it: the password comes from the environment.
  const address = new URL(url)
  const env = { SHOP: `postgres://${address.username}@${address.host}/shop`, PGPASSWORD: address.password }
  user.json(['backup', env.SHOP, '--name', 'nightly'], { env })

  // Another machine has what is brought to it: the archive and the identity.
  const elsewhere = join(user.directory, 'elsewhere')
  mkdirSync(elsewhere)
  const [identity = ''] = globSync(join(user.directory, '.config/holdfast/*/identity.txt'))
  copyFileSync(identity, join(user.directory, 'identity.txt'))

  let printed: string | null = null
  let screens = 0
  const document = readFileSync(path, 'utf8')
  const pieces = document.split(/^(```(?:sh|sql|text)\n[^]*?^```\n)/m)
  for (const [at, piece] of pieces.entries()) {
    const [, kind, body = ''] = /^```(sh|sql|text)\n([^]*?)^```\n/m.exec(piece) ?? []
    // The settings at the beginning are the test's own here.
    if (kind === 'sh' && !body.startsWith('export ')) {
      const onOther = body.includes('--repo shop.holdfast')
      const machine = onOther ? { ...env, HOME: elsewhere, HOLDFAST_REPO: '/nowhere' } : env
      const run = user.shell(body.replaceAll(/^holdfast/gm, '$holdfast'), machine)
      assert.equal(run.status, 0, `${body}${run.stdout}${run.stderr}`)
      printed = run.stdout
        .replaceAll(user.directory, '/home/you')
        .replaceAll(address.host, 'db.example.com')
        .replaceAll('postgres@', 'admin@')
    }
    if (kind === 'sql') await server.query(body, 'shop')
    if (kind === 'text') {
      assert.notEqual(printed, null, 'a screen follows its command')
      if (write) pieces[at] = `\`\`\`text\n${printed}\`\`\`\n`
      else assert.equal(settled(printed ?? ''), settled(body))
      printed = null
      screens++
    }
  }
  assert.ok(screens > 8)
  if (write) writeFileSync(path, pieces.join(''))
})

/** What differs from run to run, made equal; columns may move with it. */
function settled(screen: string): string {
  return screen
    .replaceAll(/\d{8}T\d{6}Z-[0-9a-f]{8}/g, 'ID')
    .replaceAll(/(holdfast_(?:old|new)_\S*)_[0-9a-f]{8}/g, '$1_ID')
    .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|\+00)?/g, 'TIME')
    .replaceAll(/\d\d:\d\d, (just now|\d+ \w+ ago)/g, 'WHEN')
    .replaceAll(/[\d.,]+ (ms|s|min|B|kB|MB)(\/s)?\b/g, 'AMOUNT')
    .replaceAll(/ at \S+$/gm, ' at HOST')
    .replaceAll(/ +/g, ' ')
}
