import { HoldfastError } from '../../lib/errors.ts'
import { defineCommand, optionalArgument, type CommandContext } from '../command.ts'
import { tellChecks } from '../checks-text.ts'
import type { SourceCheck } from '../source-checks.ts'

const test = defineCommand({
  name: 'test',
  summary: 'find out what a storage can do, and how fast',
  description:
    'Writes, reads, lists and deletes objects of its own under probe/, which no repository uses, and tells what the storage is like: ' +
    'whether it overwrites, whether this credential can delete, how fast it is; of a bucket also its clock, versions, locks and unfinished ' +
    'uploads, of a directory its file system and permissions. There need not be a repository yet. The exit status is 0 if a ' +
    'repository would work there, else that of the first problem.',
  arguments: { repo: optionalArgument('REPO', 'where; if left out, the configured repository') },
  options: {},
  examples: [
    {
      what: 'before the first backup',
      command: 'holdfast storage test "s3://backups/shop?endpoint=https://s3.example.com"',
    },
    { what: 'for a program', command: "holdfast storage test /mnt/backups/shop --json | jq '.checks'" },
  ],
  cancelled: 'Objects of the test may be left under probe/. No repository uses them.',
  async run(context, input) {
    const { repositoryAddresses } = await import('../config.ts')
    const { out } = context
    const repo = [input.repo ?? context.env['HOLDFAST_REPO'] ?? ''].filter((given) => given !== '')
    const [address = '', ...copies] = await repositoryAddresses(context, { repo })
    for (const copy of copies) out.note(`Of several copies the main one is tested; another with holdfast storage test ${copy}.`) // prettier-ignore
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
  const { localChecks, probeChecks, s3Checks } = await import('../storage-checks.ts')
  const { clock, signal } = context
  const opened = openAnyAt(context, address)
  const probe = await probeStorage({ storage: opened.storage, clock: steadyClock, signal })
  const checks: SourceCheck[] = probeChecks(probe)
  if (opened.kind === 'local') {
    const { localFacts } = await import('../../storage/local-facts.ts')
    checks.push(...localChecks(await localFacts(opened.directory)))
  } else if (probe.write?.failure === null) {
    const { s3Facts } = await import('../../storage/s3/facts.ts')
    const facts = await s3Facts({ storage: opened.s3, location: opened.location, signal })
    checks.push(...s3Checks(facts, clock.now()))
  }
  return { storage: opened.storage.address, checks, probe }
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
