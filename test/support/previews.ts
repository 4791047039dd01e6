import fc from 'fast-check'
import { sumCounts } from '../../src/restore/in-place/preview.ts'
import type { Preview, Sample, TablePreview } from '../../src/restore/in-place/types.ts'

/** A preview of nothing, with whatever is given; the totals are the tables' own. */
export function previewOf(given: Partial<Preview> = {}): Preview {
  const tables = given.tables ?? []
  return {
    backup: '20261128T060000Z-4f1c2ab9',
    moment: '2026-11-28T06:00:00.000Z',
    undoes: null,
    target: 'postgres://admin@db1:5432/shop',
    database: 'shop',
    actions: { create: true, update: false, delete: false },
    newIds: false,
    where: null,
    keepNewer: null,
    tables,
    totals: sumCounts(tables),
    makes: [],
    drops: [],
    heldBack: [],
    questions: [],
    warnings: [],
    problems: [],
    parts: [],
    estimate: { seconds: 2, locks: [], closed: [], temporaryBytes: 0 },
    ...given,
  }
}

/** A table where nothing differs, with whatever is given. */
export function tableOf(given: Partial<TablePreview> = {}): TablePreview {
  return {
    schema: 'public',
    name: 'orders',
    key: ['id'],
    create: 0,
    update: 0,
    delete: 0,
    unchanged: 0,
    conflicts: 0,
    leftAlone: { missing: 0, changed: 0, extra: 0, newer: 0 },
    neededBy: [],
    along: [],
    renewed: [],
    changedColumns: [],
    samples: [],
    drift: [],
    notes: [],
    ...given,
  }
}

type Values = Readonly<Record<string, string | null>>

/** A sampled row: `id` is its key, if it has one. */
export function sampleOf(
  action: Sample['action'],
  o: { before?: Values; after?: Values; why?: string },
): Sample {
  const names = Object.keys({ ...o.before, ...o.after })
  return {
    action,
    why: o.why ?? null,
    columns: names.map((name) => {
      const before = o.before?.[name] ?? null
      const after = o.after?.[name] ?? null
      return {
        name,
        key: name === 'id',
        before,
        after,
        changed: action === 'update' && before !== after,
        renewed: false,
      }
    }),
  }
}

const order = (id: number, more: Values = {}): Values => ({
  id: `${id}`,
  customer_id: '7',
  status: 'paid',
  total: '99.50',
  placed_at: '2026-11-20 10:14:03+00',
  note: null,
  address: '{"city": "Kopavogur", "street": "Hlidarvegur 12", "zip": "200"}',
  ...more,
})

/** A restore as people have them: rows that are gone, changed, new, in conflict; a table along, one made, columns that are others. */
export const busy: Preview = previewOf({
  actions: { create: true, update: true, delete: true },
  where: null,
  keepNewer: 'updated_at',
  tables: [
    tableOf({
      schema: 'shop',
      create: 12,
      update: 2,
      delete: 1,
      unchanged: 1_204_331,
      conflicts: 2,
      leftAlone: { missing: 0, changed: 0, extra: 0, newer: 3 },
      changedColumns: [
        { name: 'status', rows: 2 },
        { name: 'note', rows: 1 },
      ],
      samples: [
        sampleOf('create', { after: order(1041) }),
        sampleOf('create', { after: order(1042, { total: '7.00' }) }),
        sampleOf('create', { after: order(1043, { status: 'sent' }) }),
        sampleOf('create', { after: order(1044) }),
        sampleOf('update', { before: order(7, { status: 'lost' }), after: order(7) }),
        sampleOf('update', {
          before: order(9, { note: `${'The parcel was left with a neighbour, '.repeat(3)}who is away.` }),
          after: order(9, {
            status: 'sent',
            note: `${'The parcel was left with a neighbour, '.repeat(3)}who has it.`,
          }),
        }),
        sampleOf('delete', { before: order(2001, { note: 'test' }) }),
        sampleOf('conflict', {
          after: order(12),
          why: 'another row holds its number (unique orders_number_key)',
        }),
        sampleOf('newer', { before: {} }),
      ],
      drift: [
        {
          column: 'discount',
          what: 'was integer, is numeric(10,2)',
          effect: 'values of the backup are converted',
        },
        {
          column: 'channel',
          what: 'is new',
          effect: 'rows that are created get its default; others keep theirs',
        },
        { column: 'legacy', what: 'is gone', effect: "the backup's values are left out" },
      ],
      notes: ['stay silent: orders_notify, orders_audit', 'never lowered: "orders_id_seq"'],
    }),
    tableOf({
      schema: 'crm',
      name: 'customers',
      create: 1,
      neededBy: ['shop.orders'],
      samples: [sampleOf('create', { after: { id: '7', name: 'Þóra Jónsdóttir', email: '' } })],
    }),
    tableOf({ schema: 'shop', name: 'products', unchanged: 412 }),
    tableOf({ schema: 'shop', name: 'stock', unchanged: 412 }),
  ],
  makes: [{ schema: 'shop', name: 'coupons', rows: 250 }],
  questions: [
    {
      about: 'conflicts',
      text: "2 rows can't be changed without breaking a key: leave these out and go on (--skip-conflicts)?",
    },
  ],
  warnings: ['Rows of shop.sessions are not in the backup.'],
  estimate: { seconds: 14, locks: ['shop.orders', 'crm.customers'], closed: [], temporaryBytes: 182_000_000 },
})

/** Names and values that want to be more than text. */
export const hostile: Preview = previewOf({
  database: `shop"><script>alert(1)</script>`,
  target: 'postgres://admin@db1:5432/shop%22%3E%3Cscript%3E',
  where: `name = '<img src=x onerror=alert(2)>' AND true`,
  actions: { create: true, update: true, delete: true },
  tables: [
    tableOf({
      schema: `"'><svg onload=alert(3)>`,
      name: 'a\u001b[2J\u202eevil\u2066</style></title>',
      create: 1,
      update: 1,
      conflicts: 1,
      neededBy: ['<b>x</b>'],
      changedColumns: [{ name: '</td><td onclick="x">', rows: 1 }],
      samples: [
        sampleOf('create', { after: { id: '<script>1</script>', '--><!--': '\r\n\u0000\u009b31m&amp;' } }),
        sampleOf('update', {
          before: { id: '1', '<i>"': `' onmouseover='alert(4)` },
          after: { id: '1', '<i>"': 'javascript:alert(5)\u202e' },
        }),
        sampleOf('conflict', { after: { id: '</details>' }, why: '<iframe src=//x>' }),
      ],
      drift: [{ column: '<u>', what: 'was "<a href=x>"', effect: '<form>' }],
      notes: ['stay silent: <object>'],
    }),
  ],
  makes: [{ schema: 's', name: '<made>', rows: 1 }],
  drops: [{ schema: 's', name: '<dropped>', rows: 1 }],
  questions: [{ about: 'references', text: '<question>' }],
  warnings: ['<warning>'],
  problems: ['<problem>\u001b[31m'],
  estimate: { seconds: 1, locks: ['<lock>'], closed: [], temporaryBytes: 1 },
})

const scripts = ['注文_詳細_テーブル', 'طلبات_العملاء', 'הזמנות', 'คำสั่งซื้อ', 'заказы', '😀👨‍👩‍👧🇩🇪']

/** Names and values in many scripts: wide, right to left, joined. */
export const manyScripts: Preview = previewOf({
  database: 'طلبات',
  actions: { create: true, update: true, delete: true },
  tables: scripts.map((name, at) =>
    tableOf({
      schema: name,
      name: name.repeat(4),
      create: 1200 + at,
      update: 1,
      unchanged: 3,
      leftAlone: { missing: 0, changed: 0, extra: 2, newer: 0 },
      changedColumns: [{ name, rows: 1 }],
      samples: [
        sampleOf('create', { after: { id: '1', [name]: name.repeat(20), 'a b': 'x' } }),
        sampleOf('update', {
          before: { id: '2', [name]: `${name.repeat(12)} 1` },
          after: { id: '2', [name]: `${name.repeat(12)} 2` },
        }),
      ],
      notes: [`stay silent: ${name}`],
    }),
  ),
  estimate: { seconds: 3, locks: scripts, closed: [], temporaryBytes: 5000 },
})

/** Two hundred tables: `changed` of them change. */
export function many(changed: number): Preview {
  const tables = Array.from({ length: 200 }, (_, at) =>
    tableOf({
      name: `table_${at}`,
      create: at < changed ? at + 1 : 0,
      unchanged: 10,
      samples: at < changed ? [sampleOf('create', { after: { id: '1' } })] : [],
    }),
  )
  const locks = tables.filter((t) => t.create > 0).map((t) => `public.${t.name}`)
  return previewOf({ tables, estimate: { seconds: 40, locks, closed: [], temporaryBytes: 1e9 } })
}

const anyName = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 63 }),
  fc.constantFrom(...scripts, 'orders', '<b>&"\'', '\u202e\u2066\u0007'),
)
const anyCount = fc.oneof(fc.constant(0), fc.nat(20), fc.nat(1_000_000_000_000))
const anyValue = fc.option(fc.string({ unit: 'binary', maxLength: 200 }))

const anySample = fc
  .tuple(
    fc.constantFrom<Sample['action']>('create', 'update', 'delete', 'newer', 'conflict'),
    fc.uniqueArray(anyName, { minLength: 1, maxLength: 12 }),
    fc.infiniteStream(anyValue),
    fc.option(anyName),
  )
  .map(([action, names, values, why]): Sample => {
    const next = (): string | null => values.next().value ?? null
    return {
      action,
      why,
      columns: names.map((name, at) => {
        const before = action === 'create' ? null : next()
        const after = action === 'delete' ? null : next()
        return {
          name,
          key: at === 0,
          before,
          after,
          changed: action === 'update' && at > 0,
          renewed: action === 'create' && at === 0,
        }
      }),
    }
  })

const anyTable = fc.record<TablePreview>({
  schema: anyName,
  name: anyName,
  key: fc.constant(null),
  create: anyCount,
  update: anyCount,
  delete: anyCount,
  unchanged: anyCount,
  conflicts: anyCount,
  leftAlone: fc.record({ missing: anyCount, changed: anyCount, extra: anyCount, newer: anyCount }),
  neededBy: fc.array(anyName, { maxLength: 3 }),
  along: fc.array(anyName, { maxLength: 3 }),
  renewed: fc.array(fc.record({ name: anyName, rows: anyCount }), { maxLength: 3 }),
  changedColumns: fc.array(fc.record({ name: anyName, rows: anyCount }), { maxLength: 9 }),
  samples: fc.array(anySample, { maxLength: 8 }),
  drift: fc.array(fc.record({ column: anyName, what: anyName, effect: anyName }), { maxLength: 2 }),
  notes: fc.array(anyName, { maxLength: 2 }),
})

/** Previews of anything. */
export const anyPreview: fc.Arbitrary<Preview> = fc
  .record({
    database: anyName,
    target: anyName,
    where: fc.option(anyName),
    keepNewer: fc.option(anyName),
    undoes: fc.option(anyName),
    newIds: fc.boolean(),
    tables: fc.array(anyTable, { maxLength: 14 }),
    makes: fc.array(fc.record({ schema: anyName, name: anyName, rows: anyCount }), { maxLength: 2 }),
    drops: fc.array(fc.record({ schema: anyName, name: anyName, rows: anyCount }), { maxLength: 2 }),
    warnings: fc.array(anyName, { maxLength: 2 }),
    problems: fc.array(anyName, { maxLength: 2 }),
    questions: fc.array(fc.record({ about: fc.constant('conflicts' as const), text: anyName }), {
      maxLength: 2,
    }),
    estimate: fc.record({
      seconds: fc.nat(100_000),
      locks: fc.array(anyName, { maxLength: 9 }),
      closed: fc.array(anyName, { maxLength: 2 }),
      temporaryBytes: fc.nat(),
    }),
  })
  .map((given) => previewOf(given))
