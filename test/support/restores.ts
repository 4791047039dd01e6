import type { RestoreRecord, SafetyContents } from '../../src/repository/format/restore-contents.ts'
import { openRestoreWriter, type RestoreIdentity } from '../../src/repository/restore-writer.ts'
import type { Repository, Vault } from '../../src/repository/types.ts'
import { bytesOf } from './chunks.ts'

/** Rows as a safety backup holds them: one created, one updated, one deleted, in two pieces of two chunks. */
export const sampleRows = ['c\t\\N\t\\N\t7\tnew\nu\t8\twas\t8\tbeco', 'mes\nd\t9\tgone\t\\N\t\\N\n'] as const

/** Which restore it is: the one that began at this second of a fixed minute. */
export function sampleRestore(second = 31, changes: Partial<RestoreIdentity> = {}): RestoreIdentity {
  const two = String(second).padStart(2, '0')
  return {
    id: `20261121T0131${two}Z-000000${two}`,
    backup: '20261121T003131Z-8f3a9c21',
    undoes: null,
    started: new Date(`2026-11-21T01:31:${two}.250Z`),
    ...changes,
  }
}

/** Contents in which every field occurs. Refers to the first two chunks, which hold `sampleRows`. */
export function sampleSafety(changes: Partial<SafetyContents> = {}): SafetyContents {
  return {
    format: 2,
    target: {
      address: 'postgres://admin@db.example.com:5432/shop',
      database: 'shop',
      databaseOid: 4_294_967_295,
      systemIdentifier: '7575757575757575757',
      timeline: 1,
      major: 17,
      encoding: 'UTF8',
    },
    transaction: '18446744073709551615',
    tables: [
      {
        schema: 'public',
        name: 'größer 漢字 😀',
        columns: [
          { name: 'id', type: 'bigint' },
          { name: 'note', type: 'character varying(20)' },
        ],
        key: ['id'],
        created: 1,
        updated: 1,
        deleted: 1,
        pieces: [
          { chunk: 0, offset: 0, length: sampleRows[0].length },
          { chunk: 1, offset: 0, length: sampleRows[1].length },
        ],
      },
      {
        schema: 'public',
        name: 'without key',
        columns: [],
        key: null,
        created: 0,
        updated: 0,
        deleted: 0,
        pieces: [],
      },
    ],
    madeTables: [
      {
        schema: 'public',
        name: 'made',
        rows: 3,
        expression: '0::pg_catalog.int8',
        hash: '0',
        keptRows: true,
      },
    ],
    droppedTables: [{ schema: 'public', name: 'dropped', keptRows: false, noOwner: true }],
    schema: {
      back: [{ object: 'view public.sums', sql: 'DROP VIEW public.sums;' }],
      forth: [{ object: 'view public.sums', sql: 'CREATE VIEW public.sums AS\n SELECT 1;' }],
      objects: [
        { key: '["VIEW","public","sums",null]', object: 'view public.sums', before: null, after: 'CREATE' },
        { key: '["ROLE",null,"a",null]', object: 'role a', before: 'CREATE ROLE a', after: null },
      ],
    },
    ...changes,
  }
}

/** A record in which every field occurs. */
export function sampleRecord(changes: Partial<RestoreRecord> = {}): RestoreRecord {
  return {
    format: 1,
    kind: 'in place',
    backup: '20261121T003131Z-8f3a9c21',
    moment: '2026-11-21T00:31:32.123456Z',
    undoes: null,
    target: 'postgres://admin@db.example.com:5432/shop',
    who: 'admin (shop-laptop)',
    started: '2026-11-21T01:31:31.250Z',
    finished: '2026-11-21T01:31:33.000Z',
    seconds: 1.75,
    scope: ['--table', 'orders'],
    tables: [
      { schema: 'public', name: 'orders', created: 1, updated: 2, deleted: 3, unchanged: 4, conflicts: 5 },
    ],
    checks: [{ what: 'foreign keys', result: 'hold' }],
    warnings: ['a trigger was off'],
    ...changes,
  }
}

/** Stores what a restore that changed the sample rows leaves; without `finished` no report. */
export async function storeRestore(o: {
  repository: Repository
  vault: Vault
  restore?: RestoreIdentity
  finished?: Date | null
}): Promise<RestoreIdentity> {
  const { restore = sampleRestore(), finished = new Date('2026-11-21T01:31:59.500Z') } = o
  await using writer = await openRestoreWriter({
    ...o,
    id: restore.id,
    parts: finished === null ? ['safety'] : ['safety', 'report'],
    threads: 1,
  })
  for (const rows of sampleRows) await writer.store(bytesOf(rows))
  await writer.putSafety(restore, sampleSafety())
  if (finished !== null) await writer.putReport({ ...restore, finished }, sampleRecord())
  return restore
}
