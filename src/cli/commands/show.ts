import { isHoldfastError } from '../../lib/errors.ts'
import type { BackupContents } from '../../repository/format/contents.ts'
import type { Manifest } from '../../repository/format/manifest.ts'
import type { Repository } from '../../repository/types.ts'
import { defineCommand, requiredArgument, type CommandContext } from '../command.ts'
import { opening } from '../options.ts'
import { contentsSummaryOf, summaryOf } from '../summary.ts'

export const command = defineCommand({
  name: 'show',
  summary: 'show what is in a backup',
  description:
    'Shows a backup: when and how it was made, what it cost, and, with the identity or passphrase, its tables, ' +
    'rows, fingerprints and gaps. Without one it shows what is not sealed.',
  arguments: { backup: requiredArgument('BACKUP', 'an id, a unique beginning of one, or latest') },
  options: opening,
  examples: [
    { what: 'the newest backup', command: 'holdfast show latest --repo /mnt/backups/shop' },
    { what: 'its tables, for a program', command: "holdfast show latest --json | jq '.contents.tables'" },
  ],
  async run(context, input) {
    const { openStoredBackup, openForListing } = await import('../repository.ts')
    const { out, signal } = context
    try {
      await using opened = await openStoredBackup(context, input)
      await show(context, opened.repository, opened.manifest, opened.contents)
    } catch (error) {
      // Only where none was named: an identity that does not fit must not look like a backup without tables.
      const named = input.identity !== undefined || input.passphraseFile !== undefined
      if (named || !isHoldfastError(error, 'identity_missing')) throw error
      const { repository } = await openForListing(context, input)
      await show(context, repository, await repository.find(input.backup, { signal }), null)
      out.note('Tables, fingerprints and gaps are sealed: pass --identity FILE to see them.')
    }
  },
  server: {
    takes: ['backup', 'repo', 'source'],
    async run(context, client, input) {
      const { showAtServer } = await import('../server/show.ts')
      await showAtServer(context, client, input)
    },
  },
})

async function show(
  { out, clock, signal }: CommandContext,
  repository: Repository,
  manifest: Manifest,
  contents: BackupContents | null,
): Promise<void> {
  const { readVerified } = await import('../../repository/verified.ts')
  const { readPins } = await import('../../repository/pins.ts')
  const { readDamaged } = await import('../../repository/damaged.ts')
  const { damagedText, tellBackupWhole } = await import('../show-text.ts')
  const { marks, refused } = await readVerified({ repository, manifest, signal })
  const stored = (await readPins({ repository, backup: manifest.id, signal })).get(manifest.id) ?? []
  const damage = await readDamaged(repository, { signal })
  const own = new Set(manifest.chunks.map(([name]) => name))
  const damaged = damage.chunks.filter(({ name }) => own.has(name))
  const summary = contents === null ? null : contentsSummaryOf(contents)
  const pins = stored.map(({ pin }) => pin)
  const told = { backup: { ...manifest, chunks: manifest.chunks.length }, verified: marks, pins, contents: summary } // prettier-ignore
  const damageText = damaged.length === 0 ? null : damagedText(damaged, clock.now())
  tellBackupWhole(out, { ...told, damage: damageText }, clock.now())
  for (const { key, reason } of refused) out.warn(`${key} is not accepted as a drill's mark: ${reason}`)
  out.result({ backup: summaryOf(manifest), verified: marks, pins, damaged, contents: summary })
}
