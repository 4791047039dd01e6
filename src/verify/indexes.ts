import { isHoldfastError, messageOf } from '../lib/errors.ts'
import { connect } from '../postgres/connect.ts'
import { ident } from '../postgres/quote.ts'
import type { CheckContext } from './checks.ts'
import { overConnections } from './connections.ts'
import { checkOf, type DrillCheck, type Finding } from './types.ts'

interface Index extends Record<string, unknown> {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly method: string
  readonly unique: boolean
}

/** What amcheck can check, and how. Every row of the table must be found in the index. */
const calls: Readonly<Record<string, (index: Index) => string>> = {
  btree: ({ oid, unique }) =>
    `bt_index_check(index => ${oid}, heapallindexed => true, checkunique => ${unique})`,
  gin: ({ oid }) => `gin_index_check(${oid})`,
}

/**
 * Has amcheck compare the indexes with their tables. They were built anew by the restore, so what it finds is an
 * index that does not come out the same twice: on a function that only says it is immutable, above all.
 */
export async function checkIndexes(o: CheckContext): Promise<DrillCheck> {
  const indexes = await readIndexes(o)
  const possible = indexes.filter((index) => calls[index.method] !== undefined)
  const others = Map.groupBy(
    indexes.filter((index) => calls[index.method] === undefined),
    (index) => index.method,
  )
  const notVerified: Finding[] = [...others].map(([method, list]) => ({
    what: `${list.length} of kind ${method}`,
    why: 'the server has no check for them but that they could be built',
  }))
  const failures: Finding[] = []
  if (possible.length === 0) return checkOf('indexes', { checked: 0, notVerified })
  const home = await installAmcheck(o)
  let checked = 0
  await overConnections(o, possible, async (connection, index) => {
    const call = calls[index.method]?.(index)
    const what = `${index.schema}.${index.name}`
    try {
      await connection.query(`SELECT ${ident(home)}.${call}`)
      checked++
    } catch (error) {
      if (!isHoldfastError(error, 'query_failed')) throw error
      // data_corrupted and index_corrupted; anything else, a function that fails say, says nothing of the index.
      const corrupt = ['XX001', 'XX002'].includes(String(error.details['sqlstate']))
      if (corrupt) checked++
      ;(corrupt ? failures : notVerified).push({ what, why: messageOf(error) })
    }
    o.onDone(1)
  })
  return checkOf('indexes', { checked, failures, notVerified })
}

async function readIndexes({ address, signal }: CheckContext): Promise<Index[]> {
  await using connection = await connect({ address, signal })
  return await connection.query<Index>(
    `SELECT c.oid, n.nspname::text AS schema, c.relname::text AS name, m.amname::text AS method, i.indisunique AS unique
     FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
     JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_catalog.pg_am AS m ON m.oid = c.relam
     WHERE c.relkind = 'i' AND i.indisvalid AND c.oid >= 16384 AND n.nspname <> 'pg_toast' ORDER BY n.nspname, c.relname`,
  )
}

/** The schema where amcheck's functions are: the backup's own, or one that is made for them. */
async function installAmcheck({ address, signal }: CheckContext): Promise<string> {
  await using connection = await connect({ address, signal })
  const read = async (): Promise<string | undefined> => {
    const [row] = await connection.query<{ schema: string }>(
      `SELECT n.nspname::text AS schema FROM pg_catalog.pg_extension AS e
       JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'amcheck'`,
    )
    return row?.schema
  }
  const there = await read()
  if (there !== undefined) return there
  const home = 'holdfast_drill_amcheck'
  await connection.query(`CREATE SCHEMA ${ident(home)}; CREATE EXTENSION amcheck SCHEMA ${ident(home)}`)
  return home
}
