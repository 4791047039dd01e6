import { readFile } from 'node:fs/promises'
import { holdBack } from '../erasure/hold-back.ts'
import { keyOfBackup, parseKeys } from '../erasure/given-keys.ts'
import { readLiveKeys, type RowKeys } from '../erasure/live-keys.ts'
import { HoldfastError, isHoldfastError, messageOf } from '../lib/errors.ts'
import { keyHasher } from '../repository/crypto/erased-keys.ts'
import type { NewErasure } from '../repository/erasures.ts'
import { resolveAddress } from './address.ts'
import type { CommandContext } from './command.ts'
import { requireConfirmed } from './confirm.ts'
import { eraseInEach, requireErased, requireReason, whoErases } from './erasures.ts'
import { formatCountOf } from './format.ts'
import { openForReading, openStoredBackup, readSchemaText, type OpenedBackup } from './repository.ts'
import { printable } from './width.ts'

type Input = Parameters<typeof openForReading>[1] & {
  readonly table: string | undefined
  readonly where: string | undefined
  readonly from: string | undefined
  readonly keys: string | undefined
  readonly column: string | undefined
  readonly reason: string | undefined
  readonly preview: boolean
  readonly yes: boolean
  readonly confirm: string | undefined
}

/** How many keys a preview shows. */
const shown = 5

/** `erase`: which rows no restore may bring back. */
export async function eraseRows(context: CommandContext, input: Input): Promise<void> {
  const { out, signal } = context
  const { table, reason } = requireWhole(input)
  const columns = input.column?.split(',').map((name) => name.trim()) ?? null
  await using stack = new AsyncDisposableStack()
  const backup = await newestBackup(context, input)
  if (backup !== null) stack.use(backup)
  const { rows, database } = await readKeys(context, input, { table, columns, backup })
  const opened = backup ?? stack.use(await openWithReader(context, input))
  const { vault } = opened
  const hash = keyHasher({ namingKey: vault.namingKey, of: rows })
  const erasure: NewErasure = {
    schema: rows.schema,
    name: rows.name,
    columns: rows.columns,
    reason,
    who: whoErases(),
    keys: [...new Set(rows.keys.map(hash))],
  }
  const held = backup === null ? null : await heldBackRows(backup, erasure, signal)
  tellKeys(context, rows, { erasure, held, backup: backup?.manifest.id ?? null })
  const { keys: _keys, ...facts } = erasure
  const shownErasure = {
    ...facts,
    keys: erasure.keys.length,
    withoutKey: rows.withoutKey,
    newestBackup: held,
  }
  if (erasure.keys.length === 0)
    out.warn('There is no key, so there is nothing to hold back. Nothing was stored.')
  if (input.preview || erasure.keys.length === 0) {
    out.result({ erasure: shownErasure, stored: false })
    return
  }
  await requireConfirmed(context, { ...input, database, question: 'Hold these rows back from now on?' })
  const { document, copies } = await eraseInEach(context, opened, { withdraws: null, erasure })
  const { id, when } = document
  out.line(
    `Erased: no restore, undo, drill or export brings these rows back. Taken back by holdfast erase --withdraw ${id}`,
  )
  out.note(
    'Nothing was deleted: backups still hold the rows, encrypted, and the database those that nobody has deleted.',
  )
  const result = { erasure: { id, when, ...shownErasure }, stored: true, copies }
  requireErased('These rows were erased', copies, result)
  out.result(result)
}

function requireWhole(input: Input): { table: string; reason: string } {
  if (input.table === undefined) throw missing('--table', 'which table were the rows in?')
  const live = input.where !== undefined || input.from !== undefined
  if (live && input.keys !== undefined) {
    throw new HoldfastError(
      'usage',
      'Keys come from a file (--keys), or from a database (--where and --from), not from both.',
    )
  }
  if (live && (input.where === undefined || input.from === undefined)) {
    throw new HoldfastError(
      'usage',
      '--where says which rows of the database that --from names: both are needed.',
    )
  }
  if (!live && input.keys === undefined) throw missing('--keys', 'or --where and --from: which rows?')
  return { table: input.table, reason: requireReason(input.reason) }
}

function missing(option: string, what: string): HoldfastError {
  return new HoldfastError('usage', `${option} is missing: ${what}`)
}

/** Null if there is none yet. */
async function newestBackup(context: CommandContext, input: Input): Promise<OpenedBackup | null> {
  try {
    return await openStoredBackup(context, { ...input, backup: 'latest' })
  } catch (error) {
    if (isHoldfastError(error, 'backup_not_found')) return null
    throw error
  }
}

async function openWithReader(context: CommandContext, input: Input) {
  const opened = await openForReading(context, input)
  return { ...opened, [Symbol.asyncDispose]: () => opened.reader[Symbol.asyncDispose]() }
}

async function readKeys(
  context: CommandContext,
  input: Input,
  o: { table: string; columns: readonly string[] | null; backup: OpenedBackup | null },
): Promise<{ rows: RowKeys; database: string }> {
  const { signal } = context
  if (input.from !== undefined && input.where !== undefined) {
    const address = await resolveAddress(context, input.from)
    const rows = await readLiveKeys({ ...o, address, where: input.where, signal })
    return { rows, database: address.database }
  }
  if (o.backup === null) {
    throw new HoldfastError('backup_not_found', 'There is no backup yet that could bring rows back.')
  }
  const schemaText = await readSchemaText(o.backup, signal)
  const key = keyOfBackup({ ...o, contents: o.backup.contents, schemaText })
  const keys = parseKeys(await readKeyFile(input.keys ?? ''), key.columns.length)
  return { rows: { ...key, keys, withoutKey: 0 }, database: o.backup.contents.database.name }
}

async function readKeyFile(path: string): Promise<string> {
  try {
    // Drops a byte order mark, and refuses what is not UTF-8.
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path))
  } catch (error) {
    throw new HoldfastError('usage', `The keys can't be read from ${path}: ${messageOf(error)}`)
  }
}

/** How many rows of the newest backup it would hold back: a slip in the keys is seen here. */
async function heldBackRows(backup: OpenedBackup, erasure: NewErasure, signal: AbortSignal): Promise<number> {
  const { heldBack } = await holdBack({
    ...backup,
    erasures: [{ id: 'that is being made', ...erasure }],
    namingKey: backup.vault.namingKey,
    signal,
  })
  return heldBack.reduce((sum, { rows }) => sum + rows, 0)
}

function tellKeys(
  { out }: CommandContext,
  rows: RowKeys,
  o: { erasure: NewErasure; held: number | null; backup: string | null },
): void {
  const { schema, name, columns } = rows
  const key = printable(columns.join(', '))
  out.line(`${formatCountOf(o.erasure.keys.length, 'key')} of ${printable(`${schema}.${name}`)}, by ${key}`)
  for (const values of rows.keys.slice(0, shown)) out.line(`  ${printable(values.join(', '))}`)
  if (rows.keys.length > shown) out.line(`  and ${rows.keys.length - shown} more`)
  if (rows.withoutKey > 0) {
    out.warn(
      `${formatCountOf(rows.withoutKey, 'row')} without a key can't be told apart from others, and are not held back.`,
    )
  }
  if (o.held !== null) {
    out.line(`Of the newest backup, ${o.backup}, ${formatCountOf(o.held, 'row')} would be held back.`)
  }
}
