/** Whether a column `a` of the table `c`, of the type `t`, may hold any value of its type for a while: SQL for the catalog query of live.ts. */
export const freeColumn = `t.typtype <> 'd' AND a.attidentity = '' AND a.attgenerated = ''
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.contype IN ('c', 'f') AND k.conrelid = c.oid AND (k.conkey IS NULL OR a.attnum = ANY (k.conkey)))
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.contype = 'f' AND k.confrelid = c.oid AND a.attnum = ANY (k.confkey))
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_attrdef d JOIN pg_catalog.pg_depend p ON p.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND p.objid = d.oid
    WHERE d.adrelid = c.oid AND d.adnum <> a.attnum AND p.refobjid = c.oid AND p.refobjsubid = a.attnum)
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_depend p ON p.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND p.objid = i.indexrelid
    WHERE i.indrelid = c.oid AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL) AND p.refobjid = c.oid AND p.refobjsubid = a.attnum)`
