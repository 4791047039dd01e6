import { defineCommand, requiredArgument } from '../command.ts'
import { flag, texts } from '../option.ts'
import { hostFile, identity, ownerKey, passphraseFile, storageLimits } from '../options.ts'

export const command = defineCommand({
  name: 'copy',
  summary: 'bring a copy of a repository up to date, or make one',
  description:
    'Copies what TO lacks of FROM: keys, erasures, backups, what restores left, pins and marks of drills. Where TO is empty it becomes a copy; ' +
    'then the same identity opens both, and the same machines may write to both. Only what is missing is read, as it is stored; broken off, it goes on ' +
    'where it was. Needs the host file, as backing up does, and no secret that decrypts: that what is read is what was stored is told by its size only. With --verify it ' +
    'is opened and hashed, which takes the identity.\n\n' +
    'Backups that TO has and FROM has not stay. One that a prune has removed from TO comes back if FROM still has it.',
  arguments: {
    from: requiredArgument('FROM', 'the copy that is read: a path, or an address such as s3://bucket/shop'),
    to: requiredArgument('TO', 'the copy that is written to, or an empty place'),
  },
  options: {
    backup: texts({
      flags: '--backup <id>',
      description: 'only this backup: an id, a unique beginning of one, or latest; may be repeated',
    }),
    verify: flag({ flags: '--verify', description: 'open and hash what is read before it is written' }),
    repair: flag({
      flags: '--repair',
      description:
        'read all that TO has of it as well, and replace what is damaged: takes the identity, and the right to delete in TO',
    }),
    dryRun: flag({ flags: '--dry-run', description: 'show what TO lacks, and copy nothing' }),
    identity,
    passphraseFile,
    hostFile,
    ownerKey,
    ...storageLimits,
  },
  examples: [
    { what: 'a copy elsewhere', command: 'holdfast copy /mnt/backups/shop "s3://backups/shop"' },
    {
      what: 'what is missing there?',
      command: 'holdfast copy /mnt/backups/shop "s3://backups/shop" --dry-run',
    },
    {
      what: 'replace what a disk has damaged',
      command: 'holdfast copy "s3://backups/shop" /mnt/backups/shop --repair',
    },
  ],
  cancelled: 'Every backup that is in TO is whole. Run it again, and it goes on where it was.',
  async run(context, input) {
    const { copyBetween } = await import('../copy.ts')
    await copyBetween(context, input)
  },
})
