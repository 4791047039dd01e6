import { defineCommand } from '../command.ts'
import { confirmation } from '../confirm.ts'
import { flag, text } from '../option.ts'
import { opening } from '../options.ts'

export const command = defineCommand({
  name: 'erase',
  summary: 'keep rows that were erased from coming back with a restore',
  description:
    'For rows that were deleted because somebody asked for it: writes down in the repository which these are, so that no restore, ' +
    'undo, drill or export of any backup brings them back. Of the keys only keyed hashes are stored. It deletes ' +
    'nothing: neither in a database, which is the task of the application, nor in backups, which still hold the rows, encrypted.\n\n' +
    'The keys are read from a database, with --where and --from while the rows are still there, or from a file, with --keys. ' +
    'What would be held back is shown, and stored when the name of the database has been typed.',
  arguments: {},
  options: {
    ...opening,
    table: text({
      flags: '-t, --table <table>',
      description: 'the table that the rows were in: table or schema.table',
    }),
    where: text({
      flags: '--where <condition>',
      description: 'SQL condition that the rows meet in the database of --from',
    }),
    from: text({
      flags: '--from <source>',
      description: 'the database with the rows: the name of a source in holdfast.json, or its address',
    }),
    keys: text({
      flags: '--keys <file>',
      description: 'a file with one key a line; of several columns, a JSON array of texts',
    }),
    column: text({
      flags: '--column <columns>',
      description: 'the columns that make the key, between commas',
      default: 'the primary key',
    }),
    reason: text({ flags: '--reason <text>', description: 'why: kept with the keys' }),
    list: flag({ flags: '--list', description: 'list what was erased' }),
    withdraw: text({
      flags: '--withdraw <id>',
      description: 'take an erasure back: restores bring its rows again',
    }),
    preview: flag({ flags: '--preview', description: 'show what would be held back, and store nothing' }),
    ...confirmation,
  },
  examples: [
    {
      what: 'a customer has asked to be forgotten',
      command:
        'holdfast erase --table customers --where "email = \'ada@example.com\'" --from shop --reason "request 4711" --repo /mnt/backups/shop',
    },
    {
      what: 'rows that are deleted already, by their keys',
      command:
        'holdfast erase --table shop.customers --keys erased.txt --reason "requests of November" --repo /mnt/backups/shop',
    },
    { what: 'what was erased?', command: 'holdfast erase --list --repo /mnt/backups/shop' },
  ],
  cancelled: 'Nothing was erased, unless it said so.',
  async run(context, input) {
    const { listErased, withdrawErasure } = await import('../erasures.ts')
    if (input.list) return await listErased(context, input)
    if (input.withdraw !== undefined) {
      return await withdrawErasure(context, { ...input, withdraw: input.withdraw })
    }
    const { eraseRows } = await import('../erase.ts')
    await eraseRows(context, input)
  },
})
