import { aclStatements, defaultAcl, withOwner } from './acl.ts'
import { ident, literal } from './quote.ts'
import type { LargeObjectFacts } from './large-objects.ts'

const stage = 'pg_temp.holdfast_large_object_pages'

/** Objects made by one statement: many in one keep the round trips few, not all in one keeps the statement short. */
const batch = 1000

/** The temporary table that the ranges are loaded into, on the connection that then runs `largeObjectWriteSql`. */
export const largeObjectStageSql = `CREATE TEMPORARY TABLE holdfast_large_object_pages
  (loid pg_catalog.oid NOT NULL, pageno pg_catalog.int4 NOT NULL, data pg_catalog.bytea NOT NULL)`

/** Takes one range's pages. */
export const largeObjectStageCopySql = `COPY ${stage} (loid, pageno, data) FROM STDIN`

/** Writes what is staged into the objects, and empties the stage. Holes stay holes. */
export const largeObjectWriteSql = [
  `SELECT count(*) FROM (SELECT pg_catalog.lo_put(loid, pageno::pg_catalog.int8 * 2048, data)
  FROM (SELECT loid, pageno, data FROM ${stage} ORDER BY loid, pageno) s OFFSET 0) w`,
  `TRUNCATE ${stage}`,
]

/** Statements that make the objects, empty and with their own oids, to be run before contents are written. */
export function createLargeObjectsSql(objects: readonly Pick<LargeObjectFacts, 'oid'>[]): string[] {
  const statements: string[] = []
  for (let at = 0; at < objects.length; at += batch) {
    const oids = objects.slice(at, at + batch).map((object) => object.oid)
    statements.push(
      `SELECT count(*) FROM (SELECT pg_catalog.lo_create(o::pg_catalog.oid)
  FROM pg_catalog.unnest('{${oids.join(',')}}'::pg_catalog.int8[]) o OFFSET 0) c`,
    )
  }
  return statements
}

/**
 * Comment, owner and grants of every object, to be run when the contents are written. `initial` is what an object has
 * right after it was made: null is the default; default privileges of the target may have added to it
 * (from 18 on), and that is taken away again.
 */
export function largeObjectStatements(options: {
  readonly objects: readonly LargeObjectFacts[]
  readonly noOwner: boolean
  readonly noGrants: boolean
  /** The role that made the objects. */
  readonly currentUser: string
  readonly initial: readonly string[] | null
}): string[] {
  const { currentUser } = options
  return options.objects.flatMap((object) => {
    const objectSql = `LARGE OBJECT ${object.oid}`
    const owner = options.noOwner ? currentUser : object.owner
    const statements: string[] = []
    if (object.comment !== null) statements.push(`COMMENT ON ${objectSql} IS ${literal(object.comment)}`)
    if (owner !== currentUser) statements.push(`ALTER ${objectSql} OWNER TO ${ident(owner)}`)
    const wanted =
      options.noGrants || object.acl === null ? defaultAcl('large object', object.owner) : object.acl
    const initial = options.initial ?? defaultAcl('large object', currentUser)
    return [
      ...statements,
      ...aclStatements({
        objectSql,
        owner,
        acl: withOwner(wanted, object.owner, owner),
        initial: withOwner(initial, currentUser, owner),
      }),
    ]
  })
}
