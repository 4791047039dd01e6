import type { Connection } from './connect.ts'

/** Bytes of a page of a large object: LOBLKSIZE, a quarter of the block size that all packaged servers use. */
export const pageBytes = 2048

/** About how much data a range holds. */
const rangePages = 2048

/** A large object but for its contents, as the format stores it. */
export interface LargeObjectFacts {
  readonly oid: number
  readonly owner: string
  /** As aclitem texts, null for the default. */
  readonly acl: readonly string[] | null
  readonly comment: string | null
}

/** `pages`: straight from the system table. `functions`: object by object, with the rights of the role. */
export type LargeObjectAccess = 'pages' | 'functions'

/** A position in the order of large objects and their pages. */
export interface PagePosition {
  readonly oid: number
  readonly page: number
}

/** All pages from `from` up to, not including, `to` (null: to the end). */
export interface LargeObjectRange {
  readonly from: PagePosition
  readonly to: PagePosition | null
}

// From 18 on the server answers itself; before, an object's privileges are in its list, else the owner's alone.
const readableSql = (major: number): string =>
  major >= 18
    ? `pg_catalog.has_largeobject_privilege(m.oid, 'SELECT')`
    : `(pg_catalog.current_setting('lo_compat_privileges')::pg_catalog.bool
    OR (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)
    OR EXISTS (SELECT FROM pg_catalog.aclexplode(coalesce(m.lomacl, pg_catalog.acldefault('L', m.lomowner))) x
      WHERE x.privilege_type = 'SELECT' AND (x.grantee = 0 OR pg_catalog.pg_has_role(x.grantee, 'USAGE'))))`

// Each lateral step needs the one before, so the server opens, measures and closes in this order, one object at a time.
// Every step also needs the oid: descriptors are used again, and a server that remembers results by descriptor would
// give one object's size to the next.
const sizesByFunctionsSql = (major: number, which = 'true'): string => `
SELECT m.oid, ((s.size + ${pageBytes - 1}) / ${pageBytes})::pg_catalog.int4 AS pages
FROM (SELECT m.oid FROM pg_catalog.pg_largeobject_metadata m WHERE ${readableSql(major)}
  AND ${which} OFFSET 0) m
CROSS JOIN LATERAL (SELECT pg_catalog.lo_open(m.oid, 262144) AS fd OFFSET 0) f
CROSS JOIN LATERAL (SELECT pg_catalog.lo_lseek64(CASE WHEN m.oid > 0 THEN f.fd END, 0, 2) AS size OFFSET 0) s
CROSS JOIN LATERAL (SELECT pg_catalog.lo_close(CASE WHEN m.oid > 0 AND s.size >= 0 THEN f.fd END) AS closed
  OFFSET 0) c
WHERE c.closed = 0`

const sizesByPagesSql = `
SELECT loid AS oid, (max(pageno) + 1)::pg_catalog.int4 AS pages FROM pg_catalog.pg_largeobject GROUP BY loid`

const objectsSql = `
SELECT m.oid, pg_catalog.pg_get_userbyid(m.lomowner) AS owner, m.lomacl::pg_catalog.text[] AS acl,
  pg_catalog.obj_description(m.oid, 'pg_largeobject') AS comment
FROM pg_catalog.pg_largeobject_metadata m ORDER BY m.oid`

const factsSql = `
SELECT pg_catalog.has_table_privilege('pg_catalog.pg_largeobject', 'SELECT') AS pages,
  (SELECT count(*)::pg_catalog.int4 FROM pg_catalog.pg_seclabel
    WHERE classoid = 'pg_catalog.pg_largeobject'::pg_catalog.regclass) AS labels`

export interface LargeObjects {
  /** Readable ones, by oid. */
  readonly objects: readonly LargeObjectFacts[]
  /** Those whose contents the role may not read. They are not among `objects`. */
  readonly unreadable: readonly number[]
  /** Pages up to the object's end, holes included; no entry: no pages. */
  readonly pages: ReadonlyMap<number, number>
  readonly access: LargeObjectAccess
  /** How many security labels large objects have: those are not read. */
  readonly labels: number
}

/**
 * Lists the large objects as the connection's transaction sees them. Where pg_largeobject may not be read, the sizes
 * are asked object by object, and what may not be read is in `unreadable`.
 */
export async function readLargeObjects(connection: Connection): Promise<LargeObjects> {
  const rows = await connection.query<{
    oid: number
    owner: string
    acl: string[] | null
    comment: string | null
  }>(objectsSql)
  const [facts] = await connection.query<{ pages: boolean; labels: number }>(factsSql)
  const access: LargeObjectAccess = facts?.pages === true ? 'pages' : 'functions'
  const labels = facts?.labels ?? 0
  if (rows.length === 0) return { objects: [], unreadable: [], pages: new Map(), access, labels }
  const major = Math.trunc(connection.version / 10000)
  const sizes = await connection.query<{ oid: number; pages: number }>(
    access === 'pages' ? sizesByPagesSql : sizesByFunctionsSql(major),
  )
  const pages = new Map(sizes.map((row) => [row.oid, row.pages]))
  const isReadable = (oid: number): boolean => access === 'pages' || pages.has(oid)
  return {
    objects: rows
      .filter((row) => isReadable(row.oid))
      .map(({ oid, owner, acl, comment }) => ({ oid, owner, acl, comment })),
    unreadable: rows.filter((row) => !isReadable(row.oid)).map((row) => row.oid),
    pages,
    access,
    labels,
  }
}

/**
 * Cuts the objects into ranges of about 4 MB, in order. Big objects are cut at fixed pages, small ones gathered. Where
 * a gathering may end depends on the oids, so that an object more or less does not move all borders after it, and
 * unchanged ranges are found again by the next backup.
 */
export function largeObjectRanges(listed: Pick<LargeObjects, 'objects' | 'pages'>): LargeObjectRange[] {
  const starts: PagePosition[] = []
  let gathered = Infinity
  for (const { oid } of listed.objects) {
    const size = listed.pages.get(oid) ?? 0
    if (size === 0) continue
    const mayEnd = gathered >= rangePages || (gathered >= rangePages / 4 && oid % 16 === 0)
    if (mayEnd || gathered + size > 2 * rangePages) {
      starts.push({ oid, page: 0 })
      gathered = 0
    }
    for (let page = rangePages; page < size && size > 2 * rangePages; page += rangePages) {
      starts.push({ oid, page })
    }
    gathered = size > 2 * rangePages ? Infinity : gathered + size
  }
  return starts.map((from, index) => ({ from, to: starts[index + 1] ?? null }))
}

/**
 * COPY of a range as (loid oid, pageno int4, data bytea), ordered. Pages that are holes are not there, and a page may
 * be shorter than 2048 bytes: what is missing reads as zeros. No value is longer than a page, whatever the object's size.
 */
export function copyLargeObjectsSql(options: {
  readonly range: LargeObjectRange
  readonly access: LargeObjectAccess
  readonly major: number
}): string {
  const { from, to } = options.range
  const inRange =
    `(loid, pageno) >= (${from.oid}::pg_catalog.oid, ${from.page})` +
    (to === null ? '' : ` AND (loid, pageno) < (${to.oid}::pg_catalog.oid, ${to.page})`)
  const select =
    options.access === 'pages'
      ? `SELECT loid, pageno, data FROM pg_catalog.pg_largeobject WHERE ${inRange}`
      : pagesByFunctionsSql(options.range, options.major)
  return `COPY (${select} ORDER BY loid, pageno) TO STDOUT`
}

/** Holes come out as zeros here; they are dropped again, but for the last page, which holds the object's length. */
function pagesByFunctionsSql({ from, to }: LargeObjectRange, major: number): string {
  const oids = `m.oid >= ${from.oid}::pg_catalog.oid${to === null ? '' : ` AND m.oid <= ${to.oid}::pg_catalog.oid`}`
  const first = `CASE WHEN o.oid = ${from.oid}::pg_catalog.oid THEN ${from.page} ELSE 0 END`
  const end =
    to === null
      ? 'o.pages'
      : `CASE WHEN o.oid = ${to.oid}::pg_catalog.oid THEN least(${to.page}, o.pages) ELSE o.pages END`
  return `SELECT p.loid, p.pageno, d.data
FROM (SELECT o.oid AS loid, g.pageno, o.pages FROM (${sizesByFunctionsSql(major, oids)}) o
  CROSS JOIN LATERAL pg_catalog.generate_series(${first}, ${end} - 1) g (pageno) OFFSET 0) p
CROSS JOIN LATERAL (SELECT pg_catalog.lo_get(p.loid, p.pageno::pg_catalog.int8 * ${pageBytes}, ${pageBytes}) AS data
  OFFSET 0) d
WHERE p.pageno = p.pages - 1 OR d.data <> pg_catalog.decode(pg_catalog.repeat('00', ${pageBytes}), 'hex')`
}
