import type { Random } from './random.ts'
import { number, text, time } from './values.ts'

/** A type that columns can have, and how to make values of it. */
export interface TypeModel {
  /** As it is written in DDL. */
  readonly sql: string
  /** A value as the type's input function takes it. */
  readonly value: (r: Random) => string
  /** It has a default B-tree operator class, so it can be indexed and ordered. */
  readonly ordered: boolean
  readonly collatable?: boolean
  /** Where it must be written with a cast, because a literal alone does not say it. */
  readonly made?: 'enum' | 'domain' | 'composite' | 'range' | 'array'
}

const of = (sql: string, value: (r: Random) => string, ordered = true): TypeModel => ({ sql, value, ordered })
const unordered = (sql: string, value: (r: Random) => string): TypeModel => of(sql, value, false)
const texts = (sql: string, most: number): TypeModel => ({
  ...of(sql, (r) => [...text(r)].slice(0, most).join('')),
  collatable: true,
})

const hex = (r: Random, digits: number): string =>
  Array.from({ length: digits }, () => r.int(16).toString(16)).join('')
const bits = (r: Random, digits: number): string => Array.from({ length: digits }, () => r.int(2)).join('')
const float = (r: Random): string => r.pick(['0', '-0', '1', 'NaN', 'Infinity', '-Infinity', '1e-300', '1.5e300', String(r.int(1e9) / 7)]) // prettier-ignore
const float4 = (r: Random): string => r.pick(['0', '-0', 'NaN', 'Infinity', '-Infinity', '1e-30', '3.4e38', String(r.int(1e6) / 7)]) // prettier-ignore
const point = (r: Random): string => `(${r.int(1000) / 8},${-r.int(1000) / 3})`
const points = (r: Random, least: number): string =>
  Array.from({ length: least + r.int(4) }, () => point(r)).join(',')
const json = (r: Random): string => {
  const value = (depth: number): unknown => {
    if (depth > 2 || r.chance(0.5))
      return r.pick([null, true, 1, -1.5e10, '', text(r).replaceAll('\0', ''), 12345678901])
    if (r.chance(0.5)) return Array.from({ length: r.int(4) }, () => value(depth + 1))
    return Object.fromEntries(Array.from({ length: r.int(4) }, (_, at) => [`k${at}"`, value(depth + 1)]))
  }
  return JSON.stringify(value(0), null, r.int(3))
}
const ip = (r: Random): string =>
  r.chance(0.7) ? `${r.int(256)}.${r.int(256)}.${r.int(256)}.${r.int(256)}` : `2001:db8::${hex(r, 4)}`
const words = (r: Random): string => Array.from({ length: 1 + r.int(5) }, () => hex(r, 3)).join(' ')

/** Types of pg_catalog, every family of them. */
export const builtIn: readonly TypeModel[] = [
  of('boolean', (r) => r.pick(['t', 'f'])),
  of('smallint', (r) => number(r, 32767)),
  of('integer', (r) => number(r, 2147483647)),
  of('bigint', (r) => r.pick(['9223372036854775807', '-9223372036854775808', number(r, 1e15)])),
  of('numeric', (r) => r.pick(['0', '0.000', '1.0', '1.00', 'NaN', 'Infinity', '-Infinity', `${'9'.repeat(1 + r.int(300))}.${'1'.repeat(1 + r.int(300))}`, `-${number(r, 1e9)}.5`.replace('--', '')])), // prettier-ignore
  of('numeric(12,4)', (r) => String(r.int(1e9) / 1000)),
  of('numeric(3,-2)', (r) => String(r.int(900) * 100)),
  of('real', float4),
  of('double precision', float),
  of('money', (r) => String(r.int(1e9) / 100)),
  texts('text', 1e9),
  texts('text', 1e9),
  texts('character varying', 1e9),
  texts('character varying(20)', 20),
  texts('character(9)', 9),
  of('"char"', (r) => r.pick(['', 'a', '"', ' ', '\\'])),
  of('name', (r) => hex(r, r.int(60))),
  of('bytea', (r) => `\\x${hex(r, 2 * r.skewed(4000))}`),
  of('uuid', (r) => hex(r, 32)),
  of('date', time.date),
  of('time', time.time),
  of('time(2) with time zone', (r) => `${time.time(r)}${time.zone(r)}`),
  of('timestamp', time.timestamp),
  of('timestamp(0)', time.timestamp),
  of('timestamptz', (r) => time.timestamptz(r)),
  of('interval', time.interval),
  of('interval day to second(3)', (r) => `${r.int(400)} days ${r.int(1e5)}.123456 seconds`),
  of('inet', (r) => `${ip(r)}${r.chance(0.2) ? '/17' : ''}`),
  of('cidr', (r) => r.pick(['10.0.0.0/8', '2001:db8::/32', '0.0.0.0/0', `10.${r.int(256)}.0.0/16`])),
  of('macaddr', (r) => hex(r, 12)),
  of('macaddr8', (r) => hex(r, 16)),
  unordered('json', json),
  of('jsonb', json),
  unordered('xml', (r) => r.pick(['', '<a/>', `<a b="${hex(r, 4)}">&lt;é</a>`, 'text only', '<?xml version="1.0"?><r/>'])), // prettier-ignore
  of('bit(5)', (r) => bits(r, 5)),
  of('bit varying(40)', (r) => bits(r, r.int(41))),
  unordered('point', point),
  unordered('line', (r) => `{${1 + r.int(9)},${r.int(9)},${r.int(9)}}`),
  unordered('lseg', (r) => `[${point(r)},${point(r)}]`),
  unordered('box', (r) => `${point(r)},${point(r)}`),
  unordered('path', (r) => (r.chance(0.5) ? `[${points(r, 1)}]` : `(${points(r, 1)})`)),
  unordered('polygon', (r) => `(${points(r, 2)})`),
  unordered('circle', (r) => `<${point(r)},${r.int(100)}>`),
  of('tsvector', (r) => words(r)),
  of('tsquery', (r) => words(r).replaceAll(' ', r.pick([' & ', ' | ', ' <-> ']))),
  of('oid', (r) => String(r.int(4294967295))),
  of('regtype', (r) => r.pick(['integer', 'text', '"char"', '-'])),
  of('regclass', (r) => r.pick(['pg_catalog.pg_class', '-'])),
  of('regrole', () => 'postgres'),
  of('pg_lsn', (r) => `${hex(r, 2)}/${hex(r, 8)}`),
  unordered('xid', (r) => String(r.int(4e9))),
  of('xid8', (r) => String(r.int(4e9))),
  of('tid', (r) => `(${r.int(1e6)},${1 + r.int(100)})`),
  of('int2vector', (r) => `${r.int(10)} ${r.int(10)}`, false),
  of('oidvector', (r) => `${r.int(10)} ${r.int(10)}`),
  unordered('jsonpath', (r) => `$.a${r.int(9)}[*]`),
  unordered('pg_snapshot', (r) => `${10 + r.int(9)}:${20 + r.int(9)}:`),
  of('int4range', (r) => rangeOf(r, (n) => String(n))),
  of('int8range', (r) => rangeOf(r, (n) => String(n * 1e10))),
  of('numrange', (r) => rangeOf(r, (n) => `${n}.50`)),
  of('daterange', (r) => rangeOf(r, (n) => `20${String(10 + (n % 80)).padStart(2, '0')}-01-01`)),
  of('tstzrange', (r) => rangeOf(r, (n) => `"20${10 + (n % 80)}-02-03 04:05:06.789+00"`)),
  of('int4multirange', (r) => r.pick(['{}', `{${rangeOf(r, String)}}`, '{[1,3),[5,9),[20,)}'])),
  of('datemultirange', (r) => r.pick(['{}', '{[2020-01-01,2021-01-01)}'])),
]

/** Text of a range; `bound` grows with its argument up to 70. */
export function rangeOf(r: Random, bound: (n: number) => string): string {
  if (r.chance(0.1)) return 'empty'
  const from = r.int(35)
  const low = r.chance(0.15) ? '' : bound(from)
  const high = r.chance(0.15) ? '' : bound(from + 1 + r.int(35))
  return `${r.pick(['[', '('])}${low},${high}${r.pick([']', ')'])}`
}

/** The array type of a type; some have odd bounds, several dimensions, NULLs. */
export function arrayOf(element: TypeModel): TypeModel {
  const item = (r: Random): string => (r.chance(0.15) ? 'NULL' : inArray(element.value(r)))
  const delimiter = element.sql === 'box' ? ';' : ','
  const list = (r: Random, length: number): string =>
    `{${Array.from({ length }, () => item(r)).join(delimiter)}}`
  return {
    sql: `${element.sql}[]`,
    ordered: element.ordered,
    made: 'array',
    value(r) {
      const length = r.skewed(12)
      const form = r.int(6)
      if (form === 0) return '{}'
      if (form === 1 && length > 0) return `[${-2}:${length - 3}]=${list(r, length)}`
      if (form === 2) return `{${list(r, 2)}${delimiter}${list(r, 2)}}`
      return list(r, length)
    },
  }
}

/** A composite type's value; null fields are left out. */
export function compositeOf(sql: string, fields: readonly TypeModel[]): TypeModel {
  return {
    sql,
    ordered: fields.every((f) => f.ordered),
    made: 'composite',
    value: (r) => `(${fields.map((f) => (r.chance(0.2) ? '' : inRow(f.value(r)))).join(',')})`,
  }
}

function inArray(value: string): string {
  return `"${value.replace(/["\\]/g, '\\$&')}"`
}

function inRow(value: string): string {
  return `"${value.replace(/["\\]/g, '$&$&')}"`
}
