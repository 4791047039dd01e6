import assert from 'node:assert/strict'
import type { Sentence } from '../../src/lib/sentence.ts'

/** Whatever is said is told with what it is made of, or readers of other languages get it in English. */
export function requireParts(said: readonly string[], parts: readonly Sentence[]): void {
  const known = new Set(parts.map(({ text }) => text))
  assert.deepEqual(
    said.filter((text) => !known.has(text)),
    [],
  )
}
