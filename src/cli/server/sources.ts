import type { Client } from '../../client/client.ts'
import { codes, type ErrorCode } from '../../lib/error-codes.ts'
import { HoldfastError } from '../../lib/errors.ts'
import { tellChecks } from '../checks-text.ts'
import type { CommandContext } from '../command.ts'
import type { SourceCheck } from '../source-checks.ts'
import { tellLiveCounts } from '../live-counts-text.ts'
import { tellFacts, tellSources } from '../source-text.ts'

const keptPassword = 'kept by the service, if it needs one'

export async function listSourcesAtServer({ out, signal }: CommandContext, client: Client): Promise<void> {
  const { items: sources } = await client.getSources({ signal })
  const { items: repositories } = await client.getRepositories({ signal })
  const nameOf = (id: string): string => repositories.find((one) => one.id === id)?.name ?? id
  tellSources(
    out,
    sources.map(({ name, address, repositoryId, settings }) => ({
      name,
      address,
      password: keptPassword,
      repository: nameOf(repositoryId),
      modules: Object.keys(settings['modules'] ?? {}),
    })),
  )
  out.result({ sources })
}

export async function showSourceAtServer(
  { out, signal }: CommandContext,
  client: Client,
  { name }: { readonly name: string },
): Promise<void> {
  const source = await client.getSource(name, { signal })
  const { items } = await client.getRepositories({ signal })
  const repository = items.find(({ id }) => id === source.repositoryId)
  const { settings } = source
  tellFacts(out, [
    ['Source', name],
    ['Address', source.address],
    ['Password', keptPassword],
    ['Repository', repository?.name ?? source.repositoryId],
    ...Object.entries(settings).map(([key, value]): [string, string] => [
      key,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  ])
  out.result({ source: { ...source, repository: repository?.name ?? null } })
}

export async function testSourceAtServer(
  { out, signal }: CommandContext,
  client: Client,
  { name }: { readonly name: string },
): Promise<void> {
  const { checks: found, error } = await client.testSource(name, { signal, timeoutMs: 60_000 })
  // Sound because it is what the command printed.
  const checks = found as unknown as readonly SourceCheck[]
  out.line(`Source ${name}`)
  if (checks.length > 0) tellChecks(out, checks)
  if (error !== null) {
    const { code, message, hint } = error
    const details = { source: name, checks }
    throw new HoldfastError(code in codes ? (code as ErrorCode) : 'job_crashed', message, { hint, details })
  }
  out.line('A backup would work.')
  out.result({ source: name, checks })
}

export async function countSourceAtServer(
  { out, signal }: CommandContext,
  client: Client,
  { name }: { readonly name: string },
): Promise<void> {
  const { modules, error } = await client.getSourceCounts(name, { signal, timeoutMs: 60_000 })
  if (error !== null) {
    const { code, message, hint } = error
    throw new HoldfastError(code in codes ? (code as ErrorCode) : 'job_crashed', message, { hint })
  }
  tellLiveCounts(out, modules)
  out.result({ source: name, modules })
}
