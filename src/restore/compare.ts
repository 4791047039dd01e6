import { eachLimited } from '../lib/async.ts'
import { HoldfastError } from '../lib/errors.ts'
import { tableLabel } from '../postgres/introspect/tables.ts'
import { literal, qualified } from '../postgres/quote.ts'
import type { Wire } from '../postgres/wire.ts'
import type { TableContents } from '../repository/format/contents.ts'
import type { SampleTransactions } from './load.ts'
import type { RestoredTable } from './types.ts'

/** One table whose restored rows are not what the source counted and hashed. */
export interface Difference {
  readonly table: string
  readonly what: string
}

/**
 * Compares the loaded rows with the fingerprints that the source took: counts of every table, the content
 * hash of the whole table or of the sampled ranges. Runs before indexes are built, when the pages are still warm.
 */
export async function compareTables(o: {
  wires: readonly Wire[]
  tables: readonly TableContents[]
  transactions: SampleTransactions
  onDone: (tables: number) => void
}): Promise<{ tables: RestoredTable[]; differences: Difference[] }> {
  const compared: RestoredTable[] = []
  const differences: Difference[] = []
  const free = [...o.wires]
  await eachLimited(groupTables(o.tables), o.wires.length, async (group) => {
    const wire = free.pop()
    if (wire === undefined) throw new HoldfastError('internal', 'More comparisons than connections.')
    differences.push(...(await compareGroup(wire, group, o.transactions)))
    compared.push(
      ...group.tables.map((table) => ({
        ...names(table),
        rows: table.rows,
        compared: howCompared(table, group),
      })),
    )
    free.push(wire)
    o.onDone(group.tables.length)
  })
  const position = new Map(o.tables.map((t, index) => [tableLabel(t), index]))
  compared.sort((a, b) => (position.get(tableLabel(a)) ?? 0) - (position.get(tableLabel(b)) ?? 0))
  return { tables: compared, differences }
}

/** Tables that are counted by one statement. Leaves that were loaded through their root are compared together: sums add up. */
interface Group {
  readonly tables: readonly TableContents[]
  readonly via: { readonly schema: string; readonly name: string } | null
}

function groupTables(tables: readonly TableContents[]): Group[] {
  const groups: Group[] = []
  const roots = new Map<string, TableContents[]>()
  let small: TableContents[] = []
  for (const table of [...tables].sort((a, b) => b.plainBytes - a.plainBytes)) {
    if (table.loadVia) {
      const key = `${table.loadVia.schema}\0${table.loadVia.name}`
      const leaves = roots.get(key) ?? []
      if (leaves.push(table) === 1) roots.set(key, leaves)
    } else if (table.plainBytes > 256 * 1024) groups.push({ tables: [table], via: null })
    else if (small.push(table) === 100) {
      groups.push({ tables: small, via: null })
      small = []
    }
  }
  if (small.length > 0) groups.push({ tables: small, via: null })
  for (const leaves of roots.values()) groups.push({ tables: leaves, via: leaves[0]?.loadVia ?? null })
  return groups
}

async function compareGroup(
  wire: Wire,
  group: Group,
  transactions: SampleTransactions,
): Promise<Difference[]> {
  if (group.via) return compareRoot(wire, group.tables, group.via)
  const selects = group.tables.map((table, index) => {
    const print = table.fingerprint
    const hash =
      print?.hash != null ? `coalesce(sum(${print.expression ?? '0'}), 0)::pg_catalog.text` : `NULL`
    return `SELECT ${index}, count(*), ${hash} FROM ONLY ${qualified(table.schema, table.name)} AS t${condition(table)}`
  })
  const differences: Difference[] = []
  for (const [index, rows, hash] of await wire.query(selects.join(' UNION ALL '))) {
    const table = group.tables[Number(index)]
    if (table === undefined) continue
    if (Number(rows) !== (table.fingerprint?.rows ?? table.rows)) {
      differences.push({
        table: tableLabel(table),
        what: `${rows} rows instead of ${table.fingerprint?.rows ?? table.rows}`,
      })
    }
    if (table.fingerprint?.hash != null && hash !== table.fingerprint.hash) {
      differences.push({ table: tableLabel(table), what: 'the contents hash differently from the source' })
    }
    differences.push(...(await compareSamples(wire, table, transactions.get(table))))
  }
  return differences
}

/** One scan gives the sums of all sampled ranges, told apart by the transaction that loaded them. */
async function compareSamples(
  wire: Wire,
  table: TableContents,
  transactions: ReadonlyMap<number, string> | 'compared' | undefined,
): Promise<Difference[]> {
  if (transactions === 'compared') return []
  const samples = (table.fingerprint?.samples ?? []).filter((s) => s.rows > 0)
  if (samples.length === 0) return []
  const expression = table.fingerprint?.expression ?? '0'
  const ids = samples.map((s) => transactions?.get(s.range) ?? '0')
  const found = await wire.query(
    `SELECT t.xmin::pg_catalog.text, count(*), sum(${expression})::pg_catalog.text
     FROM ONLY ${qualified(table.schema, table.name)} AS t
     WHERE t.xmin = ANY (${literal(`{${ids.join(',')}}`)}::pg_catalog.xid[]) GROUP BY 1`,
  )
  const byId = new Map(found.map((row) => [row[0], row]))
  return samples.flatMap((sample, at) => {
    const row = byId.get(ids[at] ?? '')
    if (row && Number(row[1]) === sample.rows && row[2] === sample.hash) return []
    return [
      {
        table: tableLabel(table),
        what: `the contents of range ${sample.range} hash differently from the source`,
      },
    ]
  })
}

async function compareRoot(
  wire: Wire,
  leaves: readonly TableContents[],
  via: { readonly schema: string; readonly name: string },
): Promise<Difference[]> {
  const hashed = leaves.every((leaf) => leaf.fingerprint?.hash != null)
  const expression = leaves[0]?.fingerprint?.expression ?? '0'
  const [row] = await wire.query(
    `SELECT count(*), ${hashed ? `coalesce(sum(${expression}), 0)::pg_catalog.text` : 'NULL'} FROM ${qualified(via.schema, via.name)} AS t`,
  )
  const rows = leaves.reduce((sum, leaf) => sum + (leaf.fingerprint?.rows ?? leaf.rows), 0)
  const hash = leaves.reduce((sum, leaf) => sum + BigInt(leaf.fingerprint?.hash ?? '0'), 0n)
  const differences: Difference[] = []
  if (Number(row?.[0]) !== rows)
    differences.push({ table: tableLabel(via), what: `${row?.[0]} rows instead of ${rows}` })
  if (hashed && row?.[1] !== String(hash)) {
    differences.push({ table: tableLabel(via), what: 'the contents hash differently from the source' })
  }
  return differences
}

/** Extensions may fill their own tables when they are made: only rows that the backup claims are counted. */
function condition(table: TableContents): string {
  return table.condition === null ? '' : ` WHERE (${table.condition.replace(/^\s*where\b/i, '')})`
}

function howCompared(table: TableContents, group: Group): RestoredTable['compared'] {
  // One sum stands for all partitions of a root: if one has no hash, none was compared by it.
  if (group.via) return group.tables.every((t) => t.fingerprint?.hash != null) ? 'hashed' : 'counted'
  if (table.fingerprint?.hash != null) return 'hashed'
  return table.fingerprint?.samples.some((sample) => sample.rows > 0) ? 'sampled' : 'counted'
}

function names(table: TableContents): { schema: string; name: string } {
  return { schema: table.schema, name: table.name }
}
