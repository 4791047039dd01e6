import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import pg from 'pg'
import { openMemoryStorage } from '../../../src/storage/memory.ts'
import { randomOf, type Random } from '../../oracle/random.ts'
import { restoreInPlace, undo } from '../../support/in-place.ts'
import { newRepository, type JourneyRepository } from '../../support/journey.ts'
import { server } from './case.ts'
import {
  damage,
  drawTables,
  isFresh,
  low,
  makeTables,
  readModel,
  type ModelRow,
  type ModelState,
  type ModelTable,
  type Reference,
} from './copies-model.ts'

/** The usual run is the same every time; with time it draws anew. */
const minutes = Number(process.env['HOLDFAST_INPLACE_MINUTES'] ?? 0)

test('copies are what the backup has but for new keys, and refer to each other as the originals do', async () => {
  const end = performance.now() + minutes * 60_000
  const sums = { copies: 0, left: 0, brought: 0 }
  for (let n = 0; n < 8 || performance.now() < end; n++) {
    const seed = minutes === 0 ? `copies ${n}` : randomBytes(6).toString('hex')
    await oneDatabase(seed, n % 2 === 0 ? 18 : 15, sums).catch((error: unknown) => {
      throw new Error(`copies of the seed ${seed}`, { cause: error })
    })
  }
  console.log(`copies: ${JSON.stringify(sums)}`)
  assert.ok(sums.copies > 100 && sums.left > 5 && sums.brought > 2, JSON.stringify(sums))
})

type Sums = { copies: number; left: number; brought: number }

async function oneDatabase(seed: string, major: 15 | 18, sums: Sums): Promise<void> {
  const r = randomOf(seed)
  await using database = await (await server(major)).database()
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  try {
    const tables = drawTables(r)
    await makeTables(r, tables, client)
    const repository = await newRepository(openMemoryStorage())
    await repository.backUp(database.url, { proof: 'counts' })
    const backup = await readModel(client, tables)
    for (let n = 0; n < 3; n++) {
      await damage(r, tables, client)
      await round({ r, tables, client, repository, url: database.url, backup, sums })
    }
  } finally {
    await client.end()
  }
}

interface Round {
  readonly r: Random
  readonly tables: readonly ModelTable[]
  readonly client: pg.Client
  readonly repository: JourneyRepository
  readonly url: string
  readonly backup: ModelState
  readonly sums: Sums
}

async function round(o: Round): Promise<void> {
  const { r, tables, client, backup, sums } = o
  const before = await readModel(client, tables)
  const referred = tables.filter((t) => tables.some((child) => child.references.some((k) => k.to === t)))
  const chosen = r.pick(referred.length > 0 && r.chance(0.8) ? referred : tables)
  const least = r.chance(0.3) ? null : r.int(8)
  const missingReferences = r.pick(['bring', 'skip'] as const)
  const where = least === null ? null : `x >= ${least}`
  const excluded = r.some(
    tables.filter((t) => t !== chosen),
    0.15,
  )
  const choice = {
    tables: [chosen.name],
    where,
    excludeTables: excluded.map((t) => t.name),
    missingReferences,
  }
  try {
    const done = await restoreInPlace(o.repository, o.url, { ...choice, newIds: true, skipConflicts: true })
    const after = await readModel(client, tables)
    const meant = closure({ backup, chosen, least, excluded: new Set(excluded) })
    const { copies, brought } = newRows(o, meant, before, after)
    requireEqual(copies, after)
    if (missingReferences === 'skip' || brought.length === 0) {
      const left = leftOut(meant, before)
      const expected = [...meant].filter((row) => !left.has(row))
      assert.deepEqual([...copies.keys()].map(tagOf).sort(), expected.map(tagOf).sort())
    }
    const told = done.preview.tables
    const sum = (of: (t: (typeof told)[number]) => number, pulled: boolean): number =>
      told.filter((t) => t.neededBy.length > 0 === pulled).reduce((total, t) => total + of(t), 0)
    assert.equal(
      sum((t) => t.create, false),
      copies.size,
    )
    assert.equal(
      sum((t) => t.conflicts, false),
      meant.size - copies.size,
    )
    assert.equal(
      sum((t) => t.create, true),
      brought.length,
    )
    sums.copies += copies.size
    sums.left += meant.size - copies.size
    sums.brought += brought.length
    if (done.safety === null || r.chance(0.4)) return
    await undo(o.url, done)
    assert.deepEqual(await readModel(client, tables), before)
  } catch (error) {
    throw new Error(JSON.stringify(choice), { cause: error })
  }
}

/** A row of the backup, told apart by identity. */
interface Original {
  readonly table: ModelTable
  readonly row: ModelRow
}

const originals = new WeakMap<ModelRow, Original>()

function originalOf(table: ModelTable, row: ModelRow): Original {
  const known = originals.get(row) ?? { table, row }
  originals.set(row, known)
  return known
}

const tagOf = ({ row }: Original): string => row['tag'] ?? ''

function refersTo(reference: Reference, row: ModelRow, parent: ModelRow): boolean {
  return reference.columns.every((c, n) => {
    const to = reference.columns.length > 1 && n === 0 ? 'tenant' : 'id'
    return row[c] !== null && row[c] === parent[to]
  })
}

function parentIn(state: ModelState, reference: Reference, row: ModelRow): ModelRow | undefined {
  return state.get(reference.to)?.find((parent) => refersTo(reference, row, parent))
}

/** What is chosen, and all rows of other tables that refer to it. */
function closure(o: {
  backup: ModelState
  chosen: ModelTable
  least: number | null
  excluded: ReadonlySet<ModelTable>
}): Set<Original> {
  const meant = new Set<Original>()
  for (const row of o.backup.get(o.chosen) ?? [])
    if (o.least === null || Number(row['x']) >= o.least) meant.add(originalOf(o.chosen, row))
  for (const parent of meant) {
    for (const [table, rows] of o.backup) {
      if (table === o.chosen || o.excluded.has(table)) continue
      for (const row of rows)
        if (table.references.some((k) => k.to === parent.table && refersTo(k, row, parent.row)))
          meant.add(originalOf(table, row))
    }
  }
  return meant
}

/** Which of them can't come, if nothing is brought for them. */
function leftOut(meant: ReadonlySet<Original>, live: ModelState): Set<Original> {
  const parentOf = (k: Reference, row: ModelRow): Original | undefined =>
    [...meant].find((p) => p.table === k.to && refersTo(k, row, p.row))
  const renewed = (one: Original): boolean =>
    isFresh(one.table) ||
    one.table.references.some((k) => {
      const parent = one.table.key.includes(k.columns.at(-1) ?? '') ? parentOf(k, one.row) : undefined
      return parent !== undefined && renewed(parent)
    })
  const left = new Set<Original>()
  for (let size = -1; size !== left.size;) {
    size = left.size
    for (const one of meant) {
      const { table, row } = one
      const taken = live.get(table)?.some((other) => table.key.every((c) => other[c] === row[c])) ?? false
      if (taken && !renewed(one)) left.add(one)
      const same = live.get(table)?.some((other) => other['tag'] === row['tag'] && Number(other['x']) < low)
      if (table.strict && Number(row['x']) < low && same === true) left.add(one)
      for (const k of table.references) {
        if (row[k.columns.at(-1) ?? ''] === null) continue
        const parent = parentOf(k, row)
        if (parent !== undefined && !left.has(parent)) continue
        if ((parent !== undefined && renewed(parent)) || parentIn(live, k, row) === undefined) left.add(one)
      }
    }
  }
  return left
}

/** Rows that are new: copies, each with its original, and those that were brought because others need them. All others must be as they were. */
function newRows(
  o: Round,
  meant: ReadonlySet<Original>,
  before: ModelState,
  after: ModelState,
): { copies: Map<Original, ModelRow>; brought: ModelRow[] } {
  const copies = new Map<Original, ModelRow>()
  const brought: ModelRow[] = []
  const pool = new Set<Original>()
  for (const table of o.tables) {
    const keyOf = (row: ModelRow): string => JSON.stringify(table.key.map((c) => row[c]))
    const was = new Map((before.get(table) ?? []).map((row) => [keyOf(row), row]))
    const fresh: ModelRow[] = []
    for (const row of after.get(table) ?? []) {
      const old = was.get(keyOf(row))
      if (old === undefined) fresh.push(row)
      else assert.deepEqual(row, old, 'a row that was there was touched')
      was.delete(keyOf(row))
    }
    assert.equal(was.size, 0, 'a row that was there is gone')
    for (const row of fresh) {
      const original = o.backup.get(table)?.find((one) => one['tag'] === row['tag'])
      assert.ok(original !== undefined, 'a row comes from nowhere')
      const known = originalOf(table, original)
      // A row may be brought, and come as a copy too.
      if (!meant.has(known) || (isFresh(table) && keyOf(row) === keyOf(original))) brought.push(row)
      else {
        assert.ok(!pool.has(known), 'a row has come twice')
        pool.add(known)
        copies.set(known, row)
      }
    }
  }
  return { copies, brought }
}

/** All but keys that are given anew, and what refers to them, is as it was; what refers refers to the copy, where there is one. */
function requireEqual(copies: ReadonlyMap<Original, ModelRow>, after: ModelState): void {
  for (const [original, copy] of copies) {
    const { table, row } = original
    const following = new Set<string>()
    for (const k of table.references) {
      const column = k.columns.at(-1) ?? ''
      following.add(column)
      const parent = [...copies].find(([p]) => p.table === k.to && refersTo(k, row, p.row))
      if (parent === undefined) assert.equal(copy[column], row[column])
      else
        assert.ok(refersTo(k, copy, parent[1]), `${tagOf(original)} does not refer to the copy by ${k.name}`)
      if (copy[column] !== null) assert.ok(parentIn(after, k, copy) !== undefined)
    }
    if (isFresh(table)) following.add('id')
    for (const [column, value] of Object.entries(row))
      if (!following.has(column)) assert.equal(copy[column], value, `${tagOf(original)}: ${column}`)
  }
}
