import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { differences, generate } from '../../scripts/docs.ts'
import { loadCommands } from '../../src/cli/commands/index.ts'
import { codes, themes } from '../../src/lib/error-codes.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

test('a page that was changed, is missing or is no page any more is found', async (t) => {
  const directory = await temporaryDirectory(t)
  const pages = await generate()
  for (const [name, text] of pages) await writeFile(join(directory, name), text)
  assert.deepEqual(differences(pages, directory), [])
  await writeFile(join(directory, 'errors.md'), 'other')
  await writeFile(join(directory, 'gone.md'), '')
  assert.deepEqual(differences(pages, directory), ['errors.md', 'gone.md'])
  assert.deepEqual(differences(pages, join(directory, 'none')), [...pages.keys()])
})

test('every command, option, code and variable has its line', async () => {
  const pages = await generate()
  const commands = await loadCommands([])
  for (const { name, options, subcommands } of commands) {
    assert.match(pages.get('commands.md') ?? '', new RegExp(`^## holdfast ${name}$`, 'm'))
    for (const sub of subcommands)
      assert.ok(pages.get('commands.md')?.includes(`### holdfast ${name} ${sub.name}`))
    for (const { flags, env } of Object.values(options)) {
      assert.ok(pages.get('commands.md')?.includes(flags))
      if (env !== undefined) assert.ok(pages.get('environment.md')?.includes(env))
    }
  }
  const documented = themes.flatMap((theme) => Object.keys(theme))
  assert.deepEqual(Object.keys(codes), documented, 'a code is in one theme')
  for (const code of documented) assert.ok(pages.get('errors.md')?.includes(`| \`${code}\` |`))
})
