import { literal } from '../../postgres/quote.ts'
import type { TargetAbilities } from '../../postgres/schema/adapt.ts'
import { schemaSession } from '../../postgres/schema/dump.ts'
import type { Wire } from '../../postgres/wire.ts'
import type { SequenceValue } from '../../repository/format/contents.ts'
import { readPieces } from '../../repository/pieces.ts'
import { defaultPrivileges } from '../default-privileges.ts'
import { runEntries, type EntrySql } from '../entries.ts'
import { setSequences } from '../finish.ts'
import { copyInSql, requireRows } from '../load.ts'
import { isFilledFirst, isKept, type Making } from './made.ts'
import { quietly } from './quiet.ts'
import type { Source } from './stage.ts'
import { keyOf } from './units.ts'

export interface MakeRequest {
  readonly wire: Wire
  readonly making: Making
  readonly source: Source
  readonly sql: EntrySql
  readonly sequences: readonly SequenceValue[]
  readonly signal?: AbortSignal | undefined
  readonly onBytes: (bytes: number) => void
  readonly onSkipped: (what: string) => void
}

/** Makes the tables and loads their rows, inside the open transaction. */
export async function makeTables(o: MakeRequest): Promise<void> {
  if (o.making.entries.length === 0) return
  await o.wire.query(schemaSession)
  await runPhase(o, 'pre')
  const direct = isFilledFirst(o.making) ? { loadVia: null } : {}
  for (const table of o.making.tables) {
    if (table.rows === 0 || isKept(o.making, table)) continue
    const pieces = table.ranges.flatMap((r) => r.pieces)
    const loaded = await o.wire.copyIn(
      copyInSql({ ...table, ...direct }, o.source.encoding),
      readPieces({ ...o.source, pieces, signal: o.signal, release: true }),
    )
    o.onBytes(table.plainBytes)
    requireRows(table, table.rows, loaded)
  }
  const names = new Set(
    o.making.entries
      .filter((e) => e.type === 'SEQUENCE')
      .map((e) => keyOf({ schema: e.schema ?? '', name: e.name })),
  )
  await setSequences(
    o.wire,
    o.sequences.filter((s) => names.has(keyOf(s))),
  )
  for (const rows of o.making.kept) await rows.load(o.wire)
}

/** Indexes, constraints, triggers, grants: when all rows are there, those of other tables too. */
export async function finishTables(o: MakeRequest): Promise<void> {
  for (const phase of ['post', 'acl', 'last'] as const) await runPhase(o, phase)
}

async function runPhase(o: MakeRequest, phase: 'pre' | 'post' | 'acl' | 'last'): Promise<void> {
  const entries = o.making.entries.filter((e) => e.phase === phase)
  if (entries.length === 0) return
  const makes = phase === 'pre' || phase === 'post'
  const told = makes ? await o.wire.query(defaultPrivileges({ inSchemas: true })) : []
  const say = async (goal: string): Promise<void> => {
    for (const [one, sql] of told) if (one === goal) await o.wire.query(quietly(sql ?? ''))
  }
  // Grants of the backup are about objects that nobody was granted anything on.
  await say('quiet')
  // The schema's text is in the encoding of the database that was backed up.
  await o.wire.query(`SET client_encoding = ${literal(o.source.encoding)}`)
  await runEntries({ ...o, inTransaction: true, entries })
  await o.wire.query("SET client_encoding = 'UTF8'")
  await say('again')
}

/** What the target can do of what the entries may ask for. */
export async function readAbilities(wire: Wire): Promise<TargetAbilities> {
  const [row] = await wire.query(
    `SELECT 'lz4' = ANY (enumvals), pg_catalog.current_setting('server_version_num')::pg_catalog.int4 / 10000
     FROM pg_catalog.pg_settings WHERE name = 'default_toast_compression'`,
  )
  return { lz4: row?.[0] === 't', major: Number(row?.[1]) }
}
