import { HoldfastError, isHoldfastError } from '../../lib/errors.ts'
import { connect, type ServerAddress } from '../../postgres/connect.ts'
import { generateIdentity } from '../../repository/crypto/age.ts'
import { readAllPieces } from '../../repository/pieces.ts'
import type { Keeper } from './keeper.ts'

/** What someone finds who has the whole repository, and no key. */
export interface Findings {
  readonly objects: number
  readonly bytes: number
  /** The largest object's first line, and the beginning of its second. */
  readonly head: readonly string[]
  readonly largest: { readonly key: string; readonly bytes: number }
  /** Names and addresses of customers that were looked for. */
  readonly lookedFor: number
  readonly foundInStorage: number
  /** In the same rows, once the identity has opened them: shows that the search can find. */
  readonly foundWhenOpened: number
  /** The code of the refusal that another identity got. */
  readonly strangerGot: string
}

export async function lookInside(o: {
  keeper: Keeper
  source: ServerAddress
  signal: AbortSignal
}): Promise<Findings> {
  const probes = await readProbes(o)
  const { storage } = o.keeper
  const found = new Set<string>()
  let bytes = 0
  let objects = 0
  let largest = { key: '', bytes: -1 }
  for await (const { key } of storage.list('', o)) {
    const object = Buffer.from(await storage.get(key, o))
    objects++
    bytes += object.length
    if (object.length > largest.bytes) largest = { key, bytes: object.length }
    for (const probe of probes) if (object.includes(probe)) found.add(probe)
  }
  const start = Buffer.from(await storage.get(largest.key, { offset: 0, length: 400, signal: o.signal }))
  return {
    objects,
    bytes,
    head: start.toString('latin1').split('\n', 2),
    largest,
    lookedFor: probes.length,
    foundInStorage: found.size,
    foundWhenOpened: await countWhenOpened(o, probes),
    strangerGot: await tryAsStranger(o.keeper),
  }
}

/** Texts that are in the backed up rows, and can't be elsewhere by chance. */
async function readProbes(o: { source: ServerAddress; signal: AbortSignal }): Promise<string[]> {
  await using connection = await connect({ address: o.source, signal: o.signal })
  const rows = await connection.query<{ probe: string }>(
    `SELECT DISTINCT probe FROM (SELECT * FROM crm.customers WHERE email IS NOT NULL ORDER BY id LIMIT 60) AS c,
       unnest(ARRAY[name, email::text]) AS probe WHERE octet_length(probe) >= 8`,
  )
  return rows.map((row) => row.probe)
}

async function countWhenOpened(
  o: { keeper: Keeper; signal: AbortSignal },
  probes: readonly string[],
): Promise<number> {
  await using backup = await o.keeper.open()
  const table = backup.contents.tables.find((t) => t.schema === 'crm' && t.name === 'customers')
  const pieces = table?.ranges.flatMap((range) => range.pieces) ?? []
  const rows = Buffer.from(await readAllPieces({ ...backup, pieces, signal: o.signal }))
  return probes.filter((probe) => rows.includes(probe)).length
}

/** Tries to open the backup with an identity that it was not made for. Throws if that works. */
async function tryAsStranger(keeper: Keeper): Promise<string> {
  const { identity } = generateIdentity()
  try {
    await using _opened = await keeper.open(`${identity}\n`)
  } catch (error) {
    if (isHoldfastError(error, 'identity_wrong')) return error.code
    throw error
  }
  throw new HoldfastError('internal', 'A new identity opened a repository that it was not made for.')
}
