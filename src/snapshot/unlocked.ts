import { HoldfastError } from '../lib/errors.ts'
import { connect, type Connection, type ServerAddress } from '../postgres/connect.ts'
import { tableLabel, type TableFacts } from '../postgres/introspect/tables.ts'

/** Which versions of catalog rows define the tables $1, what is part of them included. */
const sql = `
SELECT pg_catalog.md5(coalesce(pg_catalog.string_agg(x, ' ' ORDER BY x COLLATE "C"), '')) AS version FROM (
  SELECT 'class ' || oid || ' ' || xmin AS x FROM pg_catalog.pg_class
    WHERE oid = ANY ($1) OR oid IN (SELECT indexrelid FROM pg_catalog.pg_index WHERE indrelid = ANY ($1))
  UNION ALL SELECT 'attribute ' || attrelid || ' ' || attnum || ' ' || xmin FROM pg_catalog.pg_attribute WHERE attrelid = ANY ($1)
  UNION ALL SELECT 'default ' || oid || ' ' || xmin FROM pg_catalog.pg_attrdef WHERE adrelid = ANY ($1)
  UNION ALL SELECT 'index ' || indexrelid || ' ' || xmin FROM pg_catalog.pg_index WHERE indrelid = ANY ($1)
  UNION ALL SELECT 'constraint ' || oid || ' ' || xmin FROM pg_catalog.pg_constraint WHERE conrelid = ANY ($1)
  UNION ALL SELECT 'trigger ' || oid || ' ' || xmin FROM pg_catalog.pg_trigger WHERE tgrelid = ANY ($1)
  UNION ALL SELECT 'policy ' || oid || ' ' || xmin FROM pg_catalog.pg_policy WHERE polrelid = ANY ($1)
  UNION ALL SELECT 'rule ' || oid || ' ' || xmin FROM pg_catalog.pg_rewrite WHERE ev_class = ANY ($1)) AS s`

/**
 * Throws `source_changed` if tables that the role may not lock have another definition now than in the snapshot. To be asked
 * when the schema was read: the server prints definitions as they are now, and what is gone as nothing.
 */
export async function requireUnchanged(o: {
  /** In the snapshot. */
  catalog: Connection
  address: ServerAddress
  tables: readonly TableFacts[]
  signal?: AbortSignal | undefined
}): Promise<void> {
  if (o.tables.length === 0) return
  await using now = await connect({ address: o.address, signal: o.signal })
  const oids = [o.tables.map((t) => t.oid)]
  const [then, later] = [await o.catalog.query(sql, oids), await now.query(sql, oids)]
  if (then[0]?.['version'] === later[0]?.['version']) return
  throw new HoldfastError(
    'source_changed',
    `The definition of a table that the role may not lock was changed while it was read: ${o.tables.slice(0, 5).map(tableLabel).join(', ')}.`,
  )
}
