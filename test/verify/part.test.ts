import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleTables } from '../../src/verify/part.ts'
import { randomOf } from '../oracle/random.ts'

test('a sample holds its share of the bytes and no table more, whole trees of partitions, and is chosen again by its seed', () => {
  const start = process.env['SAMPLE_SEED'] ?? String(Date.now())
  const random = randomOf(start)
  for (let round = 0; round < 200; round++) {
    const tables = Array.from({ length: random.between(1, 60) }, (_, index) => {
      const schema = `s${random.int(3)}`
      const tree = random.chance(0.3) ? [{ schema: 's0', name: `root_${random.int(4)}` }] : []
      return { schema, name: `t${index}`, plainBytes: random.skewed(100_000), parents: tree }
    })
    const percent = random.between(1, 99)
    const seed = random.int(1_000_000)
    const about = `seed ${start}, round ${round}`
    const chosen = sampleTables(tables, { percent, seed })
    assert.deepEqual(
      sampleTables(random.shuffle(tables), { percent, seed }).map(label).sort(),
      chosen.map(label).sort(),
      about,
    )

    const names = new Set(chosen.map(label))
    const taken = tables.filter((table) => names.has(label(table)))
    assert.ok(taken.length === chosen.length && taken.length > 0, about)
    const bytes = sum(taken)
    assert.ok(bytes >= (sum(tables) * percent) / 100, about)
    const [last] = chosen.slice(-1)
    const unit = tables.filter((table) => unitOf(table) === unitOf(tables.find((t) => t.name === last?.name)))
    const before = bytes - sum(unit)
    assert.ok(before < (sum(tables) * percent) / 100 || taken.length === unit.length, about)
    const units = new Set(taken.map(unitOf))
    assert.equal(tables.filter((table) => units.has(unitOf(table))).length, taken.length, about)
  }
})

test('other seeds choose other tables', () => {
  const tables = Array.from({ length: 100 }, (_, index) => ({
    schema: 's',
    name: `t${index}`,
    plainBytes: 10,
    parents: [],
  }))
  const seen = new Set<string>()
  for (let seed = 0; seed < 100; seed++) {
    const chosen = sampleTables(tables, { percent: 10, seed })
    assert.equal(chosen.length, 10)
    for (const table of chosen) seen.add(table.name)
  }
  // Each table is missed by all of them once in 30,000 times.
  assert.ok(seen.size > 95, String(seen.size))
})

interface Named {
  readonly schema: string
  readonly name: string
}

function label({ schema, name }: Named): string {
  return `${schema}.${name}`
}

function unitOf(table: (Named & { readonly parents: readonly Named[] }) | undefined): string {
  assert.ok(table)
  return label(table.parents.at(-1) ?? table)
}

function sum(tables: readonly { readonly plainBytes: number }[]): number {
  return tables.reduce((total, { plainBytes }) => total + plainBytes, 0)
}
