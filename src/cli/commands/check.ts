import { HoldfastError } from '../../lib/errors.ts'
import type { CheckReport } from '../../repository/check.ts'
import { chunkKey } from '../../repository/format/chunk-names.ts'
import { defineCommand } from '../command.ts'
import { formatBytes, formatCount, formatCountOf } from '../format.ts'
import { custom, wrong } from '../option.ts'
import { identity, ownerKey, passphraseFile, repo, source } from '../options.ts'
import type { Output } from '../output.ts'

const readDataFlags = '--read-data <share>'

export const command = defineCommand({
  name: 'check',
  summary: 'check that a repository is whole',
  description:
    'Checks that every object a backup, or the undoing of a restore, needs is there, which takes no secret. With ' +
    '--read-data, a share of the objects is read, opened and hashed again, which takes the identity; each day it is another share. Several copies are checked each by itself.',
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
    const { checkedEach } = await import('../check-copies.ts')
    if (await checkedEach(context, input, (each, repo) => command.run(each, { ...input, repo }))) return
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
    for (const { key, reason } of refused) out.warn(`${key} is not accepted: ${reason}`)
    const hurt = tell(out, report)
    const faults = hurt + refused.length
    const refusedBackups = refused.filter(({ key }) => key.startsWith('manifests/')).length
    const refusedErasures = refused.filter(({ key }) => key.startsWith('erased/')).length
    const all = partsText({
      backups: report.backups.length + refusedBackups,
      restores: report.restores.length + refused.length - refusedBackups - refusedErasures,
      erasures: report.erasures.length + refusedErasures,
    })
    if (faults > 0) {
      throw new HoldfastError('check_failed', `Of ${all} ${formatCount(faults)} can't be relied on.`, {
        details: { report, refused },
      })
    }
    out.result({ report, refused })
  },
})

/** Prints the report; how many backups and restores are hurt. */
function tell(out: Output, report: CheckReport): number {
  let hurt = 0
  const parts = [
    ...report.backups.map((part) => ({ ...part, name: part.id })),
    ...report.restores.map((part) => ({ ...part, name: `restore ${part.id}` })),
    ...report.erasures.map((part) => ({ ...part, name: `erasure ${part.id}` })),
  ]
  for (const { name, missing, damaged, sizeDiffers, unreadable } of parts) {
    const lists = { missing, damaged, 'of another size': sizeDiffers, unreadable }
    const faults = Object.entries(lists).filter(([, names]) => names.length > 0)
    if (faults.length === 0) continue
    hurt++
    out.line(
      `${name}  ${faults.map(([what, names]) => `${formatCountOf(names.length, 'object')} ${what}`).join(', ')}`,
    )
    for (const [what, names] of faults)
      for (const chunk of names.slice(0, 5)) out.line(`  ${what}: ${chunkKey(chunk)}`)
  }
  const read =
    report.read === 0 ? 'none read back' : `${report.read} read back (${formatBytes(report.bytesRead)})`
  out.line(
    `${partsText({ backups: report.backups.length, restores: report.restores.length, erasures: report.erasures.length })}, ${formatCountOf(report.objects, 'object')}, ${read}: ${hurt === 0 ? 'whole' : `${hurt} hurt`}`,
  )
  const { objects, bytes } = report.unreferenced
  if (objects > 0)
    out.note(
      `${formatCountOf(objects, 'object')} (${formatBytes(bytes)}) belong to no backup: to one that is running or was broken off.`,
    )
  return hurt
}

/** `3 backups`, `3 backups and 1 restore`, `3 backups, 1 restore and 2 erasures`. */
function partsText(o: { backups: number; restores: number; erasures: number }): string {
  const parts = [
    formatCountOf(o.backups, 'backup'),
    ...(o.restores === 0 ? [] : [formatCountOf(o.restores, 'restore')]),
    ...(o.erasures === 0 ? [] : [formatCountOf(o.erasures, 'erasure')]),
  ]
  return [parts.slice(0, -1).join(', '), parts.at(-1)].filter((text) => text !== '').join(' and ')
}
