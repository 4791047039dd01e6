import type { Random } from './random.ts'

const odd = [
  '',
  ' ',
  'NULL',
  '\\N',
  '\\.',
  '\\',
  '\\\\n',
  'tab\there',
  'line\nbreak',
  'carriage\rreturn\r\n',
  '\b\f\v',
  "it's",
  '"quoted"',
  '{}',
  '{a,b}',
  '(1,2)',
  ',',
  '%s $1 $$ --',
  "'; DROP TABLE x; --",
  'trailing ',
  'ß',
  'é',
  'e\u0301',
  'مرحبا',
  '汉字',
  '\u{1f680}',
  '\u{10ffff}',
  '\ufeff',
  '\u2028',
  '\x7f',
  '\u0080',
]

/** Text of any kind: odd, plain, and now and then long enough to be stored out of line, compressible or not. */
export function text(r: Random): string {
  const kind = r.int(100)
  if (kind < 35) return r.pick(odd)
  if (kind < 90) return `${r.pick(odd)}${r.int(1e6).toString(36)}${r.pick(odd)}`
  if (kind < 97) return r.pick(odd).repeat(r.skewed(400))
  if (kind < 99) return r.int(1e9).toString(36).repeat(r.skewed(2000))
  return Array.from({ length: r.skewed(20_000) }, () => String.fromCharCode(32 + r.int(90))).join('')
}

/** A whole number between -`most` - 1 and `most`, often an end or small. */
export function number(r: Random, most: number): string {
  return String(r.pick([0, 1, -1, most, -most - 1, r.int(most), -r.int(most), r.int(100), r.int(100)]))
}

const two = (n: number): string => String(n).padStart(2, '0')
const date = (r: Random): string => `${1900 + r.int(300)}-${two(1 + r.int(12))}-${two(1 + r.int(28))}`
const clock = (r: Random): string =>
  `${two(r.int(24))}:${two(r.int(60))}:${two(r.int(60))}.${String(r.int(1e6)).padStart(6, '0')}`
const zone = (r: Random): string => r.pick(['+00', '-12', '+14', '+05:45', '-03:30'])
const ends = ['infinity', '-infinity', '0044-03-15 BC', '4714-11-24 BC', '99999-12-31']

export const time = {
  zone,
  date: (r: Random): string => (r.chance(0.15) ? r.pick(ends) : date(r)),
  time: (r: Random): string => (r.chance(0.1) ? r.pick(['00:00', '24:00:00']) : clock(r)),
  timestamp: (r: Random): string => (r.chance(0.15) ? r.pick(ends) : `${date(r)} ${clock(r)}`),
  timestamptz: (r: Random): string => (r.chance(0.15) ? r.pick(ends) : `${date(r)} ${clock(r)}${zone(r)}`),
  interval: (r: Random): string =>
    r.pick(['0', '-1 mon +2 days -03:04:05.6', '178000000 years', `${r.int(99)} years ${r.int(99)} days`, '1 mon', '30 days']), // prettier-ignore
}

/** Names that no tool likes, one for each `serial`. */
export function oddName(r: Random, serial: number): string {
  const base = r.pick([
    'plain',
    'Mixed Case',
    'select',
    'user',
    'table',
    'order by',
    'quo"te',
    "apo'strophe",
    'dot.ted',
    'semi;colon',
    'back\\slash',
    'new\nline',
    'tab\tbed',
    'dollar$1',
    'per%cent%s',
    'ünïcode',
    'таблица',
    '表',
    'جدول',
    '\u{1f418}',
    ' leading',
    'trailing ',
    '1digit',
    '-- comment',
    '/* open',
    '{brace}',
    '*',
    'x'.repeat(50),
    'ctid',
    'oid',
    'rowtype',
  ])
  return r.chance(0.4) ? `t${serial}` : `${base}${serial}`
}
