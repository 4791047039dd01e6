import type { ChunkReader } from '../../repository/types.ts'
import { defineCommand, optionalArgument, type CommandContext } from '../command.ts'
import { text } from '../option.ts'
import { opening } from '../options.ts'
import type { TransactionState } from '../../restore/in-place/undo-workspace.ts'
import type { OpenedVault } from '../repository.ts'
import type { OpenedRestore } from '../restores.ts'

export const command = defineCommand({
  name: 'restores',
  summary: 'list what was restored from a repository, or show one restore',
  description:
    'Lists the restores that left a report or a safety backup in the repository, newest first: how many rows each created ' +
    '(+), updated (~) and deleted (-), and whether it can be undone, or was. With an id it shows one whole, table by table. One ' +
    'told as not finished has failed, was killed, or is still running: with --to the database is asked whether its changes were made. All of it is sealed: the identity or passphrase is needed.',
  arguments: {
    restore: optionalArgument(
      'RESTORE',
      'an id, a unique beginning of one, or latest; without it all are listed',
    ),
  },
  options: {
    ...opening,
    to: text({
      flags: '--to <target>',
      description: 'ask this database, which the restore was of, whether the changes were made',
    }),
  },
  examples: [
    { what: 'all restores', command: 'holdfast restores --repo /mnt/backups/shop' },
    { what: 'the latest, table by table', command: 'holdfast restores latest --repo /mnt/backups/shop' },
    {
      what: 'those that are not finished, for a program',
      command: "holdfast restores --json | jq '.restores[] | select(.finished == null)'",
    },
  ],
  async run(context, input) {
    const { openForReading } = await import('../repository.ts')
    const opened = await openForReading(context, input)
    await using _ = opened.reader
    if (input.restore === undefined) await showAll(context, opened)
    else await showOne(context, opened, input.restore, input.to)
  },
  server: {
    takes: ['restore', 'source'],
    async run(context, client, input) {
      const { restoresAtServer } = await import('../server/restores.ts')
      await restoresAtServer(context, client, input)
    },
  },
})

type Opened = OpenedVault & { readonly reader: ChunkReader }

async function showAll(
  { out, signal, clock }: CommandContext,
  { repository, reader }: Opened,
): Promise<void> {
  const { listRestores } = await import('../../repository/restores.ts')
  const { restoreJson, summarizeRestores } = await import('../restores.ts')
  const { restoresTable } = await import('../restores-text.ts')
  const { restores, refused } = await listRestores(repository, { signal })
  const summaries = await summarizeRestores({ repository, reader, restores, signal })
  if (summaries.length === 0) out.line('No restores yet.')
  else {
    const { columns, rows } = restoresTable(summaries, { width: out.width, now: clock.now() })
    out.table(columns, rows)
  }
  for (const { key, reason } of refused) out.warn(`${key} is not accepted: ${reason}`)
  for (const { stored, fault } of summaries) {
    if (fault !== null) out.warn(`What the restore ${stored.id} left can't be opened: ${fault}`)
  }
  out.result({ restores: summaries.map(restoreJson), refused })
}

async function showOne(
  context: CommandContext,
  { repository, reader }: Opened,
  reference: string,
  to: string | undefined,
): Promise<void> {
  const { out, signal, clock } = context
  const { findRestore, listRestores } = await import('../../repository/restores.ts')
  const { openRestore, restoreJson, summaryOfRestore, undoneOf } = await import('../restores.ts')
  const { tellRestore } = await import('../restores-text.ts')
  const stored = await findRestore(repository, reference, { signal })
  const restore = await openRestore({ repository, reader, stored, signal })
  // Newest first: the last one that undid it and was not undone itself.
  const { restores } = await listRestores(repository, { signal })
  const gone = undoneOf(restores)
  const undone = gone.has(stored.id) ? restores.find((r) => r.undoes === stored.id && !gone.has(r.id)) : null
  tellRestore(out, restore, { now: clock.now(), undone: undone?.id ?? null })
  for (const { key, reason } of stored.refused) out.warn(`${key} is not accepted: ${reason}`)
  const { record, safety } = restore
  const state = to === undefined ? undefined : await stateOf(context, restore, to)
  if (state !== undefined && state !== null) out.line(`Transaction: ${state}`)
  const tables = safety?.tables.map(({ pieces: _pieces, ...table }) => table)
  out.result({
    restore: restoreJson({
      ...summaryOfRestore(restore),
      ...(undone === null ? {} : { undo: 'undone' as const }),
    }),
    record,
    safety: safety === null ? null : { ...safety, tables },
    ...(state === undefined ? {} : { transaction: state }),
  })
}

/** What became of the transaction of a restore in place. One with a report was done; null: there is no transaction to ask for. */
async function stateOf(
  context: CommandContext,
  { stored, record, safety }: OpenedRestore,
  to: string,
): Promise<TransactionState | null> {
  if (record !== null) return 'committed'
  if (safety === null) return null
  const { connectWire } = await import('../../postgres/connect.ts')
  const { askTransaction } = await import('../../restore/in-place/undo-workspace.ts')
  const { resolveAddress } = await import('../address.ts')
  const { signal } = context
  await using wire = await connectWire({ address: await resolveAddress(context, to), signal })
  return await askTransaction(wire, { safety, restore: stored.id })
}
