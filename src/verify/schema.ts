import { connectWire, type ServerAddress } from '../postgres/connect.ts'
import { dumpSchema } from '../postgres/schema/dump.ts'
import { entryKey, entryName, type SchemaDump, type SchemaEntry } from '../postgres/schema/entry.ts'
import { checkOf, type DrillCheck } from './types.ts'

/** The schema of the restored database, read as a backup reads it. */
export async function readSchema(
  address: ServerAddress,
  signal: AbortSignal | undefined,
): Promise<SchemaDump> {
  await using wire = await connectWire({ address, signal })
  return await dumpSchema({ wire, signal })
}

/** `TABLE app.orders` */
export function objectLabel(entry: SchemaEntry): string {
  return `${entry.type} ${entryName(entry)}`
}

/** The entry's SQL, one character for each byte: the database's encoding may be any. */
export function entryText(text: Uint8Array, { offset, length }: SchemaEntry): string {
  return Buffer.from(text.buffer, text.byteOffset + offset, length).toString('latin1')
}

/** Whether all that was restored is there. */
export function checkSchema(restored: readonly SchemaEntry[], found: readonly SchemaEntry[]): DrillCheck {
  const there = new Set(found.map(entryKey))
  const missing = restored.filter((e) => e.type !== 'SECURITY LABEL' && !there.has(entryKey(e)))
  return checkOf('schema', {
    checked: restored.length,
    failures: missing.map((e) => ({ what: objectLabel(e), why: 'it is not in the restored database' })),
  })
}
