import { randomBytes } from 'node:crypto'

/** Names of chunks, each once, in about 50 bytes: as strings in a set they take more than twice that, and there may be millions. */
export interface NameTable {
  readonly size: number
  /** Adds a name unless it is there. Its number: 0 for the first, then one more for each. */
  add(name: string): number
  /** The number of a name; -1 if it is not there. */
  find(name: string): number
  /** The name of this number. */
  name(number: number): string
}

/** Of a name. */
const words = 8
const nameBytes = 4 * words
const firstNames = 1024

/** An empty table. Names must be valid: 64 digits, hex, in lower case. */
export function nameTable(): NameTable {
  let size = 0
  let names = new Uint32Array(firstNames * words)
  /** Numbers of names plus one, by hash; 0 where there is none. Twice as many places as names have room. */
  let places = new Uint32Array(firstNames * 2)
  // Who can choose names must not be able to choose such that share one place.
  const factors = new Uint32Array(Uint8Array.from(randomBytes(nameBytes)).buffer).map((factor) => factor | 1)
  const given = new Uint32Array(words)
  const givenBytes = Buffer.from(given.buffer)

  /** The place of these words, or the free one where they would be. */
  function placeOf(source: Uint32Array, from: number): number {
    let hash = 0
    for (let i = 0; i < words; i++) hash += Math.imul(source[from + i] ?? 0, factors[i] ?? 1)
    // The upper half of the products is mixed best.
    for (let at = (hash ^ (hash >>> 15)) & (places.length - 1); ; at = (at + 1) & (places.length - 1)) {
      const number = places[at] ?? 0
      if (number === 0 || isSame(source, from, (number - 1) * words)) return at
    }
  }

  function isSame(source: Uint32Array, from: number, to: number): boolean {
    for (let i = 0; i < words; i++) if (source[from + i] !== names[to + i]) return false
    return true
  }

  function grow(): void {
    const larger = new Uint32Array(names.length * 2)
    larger.set(names)
    names = larger
    places = new Uint32Array(places.length * 2)
    for (let number = 0; number < size; number++) places[placeOf(names, number * words)] = number + 1
  }

  return {
    get size() {
      return size
    },
    add(name) {
      givenBytes.write(name, 'hex')
      const at = placeOf(given, 0)
      const there = places[at] ?? 0
      if (there > 0) return there - 1
      names.set(given, size * words)
      size += 1
      places[at] = size
      if (size * words === names.length) grow()
      return size - 1
    },
    find(name) {
      givenBytes.write(name, 'hex')
      return (places[placeOf(given, 0)] ?? 0) - 1
    },
    name: (number) => Buffer.from(names.buffer, number * nameBytes, nameBytes).toString('hex'),
  }
}
