import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { commandLine } from '../support/command-line.ts'

interface Failed {
  readonly error: { readonly code: string }
}

interface Keys {
  readonly repository: {
    readonly ownerKey: string
    readonly recipients: readonly { readonly name: string; readonly confirmed: boolean }[]
    readonly epochs: readonly unknown[]
  }
}

test('a recipient by public key opens the repository with the owner key, alone once it has confirmed, and not when removed', async () => {
  const { directory, run, json } = await commandLine()
  json(['init', 'hers', '--identity', 'ada.txt', '--host-file', 'unused.json'])
  const key = /age1[0-9a-z]+/.exec(await readFile(join(directory, 'ada.txt'), 'utf8'))?.[0] ?? ''
  const asAda = (command: string[], ownerKey: string[] = []) => [
    ...command,
    '--identity',
    'ada.txt',
    ...ownerKey,
  ]
  const rotate = ['keys', 'rotate']
  const refused = (args: string[], code: string) =>
    assert.equal(json<Failed>(args, { status: 5 }).error.code, code)
  const confirmed = (keys: Keys) =>
    Object.fromEntries(keys.repository.recipients.map((one) => [one.name, one.confirmed]))

  refused(asAda(rotate), 'identity_wrong')
  const added = run(['keys', 'add', 'ada', '--recipient', key])
  assert.equal(added.status, 0, added.stderr)
  const ownerKey = /for --owner-key: (\S+)\n/.exec(added.stdout)?.[1] ?? ''
  const listed = json<Keys>(['keys'])
  assert.equal(ownerKey, listed.repository.ownerKey)
  assert.deepEqual(confirmed(listed), { owner: true, ada: false })

  refused(asAda(rotate), 'owner_not_confirmed')
  const other = json<Keys>(['keys', '--repo', 'hers']).repository.ownerKey
  assert.notEqual(run(asAda(['keys', 'confirm'], ['--owner-key', other])).status, 0)
  assert.deepEqual(confirmed(json<Keys>(['keys'])), { owner: true, ada: false })
  assert.equal(json<Keys>(asAda(rotate, ['--owner-key', ownerKey])).repository.epochs.length, 2)
  assert.deepEqual(confirmed(json<Keys>(asAda(['keys', 'confirm'], ['--owner-key', ownerKey]))), {
    owner: true,
    ada: true,
  })
  assert.equal(json<Keys>(asAda(rotate)).repository.epochs.length, 3)

  const removed = json<Keys>(['keys', 'remove', 'ada'])
  assert.deepEqual(confirmed(removed), { owner: true })
  assert.equal(removed.repository.epochs.length, 4)
  refused(asAda(rotate, ['--owner-key', ownerKey]), 'identity_wrong')
  assert.equal(run(['keys', 'remove', 'owner']).status, 2, 'the last one stays')
})
