import pg from 'pg'

type Parse = (text: string) => unknown

/** text[]. The types of `pg` do not list the number. */
const texts: Parse = pg.types.getTypeParser(1009 as Parameters<typeof pg.types.getTypeParser>[0])

/**
 * How columns become values, by type. All that is not listed stays the server's text: int8 and numeric, which do not
 * fit a number, and dates and times, which do not survive a Date.
 */
const parsers: ReadonlyMap<number, Parse> = new Map<number, Parse>([
  [16, (text) => text === 't'], // bool
  [17, pg.types.getTypeParser(17)], // bytea: Buffer
  [21, Number], // int2
  [23, Number], // int4
  [26, Number], // oid
  [700, Number], // float4
  [701, Number], // float8
  [114, JSON.parse], // json
  [3802, JSON.parse], // jsonb
  [1000, arrayOf((text) => text === 't')], // bool[]
  [1005, arrayOf(Number)], // int2[]
  [1007, arrayOf(Number)], // int4[]
  [1028, arrayOf(Number)], // oid[]
  [1002, texts], // "char"[]
  [1003, texts], // name[]
  [1009, texts], // text[]
  [1015, texts], // varchar[]
  [1016, texts], // int8[]
])

/** The type parsers of every Connection, in the form that `pg` takes. */
export const columnTypes = {
  getTypeParser: (oid: number): Parse => parsers.get(oid) ?? String,
} as unknown as pg.CustomTypesConfig

function arrayOf(parse: Parse): Parse {
  return (text) => {
    const items = texts(text)
    return Array.isArray(items) ? items.map((item) => (item === null ? null : parse(String(item)))) : items
  }
}
