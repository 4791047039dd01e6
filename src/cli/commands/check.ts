import { HoldfastError } from '../../lib/errors.ts'
import type { CheckReport } from '../../repository/check.ts'
import { chunkKey } from '../../repository/format/chunk-names.ts'
import { defineCommand } from '../command.ts'
import { formatBytes, formatCountOf } from '../format.ts'
import { custom, wrong } from '../option.ts'
import { identity, ownerKey, passphraseFile, repo, source } from '../options.ts'
import type { Output } from '../output.ts'

const readDataFlags = '--read-data <share>'

export const command = defineCommand({
  name: 'check',
  summary: 'check that a repository is whole',
  description:
    'Checks that every object a backup needs is there, which takes no secret. With --read-data, a share of the objects ' +
    'is read, opened and hashed again, which takes the identity; each day it is another share.',
  arguments: {},
  options: {
    repo,
    source,
    identity,
    passphraseFile,
    ownerKey,
    readData: custom<number>({
      flags: readDataFlags,
      description: 'how much to read back: a percentage such as 5%, or all',
      default: 'none',
      read(given) {
        if (given === undefined) return 0
        if (given === 'all') return 1
        const percent = /^(\d{1,3}(?:\.\d+)?)\s*%$/.exec(given)?.[1]
        if (percent !== undefined && Number(percent) > 0 && Number(percent) <= 100)
          return Number(percent) / 100
        throw wrong({ flags: readDataFlags }, given, 'give a percentage such as 5%, or all')
      },
    }),
  },
  examples: [
    { what: 'is everything there?', command: 'holdfast check --repo /mnt/backups/shop' },
    {
      what: 'read a twentieth each night: all of it in twenty days',
      command: 'holdfast check --repo /mnt/backups/shop --read-data 5%',
    },
    { what: 'read everything now', command: 'holdfast check --repo /mnt/backups/shop --read-data all' },
  ],
  async run(context, input) {
    const { openForListing, openForReading } = await import('../repository.ts')
    const { checkRepository } = await import('../../repository/check.ts')
    const { out, signal, clock } = context
    const opened = input.readData > 0 ? await openForReading(context, input) : null
    await using reader = opened?.reader
    const repository = opened?.repository ?? (await openForListing(context, input)).repository
    const { report, refused } = await checkRepository({
      repository,
      reader: reader ?? null,
      share: input.readData,
      pick: Math.floor(clock.now().getTime() / 86_400_000),
      signal,
      onProgress: out.progress,
    })
    out.progressDone('done')
    for (const { key, reason } of refused) out.warn(`${key} is not accepted as a backup: ${reason}`)
    const hurt = tell(out, report)
    const faults = hurt + refused.length
    if (faults > 0) {
      throw new HoldfastError(
        'check_failed',
        `${formatCountOf(faults, 'backup')} of ${report.backups.length + refused.length} can't be relied on.`,
        {
          details: { report, refused },
        },
      )
    }
    out.result({ report, refused })
  },
})

/** Prints the report; how many backups are hurt. */
function tell(out: Output, report: CheckReport): number {
  let hurt = 0
  for (const { id, missing, damaged, sizeDiffers, unreadable } of report.backups) {
    const lists = { missing, damaged, 'of another size': sizeDiffers, unreadable }
    const faults = Object.entries(lists).filter(([, names]) => names.length > 0)
    if (faults.length === 0) continue
    hurt++
    out.line(
      `${id}  ${faults.map(([what, names]) => `${formatCountOf(names.length, 'object')} ${what}`).join(', ')}`,
    )
    for (const [what, names] of faults)
      for (const name of names.slice(0, 5)) out.line(`  ${what}: ${chunkKey(name)}`)
  }
  const read =
    report.read === 0 ? 'none read back' : `${report.read} read back (${formatBytes(report.bytesRead)})`
  out.line(
    `${formatCountOf(report.backups.length, 'backup')}, ${formatCountOf(report.objects, 'object')}, ${read}: ${hurt === 0 ? 'whole' : `${hurt} hurt`}`,
  )
  const { objects, bytes } = report.unreferenced
  if (objects > 0)
    out.note(
      `${formatCountOf(objects, 'object')} (${formatBytes(bytes)}) belong to no backup: to one that is running or was broken off.`,
    )
  return hurt
}
