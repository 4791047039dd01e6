import { itemsOf, type Client, type Restore, type RestoreSummary } from '../../client/client.ts'
import { HoldfastError } from '../../lib/errors.ts'
import { idMeant } from '../../repository/ids.ts'
import type { CommandContext } from '../command.ts'
import { formatCount, formatWhen } from '../format.ts'
import { changesText, restoresTable, type ListedRestore } from '../restores-text.ts'
import { printable } from '../width.ts'

interface Input {
  readonly source: string | undefined
}

/** Restores that the service has made, of which it knows whether they can be undone there. */
export async function restoresAtServer(
  context: CommandContext,
  client: Client,
  input: Input & { readonly restore: string | undefined },
): Promise<void> {
  const { out, clock } = context
  if (input.restore !== undefined) {
    const found = await restoreNamed(client, { ...input, restore: input.restore })
    return tellOne(context, await client.getRestore(found.id))
  }
  const all = (await listAll(client, input)).filter((one) => !onlyLooked(one))
  const undone = undoneOf(all)
  if (all.length === 0) out.line('No restores yet.')
  else {
    const listed = all.map((one) => listedOf(one, undone))
    const { columns, rows } = restoresTable(listed, { width: out.width, now: clock.now() })
    out.table(columns, rows)
  }
  out.result({ restores: all })
}

/** The restore with this id, of its job or in the repository, unique beginning of one, or `latest`. Throws `restore_not_found`, `restore_ambiguous`. */
export async function restoreNamed(
  client: Client,
  input: Input & { readonly restore: string },
): Promise<RestoreSummary> {
  const { restore: reference } = input
  const all = await listAll(client, input)
  const latest = all.find((one) => !onlyLooked(one))
  if (reference === 'latest' && latest !== undefined) return latest
  if (reference === 'latest') throw new HoldfastError('restore_not_found', 'The service has made no restore.')
  const ids = all.flatMap((one) => [one.id, ...(one.restore === null ? [] : [one.restore])])
  const id = idMeant('restore', ids, reference)
  const found = all.find((one) => one.id === id || one.restore === id)
  if (found !== undefined) return found
  throw new HoldfastError('restore_not_found', `The service has made no restore ${reference}.`)
}

/** Its preview was all there was of it: nobody has agreed to it, or there was nothing to do. */
function onlyLooked({ place, status, restore }: RestoreSummary): boolean {
  return place === 'in place' && restore === null && (status === 'cancelled' || status === 'completed')
}

/** Newest first. A release restores nothing. */
export async function listAll(client: Client, { source }: Input): Promise<RestoreSummary[]> {
  const all: RestoreSummary[] = []
  for await (const one of itemsOf((after) => client.getRestores({ source, limit: 200, after })))
    if (one.kind !== 'release') all.push(one)
  return all
}

/** Ids, in the repository, of those that another has undone. One that was undone itself does not count. `all`: newest first. */
function undoneOf(all: readonly RestoreSummary[]): ReadonlySet<string> {
  const undone = new Set<string>()
  for (const { restore, undoes, changed } of all)
    if (undoes !== null && changed === true && (restore === null || !undone.has(restore))) undone.add(undoes)
  return undone
}

function listedOf(one: RestoreSummary, undone: ReadonlySet<string>): ListedRestore {
  const { id, restore, startedAt, createdAt, endedAt, status, rows, target } = one
  const done = status === 'completed'
  const seconds = startedAt === null || endedAt === null ? null : (Date.parse(endedAt) - Date.parse(startedAt)) / 1000 // prettier-ignore
  const undo = !done || one.place === 'new' || one.changed !== true ? 'no' : 'yes'
  return {
    stored: {
      id: restore ?? id,
      started: startedAt ?? createdAt,
      backup: backupOf(one),
      report: done ? {} : null,
    },
    kind: kindOf(one),
    target,
    seconds,
    rows,
    undo: restore !== null && undone.has(restore) ? 'undone' : undo,
  }
}

function kindOf({ kind, place, params }: RestoreSummary): NonNullable<ListedRestore['kind']> {
  if (kind === 'undo') return 'undo'
  if (place === 'new') return 'new database'
  return params['swap'] === undefined ? 'in place' : 'swap'
}

function backupOf({ params }: RestoreSummary): string | null {
  return typeof params['backup'] === 'string' ? params['backup'] : null
}

function tellOne({ out, clock }: CommandContext, one: Restore): void {
  const { rows, report, error } = one
  const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)
  const facts: (readonly [string, string | null])[] = [
    ['Restore', one.restore ?? one.id],
    ['Job', `${one.id}, ${one.status}${one.step === 'over' ? '' : `, ${one.step}`}`],
    ['Kind', kindOf(one)],
    ['Backup', backupOf(one)],
    ['Undoes', one.undoes],
    ['Target', one.target],
    ['By', one.confirmedBy ?? one.requestedBy],
    ['Started', formatWhen(new Date(one.startedAt ?? one.createdAt), clock.now())],
    ['Rows', rows === null ? null : changesText(rows)],
    ['Failed', text(error?.['message'])],
    ['Undo', one.undo],
    ...listOf(report?.['checks']).map((check) => ['Compared', `${text(check['what'])}: ${text(check['result'])}`] as const), // prettier-ignore
  ]
  for (const [label, value] of facts) if (value !== null) out.line(`${label.padEnd(9)}${printable(value)}`)
  const tables = listOf(report?.['tables'])
  if (tables.length > 0) {
    const counts = ['created', 'updated', 'deleted', 'unchanged', 'conflicts', 'rows'] as const
    const used = counts.filter((count) => tables.some((table) => typeof table[count] === 'number'))
    out.line()
    out.table(
      [
        { title: 'SCHEMA' },
        { title: 'TABLE', min: 12 },
        ...used.map((count) => ({ title: count.toUpperCase(), align: 'right' as const })),
      ],
      tables.map((table) => [
        String(table['schema']),
        String(table['name']),
        ...used.map((count) => formatCount(Number(table[count] ?? 0))),
      ]),
    )
  }
  out.result({ restore: one })
}

function listOf(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? (value as Readonly<Record<string, unknown>>[]) : []
}
