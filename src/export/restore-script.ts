import { shellQuoted } from '../lib/shell-word.ts'
import { qualified } from '../postgres/quote.ts'
import type { BackupContents, TableContents } from '../repository/format/contents.ts'
import { fileName } from './files.ts'
import { copyStatement } from './script.ts'
import type { ExportSource } from './source.ts'

/** The folder's restore.sh: plain sh and psql. Statements go to psql as `-c` arguments, which it hands to the server as they are. */
export function restoreScript({ contents, tables }: ExportSource): string {
  const loads = tables
    .filter((table) => table.rows > 0)
    .map((table) => {
      const file = `data/${fileName(table.schema, table.name, 'csv')}`
      return `load ${shellQuoted(file)} ${shellQuoted(copyStatement(table, contents, 'FORMAT csv, HEADER true'))}`
    })
  const checks = expectedCounts(tables).map(
    ({ label, rows, sql }) => `expect ${shellQuoted(label)} ${rows} ${shellQuoted(sql)}`,
  )
  return `${beginning(contents)}
echo 'Schema'
run -f schema/pre-data.sql
echo 'Rows'
${loads.join('\n')}
echo 'Sequences, large objects'
run -f sequences.sql
run -f large-objects.sql
echo 'Indexes, keys, triggers'
run -f schema/post-data.sql
echo 'Grants'
run -f grants.sql
run -f schema/last.sql
# Statistics alone: of tables with foreign parts other servers are asked, which may not answer.
run -c 'ANALYZE' || echo 'Not all statistics were made: run ANALYZE later.' >&2

echo 'Counting rows'
wrong=0
${checks.join('\n')}
if [ "$wrong" != 0 ]; then
  echo "$wrong tables do not hold the rows they should." >&2
  exit 4
fi
echo 'Restored: every table holds the rows it should.'
`
}

function beginning({ server }: BackupContents): string {
  // Names in the statements below are UTF-8, unless the database does not say what its bytes are.
  const encoding = server.encoding === 'SQL_ASCII' ? 'SQL_ASCII' : 'UTF8'
  return `#!/bin/sh
# Restores this folder into an empty database. Needs psql, of the server's major version or newer.
# usage: sh restore.sh postgres://user@host/database
# On a new server run roles.sql first, as a superuser: psql -X -v ON_ERROR_STOP=1 -f roles.sql postgres://...
set -eu

if [ "$#" -ne 1 ]; then
  echo 'usage: sh restore.sh postgres://user@host/database' >&2
  exit 2
fi
target=$1
cd -- "$(dirname -- "$0")"
PGCLIENTENCODING=${encoding}
PGOPTIONS="\${PGOPTIONS:-} -c client_min_messages=warning -c statement_timeout=0 -c DateStyle=ISO,YMD -c IntervalStyle=postgres -c lc_monetary=C -c row_security=off"
export PGCLIENTENCODING PGOPTIONS

run() {
  psql -X -q -o /dev/null -v ON_ERROR_STOP=1 -d "$target" "$@" </dev/null
}

ask() {
  psql -X -q -A -t -v ON_ERROR_STOP=1 -d "$target" -c "$1" </dev/null
}

load() {
  psql -X -q -v ON_ERROR_STOP=1 -d "$target" -c "$2" <"$1"
}

expect() {
  found=$(ask "$3")
  if [ "$found" != "$2" ]; then
    printf '%s: %s rows, not %s\\n' "$1" "$found" "$2" >&2
    wrong=$((wrong + 1))
  fi
}

encoding=$(ask 'SHOW server_encoding')
if [ "$encoding" != ${shellQuoted(server.encoding)} ]; then
  echo "The database's encoding is $encoding; it must be" ${shellQuoted(server.encoding)} '(see database.sql).' >&2
  exit 7
fi
found=$(ask ${shellQuoted(emptySql)})
if [ "$found" != 0 ]; then
  echo "The database is not empty: it holds $found tables, views, functions or types. Nothing was changed." >&2
  exit 7
fi

trap 'status=$?; [ "$status" = 0 ] || echo "Not finished. Drop the database and make it anew before you try again." >&2' EXIT
`
}

/** Objects of users that belong to no extension. */
const emptySql = `SELECT count(*) FROM (
  SELECT c.oid, 'pg_catalog.pg_class'::pg_catalog.regclass AS kind, c.relnamespace AS namespace FROM pg_catalog.pg_class c
  UNION ALL SELECT p.oid, 'pg_catalog.pg_proc'::pg_catalog.regclass, p.pronamespace FROM pg_catalog.pg_proc p
  UNION ALL SELECT t.oid, 'pg_catalog.pg_type'::pg_catalog.regclass, t.typnamespace FROM pg_catalog.pg_type t WHERE t.typtype IN ('d', 'e', 'r')
) o JOIN pg_catalog.pg_namespace n ON n.oid = o.namespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = o.kind AND d.objid = o.oid AND d.deptype = 'e')`

/**
 * Rows that each table must hold in the end. Rows loaded through a partitioned table may be in other partitions than
 * they were, so they are counted there. Tables of extensions hold rows of the extension's own besides.
 */
function expectedCounts(tables: readonly TableContents[]): { label: string; rows: number; sql: string }[] {
  const counted = tables.filter((table) => table.condition === null)
  const roots = Map.groupBy(
    counted.filter((table) => table.loadVia !== null),
    ({ loadVia }) => qualified(loadVia?.schema ?? '', loadVia?.name ?? ''),
  )
  return [
    ...counted
      .filter((table) => table.loadVia === null)
      .map(({ schema, name, rows }) => ({ name: qualified(schema, name), rows, only: 'ONLY ' })),
    ...[...roots].map(([name, parts]) => ({
      name,
      rows: parts.reduce((sum, { rows }) => sum + rows, 0),
      only: '',
    })),
  ].map(({ name, rows, only }) => ({ label: name, rows, sql: `SELECT count(*) FROM ${only}${name}` }))
}
