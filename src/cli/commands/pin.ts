import { hostname, userInfo } from 'node:os'
import { requireLabel } from '../../repository/format/fields.ts'
import type { Pin } from '../../repository/format/pin.ts'
import { defineCommand, requiredArgument } from '../command.ts'
import { requiredText } from '../option.ts'
import { hostFile, ownerKey, repo, source } from '../options.ts'
import { printable } from '../width.ts'

export const command = defineCommand({
  name: 'pin',
  summary: 'keep a backup, whatever prune is told',
  description:
    'Keeps a backup from being pruned until holdfast unpin lets it go. The reason and who pinned it are kept in the repository, ' +
    'in the clear, and shown by list and show. Needs the host file, as backing up does, and no secret that decrypts.',
  arguments: { backup: requiredArgument('BACKUP', 'an id, a unique beginning of one, or latest') },
  options: {
    repo,
    source,
    hostFile,
    ownerKey,
    reason: requiredText({
      flags: '--reason <text>',
      description: 'why: 1 to 200 characters, which who reads the storage sees',
      missing: 'why is it to be kept?',
    }),
  },
  examples: [
    {
      what: 'the state before a migration',
      command: 'holdfast pin latest --reason "before the migration to 4.0" --repo /mnt/backups/shop',
    },
  ],
  cancelled: 'The backup is pinned only if it was said so.',
  async run(context, input) {
    const { inEachCopy, openForWriting, readTogether, requireComplete } = await import('../copies.ts')
    const { putPin } = await import('../../repository/pins.ts')
    const { newId } = await import('../../repository/ids.ts')
    const { out, signal, clock } = context
    const reason = requireLabel('A reason', input.reason)
    const opened = await openForWriting(context, input)
    const { id: backup } = await readTogether(context, opened).find(input.backup, { signal })
    const when = clock.now()
    const about = { backup, when, reason, who: `${userInfo().username} at ${hostname()}`, id: newId(when) }
    const pins: Pin[] = []
    const copies = await inEachCopy(opened, async (repository) => {
      pins.push(await putPin({ repository, credentials: opened.host, ...about, signal }))
    })
    const [pin] = pins
    out.line(`Backup ${backup} is kept until holdfast unpin: ${printable(reason)}`)
    requireComplete(`The backup ${backup} was pinned`, copies, { pin, copies })
    out.result({ pin, copies })
  },
  server: {
    takes: ['backup', 'repo', 'source', 'reason'],
    async run(context, client, input) {
      const { pinAtServer } = await import('../server/one-backup.ts')
      await pinAtServer(context, client, input)
    },
  },
})
