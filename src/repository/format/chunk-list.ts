import type { ManifestChunk } from './manifest.ts'
import { type Check, ShapeError } from './shape.ts'

const nameLength = 64
/** Digits whose value a number holds exactly. */
const exactDigits = 13

/**
 * The chunks of a document: `[name, plain bytes, stored bytes]`, each name once. Nearly all of what there is to read in thousands of
 * manifests, so it is one plain loop, and no pattern or set per entry.
 */
export const chunkListCheck: Check<readonly ManifestChunk[]> = (value, place) => {
  if (!Array.isArray(value)) throw new ShapeError(`${place} is not a list`)
  const entries: readonly unknown[] = value
  const beginnings = new Float64Array(entries.length)
  for (let index = 0; index < entries.length; index++) {
    const entry = entries[index]
    const at = isChunk(entry) ? beginningOf(entry[0]) : -1
    if (at < 0)
      throw new ShapeError(`${place}[${index}] is not a chunk's name and its plain and stored bytes`)
    beginnings[index] = at
  }
  const chunks = entries as readonly ManifestChunk[]
  if (hasTwins(beginnings.sort()) && new Set(chunks.map(([name]) => name)).size !== chunks.length)
    throw new ShapeError(`${place} has a chunk twice`)
  return chunks
}

function isChunk(entry: unknown): entry is ManifestChunk {
  if (!Array.isArray(entry) || entry.length !== 3) return false
  const [name, plainBytes, storedBytes] = entry as unknown[]
  return (
    typeof name === 'string' &&
    typeof plainBytes === 'number' &&
    Number.isSafeInteger(plainBytes) &&
    plainBytes >= 0 &&
    typeof storedBytes === 'number' &&
    Number.isSafeInteger(storedBytes) &&
    storedBytes >= 1
  )
}

/** The value of a name's first digits; -1 if it is no name: 64 digits, hex, in lower case. */
function beginningOf(name: string): number {
  if (name.length !== nameLength) return -1
  let value = 0
  for (let i = 0; i < nameLength; i++) {
    const code = name.charCodeAt(i)
    const digit = code >= 48 && code <= 57 ? code - 48 : code >= 97 && code <= 102 ? code - 87 : -1
    if (digit < 0) return -1
    if (i < exactDigits) value = value * 16 + digit
  }
  return value
}

function hasTwins(sorted: Float64Array): boolean {
  for (let i = 1; i < sorted.length; i++) if (sorted[i] === sorted[i - 1]) return true
  return false
}
