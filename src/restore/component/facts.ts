import { message } from '../../postgres/schema/startup.ts'
import type { Wire } from '../../postgres/wire.ts'

/** Roles of the server by name, and who works here. */
export interface SessionFacts {
  readonly roles: ReadonlySet<string>
  readonly user: string
  readonly superuser: boolean
  readonly encoding: string
  readonly major: number
  /** Names as SQL writes them, to which what this role makes is granted by default; null: it has no default privileges. */
  readonly grantedByDefault: readonly string[] | null
  /** Default versions of the extensions that can be made. */
  readonly extensions: ReadonlyMap<string, string>
}

export async function readSession(wire: Wire): Promise<SessionFacts> {
  const [row] = await wire.query(
    `SELECT current_user, pg_catalog.current_setting('is_superuser'), pg_catalog.getdatabaseencoding(),
       pg_catalog.current_setting('server_version_num')::pg_catalog.int4 / 10000`,
  )
  const roles = await wire.query('SELECT rolname FROM pg_catalog.pg_roles')
  const defaults = await wire.query(
    `SELECT DISTINCT CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(g.rolname) END
     FROM pg_catalog.pg_default_acl d JOIN pg_catalog.pg_roles r ON r.oid = d.defaclrole AND r.rolname = current_user
     LEFT JOIN LATERAL pg_catalog.aclexplode(d.defaclacl) x ON true
     LEFT JOIN pg_catalog.pg_roles g ON g.oid = x.grantee ORDER BY 1`,
  )
  const extensions = await wire.query(
    'SELECT name, default_version FROM pg_catalog.pg_available_extensions ORDER BY name',
  )
  return {
    roles: new Set(roles.map(([name]) => name ?? '')),
    user: row?.[0] ?? '',
    superuser: row?.[1] === 'on',
    encoding: row?.[2] ?? '',
    major: Number(row?.[3]),
    grantedByDefault: defaults.length === 0 ? null : defaults.flatMap(([name]) => name ?? []),
    extensions: new Map(extensions.map(([name, version]) => [name ?? '', version ?? ''])),
  }
}

/** What depends on a function, and would have to go before it, in the server's words. */
export async function dependentsOfFunction(wire: Wire, oid: number): Promise<string[]> {
  const rows = await wire.query(
    `SELECT DISTINCT pg_catalog.pg_describe_object(classid, objid, objsubid) FROM pg_catalog.pg_depend
     WHERE refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND refobjid = ${oid} AND deptype <> 'i' ORDER BY 1`,
  )
  return rows.flatMap(([what]) => what ?? [])
}

/** Object ids of the views that read these, at any distance, these among them; and what else depends on one of them, in words. */
export async function dependentsOfViews(
  wire: Wire,
  oids: readonly number[],
): Promise<{ views: Set<number>; others: string[] }> {
  const reading = `WITH RECURSIVE v (oid) AS (
      SELECT o FROM pg_catalog.unnest(ARRAY[${oids.join(', ')}]::pg_catalog.oid[]) o
      UNION
      SELECT c.oid FROM v JOIN pg_catalog.pg_depend d
        ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = v.oid
          AND d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
      JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid
      JOIN pg_catalog.pg_class c ON c.oid = r.ev_class AND c.relkind = 'v')`
  const views = await wire.query(`${reading} SELECT oid FROM v`)
  const others = await wire.query(
    `${reading}
     SELECT DISTINCT pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) FROM v
     JOIN pg_catalog.pg_class c ON c.oid = v.oid
     LEFT JOIN pg_catalog.pg_type t ON t.oid = c.reltype
     JOIN pg_catalog.pg_depend d ON d.deptype = 'n'
       AND ((d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = v.oid)
         OR (d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.refobjid IN (t.oid, t.typarray)))
     LEFT JOIN pg_catalog.pg_rewrite r
       ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND r.oid = d.objid
     WHERE r.oid IS NULL OR r.ev_class NOT IN (SELECT oid FROM v) ORDER BY 1`,
  )
  return {
    views: new Set(views.map(([oid]) => Number(oid))),
    others: others.flatMap(([what]) => what ?? []),
  }
}

/**
 * Whether CREATE OR REPLACE VIEW can put the query in the place of the view: its columns begin with those of the view. False also where
 * that can't be told, because what the query reads is not there.
 */
export async function mayReplaceView(wire: Wire, view: string, query: string): Promise<boolean> {
  // Else the server refuses to prepare what row level security would limit. Nothing is run.
  await wire.query('SET row_security = on')
  const now = await columnsOf(wire, `SELECT * FROM ${view}`)
  const then = await columnsOf(wire, query)
  return now !== null && then !== null && now.every((column, at) => column === then[at])
}

/** Name and type of each column of a query, which is not run; null if it can't be. */
async function columnsOf(wire: Wire, sql: string): Promise<string[] | null> {
  const [parse, describe, sync] = [
    message('P', Buffer.from(`\0${sql}\0\0\0`)),
    message('D', Buffer.from('S\0')),
    message('S', Buffer.alloc(0)),
  ]
  const reply = Buffer.from(await wire.exchange(Buffer.concat([parse, describe, sync])))
  for (let at = 0; at + 5 <= reply.length; at += 1 + reply.readUInt32BE(at + 1)) {
    // RowDescription
    if (reply[at] !== 0x54) continue
    const columns: string[] = []
    let place = at + 7
    for (let n = reply.readUInt16BE(at + 5); n > 0; n--) {
      const end = reply.indexOf(0, place)
      const [type, modifier] = [reply.readUInt32BE(end + 7), reply.readInt32BE(end + 13)]
      columns.push(JSON.stringify([reply.toString('utf8', place, end), type, modifier]))
      place = end + 19
    }
    return columns
  }
  return null
}
