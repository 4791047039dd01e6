import assert from 'node:assert/strict'
import { copyFileSync, globSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { connectWire } from '../../src/postgres/connect.ts'
import { createSample } from '../../src/sample/sample.ts'
import { addressOf } from '../support/address.ts'
import { commandLine } from '../support/command-line.ts'
import { runDocument } from '../support/document.ts'
import { testServer } from '../support/postgres.ts'

/*
 * Runs the part of docs/OPERATIONS.md that is for a bad day, as it is written: what is in `sql` happens to the database, what is in `sh` is
 * run, and prints what follows.
 */

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

  const screens = await runDocument({
    name: 'OPERATIONS.md',
    takes: ({ headings }) => headings.includes('On a bad day'),
    async run({ kind, body }) {
      if (kind === 'sql') await server.query(body, 'shop')
      // The settings at the beginning are the test's own here.
      if (kind !== 'sh' || body.startsWith('export ')) return null
      const onOther = body.includes('--repo shop.holdfast')
      const machine = onOther ? { ...env, HOME: elsewhere, HOLDFAST_REPO: '/nowhere' } : env
      const run = user.shell(body.replaceAll(/^holdfast/gm, '$holdfast'), machine)
      assert.equal(run.status, 0, `${body}${run.stdout}${run.stderr}`)
      return run.stdout
        .replaceAll(user.directory, '/home/you')
        .replaceAll(address.host, 'db.example.com')
        .replaceAll('postgres@', 'admin@')
    },
  })
  assert.ok(screens > 8)
})
