import { defineCommand, requiredArgument } from '../command.ts'
import { confirmation } from '../confirm.ts'
import { expectation, restoreId } from '../expected.ts'
import { flag, text } from '../option.ts'
import { lockTimeout, opening } from '../options.ts'

export const command = defineCommand({
  name: 'undo',
  summary: 'take a restore in place back',
  description:
    'Puts the rows that a restore in place has changed back to what they were before it, from the safety backup that it left in the ' +
    'repository; drops the tables that it made, and makes them again when that is undone. It is previewed, confirmed and applied as a restore ' +
    'is, and can be undone itself. Rows that somebody has changed since are named, and left alone unless --overwrite is given.\n\n' +
    'A restore of parts of the schema (--component) is taken back whole, if all that it changed is still as it made it. A database ' +
    'that took the place of another (--swap) gives the name back.',
  arguments: {
    restore: requiredArgument('RESTORE', 'the id of a restore, a unique beginning of one, or latest'),
  },
  options: {
    ...opening,
    to: text({
      flags: '--to <target>',
      description: 'the database that the restore changed',
      default: 'the address that the restore was given, without its password',
    }),
    overwrite: flag({
      flags: '--overwrite',
      description: 'put rows back that somebody has changed since, too',
    }),
    skipConflicts: flag({
      flags: '--skip-conflicts',
      description: 'leave out rows that somebody has changed since, and put back the others',
    }),
    preview: flag({ flags: '--preview', description: 'show what would change, and change nothing' }),
    html: text({
      flags: '--html <file>',
      description: 'write the preview as one HTML file, too; it holds rows of the database, or definitions',
    }),
    lockTimeout,
    ...restoreId,
    ...expectation,
    ...confirmation,
  },
  examples: [
    { what: 'the last restore was a mistake', command: 'holdfast undo latest --repo /mnt/backups/shop' },
    {
      what: 'what would it change?',
      command: 'holdfast undo 20261128 --to postgres://admin@db1/shop --preview --repo /mnt/backups/shop',
    },
  ],
  cancelled: 'Nothing was undone, unless it said that it was done.',
  async run(context, input) {
    const { undoRestore } = await import('../undo.ts')
    await undoRestore(context, input)
  },
  server: {
    takes: [
      'restore',
      'source',
      'identity',
      'passphraseFile',
      'to',
      'overwrite',
      'skipConflicts',
      'preview',
      'html',
      'yes',
      'confirm',
    ],
    async run(context, client, input) {
      const { undoAtServer } = await import('../server/undo.ts')
      await undoAtServer(context, client, input)
    },
  },
})
