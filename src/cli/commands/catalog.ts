import { namePattern, namesAre } from '../../config/declaration.ts'
import { HoldfastError } from '../../lib/errors.ts'
import { defineCommand, requiredArgument } from '../command.ts'
import { formatCountOf } from '../format.ts'
import { hostFile, ownerKey, repo, source } from '../options.ts'
import { catalogOf, catalogOptions } from '../service.ts'

const rebuild = defineCommand({
  name: 'rebuild',
  summary: 'take what a repository knows into the catalog of a service',
  description:
    'Reads a repository and tells the catalog of a service what is in it: the repository itself, where the catalog does not have it, with the host file ' +
    'of this machine, and all its backups. For a catalog that was lost, make a new one so, a repository at a time; sources, schedules and ' +
    'people are only in the catalog, and are to be made again. The service must not run on an embedded catalog meanwhile.',
  arguments: { name: requiredArgument('NAME', 'what the service calls the repository') },
  options: { ...catalogOptions, repo, source, hostFile, ownerKey },
  examples: [
    {
      what: 'a new catalog, from what is stored',
      command: 'holdfast catalog rebuild main --repo /mnt/backups/shop --data /var/lib/holdfast',
    },
  ],
  cancelled: 'The catalog is as it was.',
  async run(context, input) {
    const { openForListing } = await import('../repository.ts')
    const { listBackups, listedJson } = await import('../listed.ts')
    const { printHostFile } = await import('../../repository/hostfile.ts')
    const { rebuildCatalog } = await import('../../main.ts')
    const { out, signal } = context
    if (!namePattern.test(input.name))
      throw new HoldfastError('usage', `NAME can't be "${input.name}": a name is ${namesAre}.`)
    const { repository, host } = await openForListing(context, input)
    const listed = await listBackups({ repository, store: null, signal })
    const { added, backups } = await rebuildCatalog({
      ...catalogOf(context, input),
      name: input.name,
      address: repository.storage.address,
      hostFile: host === null ? null : printHostFile(host),
      listed: listed.backups.map((backup) => listedJson(listed, backup)),
    })
    for (const { key, reason } of listed.refused) out.warn(`${key} is not accepted as a backup: ${reason}`)
    if (host === null)
      out.warn('This machine has no host file for it: give the service one, so that it can back up.')
    out.line(`The catalog knows ${input.name} with ${formatCountOf(backups, 'backup')}.`)
    out.result({ repository: { name: input.name, added }, backups, refused: listed.refused })
  },
})

export const command = defineCommand({
  name: 'catalog',
  summary: 'look after the catalog of a service',
  description:
    'The catalog is what holdfast serve knows: sources, schedules, jobs, and which backups there are.',
  arguments: {},
  options: {},
  examples: [
    {
      what: 'it was lost: a new one, from what is stored',
      command: 'holdfast catalog rebuild main --repo /mnt/backups/shop',
    },
  ],
  subcommands: [rebuild],
  async run() {
    throw new HoldfastError('usage', 'catalog is to be followed by what to do.', {
      hint: 'Run holdfast catalog rebuild NAME --repo ADDRESS.',
    })
  },
})
