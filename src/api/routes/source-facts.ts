import type { CallerQueries } from '../../catalog/claims.ts'
import { readTableCounts, type TableCount } from '../../catalog/table-counts.ts'
import { findSource, readSourceSecrets } from '../../catalog/sources.ts'
import { HoldfastError } from '../../lib/errors.ts'
import { matchesTable, parseTablePattern } from '../../lib/patterns.ts'
import type { CommandLine } from '../../jobs/command.ts'
import { countSource, testSource, type SourceCounts as Counts } from '../../jobs/source-test.ts'
import {
  body,
  found,
  newApi,
  requireRight,
  route,
  withCaller,
  type Api,
  type ApiOptions,
} from '../context.ts'
import { nameParams, SourceCounts, SourceTables, SourceTest, SourceTestInput } from '../contract.ts'
import { requireSource } from '../refusals.ts'
import { remembering } from '../remembered.ts'

const tags: [string] = ['sources']

const test = route({ method: 'post', path: '/sources/test', tags, summary: 'Find out whether a database could be backed up', request: { body: body(SourceTestInput) }, status: 200, gives: SourceTest }) // prettier-ignore
const testOne = route({ method: 'post', path: '/sources/{name}/test', tags, summary: 'Find out whether a source could be backed up, with the password that it has', request: { params: nameParams }, status: 200, gives: SourceTest }) // prettier-ignore
const tables = route({ method: 'get', path: '/sources/{name}/tables', tags, summary: 'List tables and modules, with the rows that the newest backup counted', request: { params: nameParams }, status: 200, gives: SourceTables }) // prettier-ignore
const counts = route({ method: 'get', path: '/sources/{name}/counts', tags, summary: 'Count the rows that modules have in the database now', request: { params: nameParams }, status: 200, gives: SourceCounts }) // prettier-ignore

/** Whoever looks at a page again sees what it was a moment ago: each count is a process, and work for the database. */
const rememberedMs = 15_000

export function sourceFactRoutes(o: ApiOptions): Api {
  const api = newApi()
  const remembered = remembering<Counts>({ forMs: rememberedMs, isGood: ({ error }) => error === null })

  api.openapi(test, async (c) => {
    // It lets somebody reach from here whatever they name, as adding a source does.
    requireRight(c.var.claims, 'create', 'sources')
    const { address, password, settings } = c.req.valid('json')
    requireSource({ name: 'candidate', address, settings })
    return c.json(await tested({ address, password, settings }), 200)
  })

  api.openapi(testOne, async (c) => {
    const { name } = c.req.valid('param')
    const source = await withCaller(o, c.var.claims, ['create', 'sources'], (q) => withPassword(q, name))
    return c.json(await tested(source), 200)
  })

  api.openapi(tables, async (c) => {
    const { name } = c.req.valid('param')
    const { source, counted } = await withCaller(o, c.var.claims, ['read', 'sources'], async (q) => {
      const there = found(await findSource(q, name), `source ${name}`)
      return { source: there, counted: await readTableCounts(q, there.id) }
    })
    const all = counted?.tables ?? []
    const answer = {
      backup: counted?.backup ?? null,
      countedAt: counted?.moment ?? null,
      tables: all.map(shown),
      modules: modulesOf(source.settings, all),
    }
    return c.json(answer, 200)
  })

  api.openapi(counts, async (c) => {
    const { name } = c.req.valid('param')
    const source = await withCaller(o, c.var.claims, ['read', 'sources'], (q) => withPassword(q, name))
    const commandLine = requireCommands(o)
    const { id, changedAt, settings } = source
    const none = Object.keys((settings['modules'] ?? {}) as object).length === 0
    const told = none
      ? { modules: [], error: null }
      : await remembered(`${id} ${changedAt}`, () => countSource({ commandLine, ...source }))
    const modules = told.modules.map(({ tables, ...module }) => ({
      ...module,
      tables: tables.map((table) => ({ ...table })),
    }))
    return c.json({ modules, error: told.error }, 200)
  })

  /** Of what the caller may see; the password is for the command alone. */
  async function withPassword(q: CallerQueries, name: string) {
    const source = found(await findSource(q, name), `source ${name}`)
    const { id, address } = source
    const { password } = await q.asSystem((system) =>
      readSourceSecrets(system, { seal: o.catalog.seal, id, address }),
    )
    return { ...source, password }
  }

  async function tested(source: { address: string; password: string | undefined; settings: Settings }) {
    const { checks, error } = await testSource({ commandLine: requireCommands(o), ...source })
    const shown = checks.map(({ name, result, text, hint, code }) => ({
      name: String(name),
      result: String(result),
      text: String(text),
      hint: typeof hint === 'string' ? hint : null,
      code: typeof code === 'string' ? code : null,
    }))
    return { works: error === null, checks: shown, error }
  }

  return api
}

function requireCommands({ commandLine }: ApiOptions): CommandLine {
  if (commandLine !== undefined) return commandLine
  throw new HoldfastError('not_found', 'This process runs no commands: ask the service itself.')
}

type Settings = Readonly<Record<string, unknown>>

/** Sound because settings were checked when they came in. */
function modulesOf({ modules }: Readonly<Record<string, unknown>>, all: readonly TableCount[]) {
  type Module = { readonly description?: string; readonly tables: readonly string[] }
  return Object.entries((modules ?? {}) as Record<string, Module>).map(([name, module]) => {
    const patterns = module.tables.map(parseTablePattern)
    const isOwn = (table: TableCount): boolean =>
      patterns.some((pattern) => [table, ...table.parents].some((one) => matchesTable(pattern, one)))
    const own = all.filter(isOwn)
    const rows = own.reduce((sum, table) => sum + table.rows, 0)
    return { name, description: module.description ?? null, tables: own.map(shown), rows }
  })
}

const shown = ({ schema, name, rows, data }: TableCount) => ({ schema, name, rows, data })
