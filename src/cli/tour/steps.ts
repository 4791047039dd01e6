import type { DrillReport } from '../../verify/types.ts'
import type { RestoreReport } from '../../restore/types.ts'
import type { BackupContents, Piece } from '../../repository/format/contents.ts'
import type { Manifest } from '../../repository/format/manifest.ts'
import { formatBytes, formatCount, formatCountOf, formatDuration, formatPercent } from '../format.ts'
import type { Text } from '../output.ts'
import { comparedText, proofOf, secondsOf } from '../summary.ts'
import { accidents, type Damage, type ShownCustomer } from './bad-day.ts'
import type { Guide } from './guide.ts'
import type { Findings } from './sealed.ts'
import type { ShopFigures } from './shop.ts'

/** What the tour says at each of its steps, when the work is done. */

export function tellShop(guide: Guide, shop: ShopFigures, seconds: number): void {
  guide.facts([
    [
      'holds',
      `${formatCount(shop.tenants)} companies, ${formatCountOf(shop.tables, 'table')}, ${formatCountOf(shop.rows, 'row')}, ${formatBytes(shop.bytes)} on disk`,
    ],
    [
      'and',
      `${shop.policies} row security policies, ${shop.triggers} triggers, ${shop.foreignKeys} foreign keys, ${shop.views} views`,
    ],
    ['and', `partitions, large objects, names like 客户备注 and "order"`],
    ['made in', formatDuration(seconds * 1000)],
  ])
}

export function tellBackup(guide: Guide, { totals }: Manifest, milliseconds: number): void {
  guide.facts([
    ['read', `${formatCountOf(totals.rows, 'row')}, ${formatBytes(totals.plainBytes)} as text`],
    [
      'stored',
      `${formatBytes(totals.newStoredBytes)}, compressed and encrypted, in ${formatCountOf(totals.newChunks, 'object')}`,
    ],
    ['proof', 'the server counted and hashed every row by itself, at the same moment'],
    ['took', formatDuration(milliseconds)],
  ])
}

/** The largest tables, and one line for all others. */
export function tellContents(guide: Guide, manifest: Manifest, contents: BackupContents): void {
  const shown = 6
  const tables = contents.tables
    .map((table) => ({
      ...table,
      stored: storedBytes(
        manifest,
        table.ranges.flatMap((r) => r.pieces),
      ),
    }))
    .sort((a, b) => b.plainBytes - a.plainBytes)
  const rest = tables.slice(shown)
  const sum = (of: (table: (typeof tables)[number]) => number): number =>
    rest.reduce((total, table) => total + of(table), 0)
  guide.table(
    [
      { title: 'TABLE', min: 18 },
      { title: 'ROWS', align: 'right' },
      { title: 'AS TEXT', align: 'right' },
      { title: 'STORED', align: 'right' },
      { title: 'PROOF' },
    ],
    [
      ...tables
        .slice(0, shown)
        .map((table) => [
          `${table.schema}.${table.name}`,
          formatCount(table.rows),
          formatBytes(table.plainBytes),
          formatBytes(table.stored),
          proofText(proofOf(table)),
        ]),
      [
        `${formatCount(rest.length)} others`,
        formatCount(sum((t) => t.rows)),
        formatBytes(sum((t) => t.plainBytes)),
        formatBytes(sum((t) => t.stored)),
        rest.every((table) => proofOf(table) === 'full') ? proofText('full') : 'mixed',
      ],
    ],
  )
  guide.line()
  guide.facts([
    [
      'besides',
      `${formatCountOf(contents.largeObjects.objects.length, 'large object')}, ${formatCountOf(contents.sequences.length, 'sequence')}, ${formatCountOf(contents.schema.entries.length, 'object')} of the schema, ${formatCountOf(contents.roles.length, 'role')}`,
    ],
    ['gaps', contents.gaps.length === 0 ? 'none' : contents.gaps.map(({ what }) => what).join(', ')],
  ])
}

function proofText(proof: string): string {
  return proof === 'full' ? 'count + hash' : proof
}

/** What is stored for some pieces of chunks: chunks hold several tables, so each gets its share. */
function storedBytes(manifest: Manifest, pieces: readonly Piece[]): number {
  return pieces.reduce((sum, piece) => {
    const [, plain, stored] = manifest.chunks[piece.chunk] ?? ['', 1, 0]
    return sum + (piece.length * stored) / plain
  }, 0)
}

export function tellSecond(guide: Guide, first: Manifest, second: Manifest, newOrders: number): void {
  const { totals } = second
  guide.facts([
    ['meanwhile', `${formatCountOf(newOrders, 'new order')}`],
    ['read', `${formatCountOf(totals.rows, 'row')}, all of them`],
    [
      'stored',
      `${formatBytes(totals.newStoredBytes)}, ${formatPercent(totals.newStoredBytes, first.totals.newStoredBytes)} of the first: only what changed`,
    ],
    ['took', formatDuration(secondsOf(second) * 1000)],
  ])
}

export function tellFindings(guide: Guide, found: Findings): void {
  const [first = '', second = ''] = found.head
  guide.facts([
    [
      'looked at',
      `${formatCountOf(found.objects, 'object')}, ${formatBytes(found.bytes)}: everything that is stored`,
    ],
    ['first bytes', [{ text: first, style: 'strong' }]],
    ['', [{ text: `${second.slice(0, 24)}…`, style: 'quiet' }]],
    [
      'searched for',
      [
        `${formatCountOf(found.lookedFor, 'customer name')} and addresses: `,
        found.foundInStorage === 0 ? good('none found') : bad(`${found.foundInStorage} found`),
      ],
    ],
    [
      'with the key',
      `${formatCount(found.foundWhenOpened)} of ${formatCount(found.lookedFor)} found in the same backup`,
    ],
    ['another key', [good('refused'), `, ${found.strangerGot}`]],
  ])
}

export function tellDamage(guide: Guide, damage: Damage): void {
  for (const accident of accidents) guide.command(`psql bazaar -c "${accident}"`)
  guide.line()
  const went = damage.wentWithIt
  guide.facts([
    ['lost', [bad(formatCountOf(damage.ordersLost, 'order')), ', and with the table']],
    [
      '',
      `${went.views} views, ${went.foreignKeys} foreign keys, ${went.indexes} indexes, ${went.policies} policies, ${formatCountOf(went.functions, 'function')}`,
    ],
    [
      'overwritten',
      [bad(formatCountOf(damage.customersOverwritten, 'customer')), ': all of them, of every company'],
    ],
    ['took', formatDuration(damage.seconds * 1000)],
  ])
}

export function tellCustomers(guide: Guide, customers: readonly ShownCustomer[]): void {
  guide.table(
    [
      { title: 'CUSTOMER', min: 10 },
      { title: 'NAME', min: 6 },
      { title: 'EMAIL', min: 20 },
      { title: 'ORDERS', align: 'right' },
    ],
    customers.map((c) => [c.number, c.name, c.email, c.orders === null ? 'gone' : formatCount(c.orders)]),
  )
}

export function tellRestore(guide: Guide, report: RestoreReport): void {
  guide.facts([
    ['restored', `${formatCountOf(report.rows, 'row')} in ${formatCountOf(report.tables.length, 'table')}`],
    ['compared', [`${comparedText(report.tables)}: `, good('equal')]],
    ['took', formatDuration(report.seconds * 1000)],
  ])
}

export function tellDrill(guide: Guide, drill: DrillReport): void {
  guide.facts([
    ['restored', `${formatCountOf(drill.rows, 'row')} into a private server of Postgres ${drill.server}`],
    [
      'compared',
      [
        `${comparedText(drill.tables)}, ${formatCountOf(drill.objects, 'object')} of the schema: `,
        good('equal'),
      ],
    ],
    [
      'unverified',
      drill.notVerified.length === 0 ? 'nothing' : drill.notVerified.map(({ what }) => what).join(', '),
    ],
    ['took', `${formatDuration(drill.seconds * 1000)}, from nothing to a database that answers`],
  ])
}

export function good(text: string): Exclude<Text, string>[number] {
  return { text, style: 'good' }
}

export function bad(text: string): Exclude<Text, string>[number] {
  return { text, style: 'bad' }
}
