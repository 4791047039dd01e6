import { connectWire } from '../../../src/postgres/connect.ts'
import { adaptEntry } from '../../../src/postgres/schema/adapt.ts'
import { dumpSchema, plainSchema, schemaSession } from '../../../src/postgres/schema/dump.ts'
import type { SchemaDump, SchemaEntry } from '../../../src/postgres/schema/entry.ts'
import { runSql } from '../../../src/postgres/schema/run.ts'
import { makeAddress, type ServerAddress } from '../../../src/postgres/server-address.ts'
import type { Wire } from '../../../src/postgres/wire.ts'

export function addressOf(url: string): ServerAddress {
  const { hostname, port, username, password, pathname } = new URL(url)
  return makeAddress({
    host: hostname,
    port: Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)),
  })
}

/** Runs `work` with a connection to `url`. */
export async function withWire<T>(url: string, work: (wire: Wire) => Promise<T>): Promise<T> {
  await using wire = await connectWire({ address: addressOf(url) })
  return await work(wire)
}

export function dumpOf(url: string, snapshot: string | null = null): Promise<SchemaDump> {
  return withWire(url, (wire) => dumpSchema({ wire, snapshot }))
}

export function plainOf(url: string): Promise<string> {
  return withWire(url, (wire) => plainSchema({ wire }))
}

export function sqlOf(dump: SchemaDump, entry: SchemaEntry): Buffer {
  return Buffer.from(dump.text.subarray(entry.offset, entry.offset + entry.length))
}

/** Runs entries as a restore does: phase by phase, each by itself. */
export async function replay(
  url: string,
  dump: SchemaDump,
  options: { entries?: readonly SchemaEntry[]; encoding?: string } = {},
): Promise<void> {
  const { entries = dump.entries, encoding } = options
  await withWire(url, async (wire) => {
    await wire.query(schemaSession)
    if (encoding !== undefined) await wire.query(`SET client_encoding = '${encoding}'`)
    for (const phase of ['pre', 'post', 'acl', 'last'] as const) {
      for (const entry of entries.filter((candidate) => candidate.phase === phase)) {
        const target = { lz4: true, major: Number.parseInt(wire.parameters.get('server_version') ?? '', 10) }
        const sql = Buffer.from(adaptEntry(sqlOf(dump, entry).toString('latin1'), target).sql, 'latin1')
        await runSql({ wire, sql }).catch((cause: unknown) => {
          throw new Error(`${entry.type} ${entry.name}: ${String(cause)}\n${sql.toString().slice(0, 2000)}`, {
            cause,
          })
        })
      }
    }
  })
}
