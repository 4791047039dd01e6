import { HoldfastError } from '../../lib/errors.ts'
import { shellWord } from '../../lib/shell-word.ts'
import { defineCommand, optionalArgument, type CommandContext } from '../command.ts'
import { tellChecks } from '../checks-text.ts'
import type { Opened } from '../../storage/address.ts'
import type { SourceCheck } from '../source-checks.ts'

const test = defineCommand({
  name: 'test',
  summary: 'find out what a storage can do, and how fast',
  description:
    'Writes, reads, lists and deletes objects of its own under probe/, which no repository uses, and tells what the storage is like: ' +
    'whether it overwrites, whether this credential can delete, how fast it is; of a bucket or container also its clock, versions, locks or ' +
    'retention and unfinished uploads, of a directory its file system and permissions. There need not be a repository yet. The exit status is 0 if a ' +
    'repository would work there, else that of the first problem.',
  arguments: { repo: optionalArgument('REPO', 'where; if left out, the configured repository') },
  options: {},
  examples: [
    {
      what: 'before the first backup',
      command: 'holdfast storage test "s3://backups/shop?endpoint=https://s3.example.com"',
    },
    {
      what: "in a container of Azure's",
      command:
        'AZURE_STORAGE_SAS_TOKEN=$(cat sas) holdfast storage test "azblob://backups/shop?account=myaccount"',
    },
    { what: 'for a program', command: "holdfast storage test /mnt/backups/shop --json | jq '.checks'" },
  ],
  cancelled: 'Objects of the test may be left under probe/. No repository uses them.',
  async run(context, input) {
    const { repositoryAddresses } = await import('../config.ts')
    const { out } = context
    const repo = [input.repo ?? context.env['HOLDFAST_REPO'] ?? ''].filter((given) => given !== '')
    const [address = '', ...copies] = await repositoryAddresses(context, { repo })
    for (const copy of copies) out.note(`Of several copies the main one is tested; another with holdfast storage test ${shellWord(copy)}.`) // prettier-ignore
    const { storage, checks, probe } = await examine(context, address)
    out.line(`Storage ${storage}`)
    tellChecks(out, checks)
    const problems = checks.filter(({ result }) => result === 'bad')
    const [first] = problems
    if (first?.code !== undefined && first.code !== null) {
      throw new HoldfastError(first.code, problems.map(({ text }) => `${text}.`).join(' '), {
        hint: first.hint ?? '',
        details: { storage, checks },
      })
    }
    out.line('A repository would work there.')
    const { latency, rate, metrics } = probe
    out.result({ storage, checks, latency, rate, metrics })
  },
})

async function examine(context: CommandContext, address: string) {
  const { steadyClock } = await import('../../lib/clock.ts')
  const { openAnyAt } = await import('../storage.ts')
  const { probeStorage } = await import('../../storage/probe.ts')
  const { probeChecks } = await import('../storage-checks.ts')
  const { clock, signal } = context
  const opened = openAnyAt(context, address)
  const probe = await probeStorage({ storage: opened.storage, clock: steadyClock, signal })
  const reached = opened.kind === 'local' || probe.write?.failure === null
  const checks = [...probeChecks(probe), ...(reached ? await ownChecks(opened, clock.now(), signal) : [])]
  return { storage: opened.storage.address, checks, probe }
}

/** What there is to tell of a storage of its kind. */
async function ownChecks(opened: Opened, now: Date, signal: AbortSignal): Promise<SourceCheck[]> {
  const { cloudChecks, localChecks, s3Checks } = await import('../storage-checks.ts')
  switch (opened.kind) {
    case 'archive':
      return []
    case 'local': {
      const { localFacts } = await import('../../storage/local-facts.ts')
      return localChecks(await localFacts(opened.directory))
    }
    case 's3': {
      const { s3Facts } = await import('../../storage/s3/facts.ts')
      return s3Checks(await s3Facts({ storage: opened.s3, location: opened.location, signal }), now)
    }
    case 'azure': {
      const { azureFacts } = await import('../../storage/azure/facts.ts')
      return cloudChecks(await azureFacts({ storage: opened.azure, location: opened.location, signal }))
    }
    case 'google': {
      const { googleFacts } = await import('../../storage/google/facts.ts')
      return cloudChecks(await googleFacts({ storage: opened.google, location: opened.location, signal }))
    }
  }
}

export const command = defineCommand({
  name: 'storage',
  summary: 'find out about the storage of a repository',
  description: 'Finds out what a storage can do, before backups depend on it.',
  arguments: {},
  options: {},
  examples: [{ what: 'would a repository work there?', command: 'holdfast storage test /mnt/backups/shop' }],
  subcommands: [test],
  async run() {
    throw new HoldfastError('usage', 'storage is to be followed by what to do.', {
      hint: 'Run holdfast storage test REPO.',
    })
  },
})
