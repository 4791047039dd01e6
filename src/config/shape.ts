import { isJsonArray, isJsonObject, type JsonValue } from './json.ts'
import { nearest } from '../lib/nearest.ts'

/** One thing that is wrong, where, and what is allowed there. Never holds what may be a secret. */
export interface Problem {
  /** `sources.shop.modules.crm.tables[2]`; empty for the whole. */
  readonly path: string
  readonly what: string
  /** True if a secret stands where only a reference to one may. */
  readonly secret: boolean
}

/** All that is wrong with a value. */
export class Problems extends Error {
  readonly list: readonly Problem[]

  constructor(list: readonly Problem[]) {
    super(list.map(({ path, what }) => `${path}: ${what}`).join(' '))
    this.list = list
  }
}

export type JsonSchema = Readonly<Record<string, unknown>>

/** A part of the configuration: how it is checked, and how the schema describes it, both from one declaration. */
export interface Shape<T> {
  readonly schema: JsonSchema
  /** The value, checked. Throws Problems with all that is wrong below `path`. */
  read(value: JsonValue, path: string): T
  /** Set if it may be left out: what it is then. */
  readonly absent?: { readonly value: T }
}

/** The type of what a shape reads. */
export type ValueOf<S> = S extends Shape<infer T> ? T : never

/** A text. `check` says what is wrong with one, and what is allowed; null if nothing is. */
export function text(o: {
  description: string
  pattern?: RegExp
  check?: (value: string) => string | Omit<Problem, 'path'> | null
}): Shape<string> {
  return {
    schema: {
      type: 'string',
      description: o.description,
      ...(o.pattern === undefined ? {} : { pattern: o.pattern.source }),
    },
    read(value, path) {
      if (typeof value !== 'string') throw problem(path, `must be a text, and is ${kindOf(value)}.`)
      const wrong = o.check?.(value) ?? null
      if (wrong !== null) throw problem(path, wrong)
      if (o.pattern?.test(value) === false) throw problem(path, `must be ${o.description}.`)
      return value
    },
  }
}

/** One of a few texts or numbers. */
export function oneOf<const C extends readonly (string | number)[]>(
  choices: C,
  description: string,
): Shape<C[number]> {
  return {
    schema: { enum: choices, description },
    read(value, path) {
      const found = choices.find((choice) => choice === value)
      if (found !== undefined) return found
      const allowed = choices.map((choice) => JSON.stringify(choice))
      throw problem(path, `must be ${allowed.length > 1 ? 'one of ' : ''}${allowed.join(', ')}.`)
    },
  }
}

/** A whole number of at least `min`. */
export function wholeNumber(o: { description: string; min: number; max: number }): Shape<number> {
  const { description, min, max } = o
  return {
    schema: { type: 'integer', minimum: min, maximum: max, description },
    read(value, path) {
      if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
      throw problem(path, `must be a whole number from ${min} to ${max}.`)
    },
  }
}

/** Any number of items, or at least one. `of`: one of them in a word. */
export function list<T>(
  item: Shape<T>,
  o: { description: string; of: string; notEmpty?: boolean },
): Shape<readonly T[]> {
  return {
    schema: {
      type: 'array',
      items: item.schema,
      description: o.description,
      ...(o.notEmpty === true ? { minItems: 1 } : {}),
    },
    read(value, path) {
      if (!isJsonArray(value)) throw problem(path, `must be a list of ${o.of}s, and is ${kindOf(value)}.`)
      if (o.notEmpty === true && value.length === 0) throw problem(path, `must hold at least one ${o.of}.`)
      return all(value.map((one, index) => () => item.read(one, `${path}[${index}]`)))
    },
  }
}

/** One of them, or a list of at least one. */
export function oneOrMore<T>(
  item: Shape<T>,
  o: { description: string; of: string },
): Shape<T | readonly T[]> {
  const many = list(item, { ...o, notEmpty: true })
  return {
    schema: { oneOf: [item.schema, many.schema] },
    read: (value, path) => (isJsonArray(value) ? many.read(value, path) : item.read(value, path)),
  }
}

type Fields = Readonly<Record<string, Shape<unknown>>>
type ValuesOf<F extends Fields> = { readonly [K in keyof F]: ValueOf<F[K]> }

/** An object with these fields and no other. */
export function object<F extends Fields>(fields: F, o: { description: string }): Shape<ValuesOf<F>> {
  const entries = Object.entries(fields)
  const required = entries.filter(([, shape]) => shape.absent === undefined).map(([name]) => name)
  return {
    schema: {
      type: 'object',
      description: o.description,
      properties: Object.fromEntries(entries.map(([name, { schema }]) => [name, schema])),
      ...(required.length > 0 ? { required } : {}),
      additionalProperties: false,
    },
    read(value, path) {
      if (!isJsonObject(value)) throw problem(path, `must be an object, and is ${kindOf(value)}.`)
      const known = Object.keys(fields)
      const strangers = [...value.keys()].filter((name) => !known.includes(name))
      const read = all([
        ...strangers.map((name) => () => {
          throw problem(join(path, name), unknownKey(name, known))
        }),
        ...entries.map(([name, shape]) => (): [string, unknown] => {
          const given = value.get(name)
          if (given !== undefined) return [name, shape.read(given, join(path, name))]
          if (shape.absent !== undefined) return [name, shape.absent.value]
          throw problem(join(path, name), 'is missing.')
        }),
      ])
      // Sound because every field was read by the shape of its own name.
      return Object.fromEntries(read) as ValuesOf<F>
    },
  }
}

/** An object whose names are chosen by the user. */
export function named<T>(
  item: Shape<T>,
  o: { description: string; names: RegExp; namesAre: string },
): Shape<ReadonlyMap<string, T>> {
  return {
    schema: {
      type: 'object',
      description: o.description,
      propertyNames: { pattern: o.names.source },
      additionalProperties: item.schema,
    },
    read(value, path) {
      if (!isJsonObject(value)) throw problem(path, `must be an object, and is ${kindOf(value)}.`)
      const read = all(
        [...value].map(([name, inner]) => (): [string, T] => {
          if (!o.names.test(name)) throw problem(join(path, name), `is no name: it must be ${o.namesAre}.`)
          return [name, item.read(inner, join(path, name))]
        }),
      )
      return new Map(read)
    },
  }
}

/** As `shape`, and may be left out. */
export function optional<T>(shape: Shape<T>): Shape<T | undefined> {
  return { ...shape, absent: { value: undefined } }
}

/** As `shape`, and may be left out: then it is `value`. */
export function withDefault<T>(shape: Shape<T>, value: T): Shape<T> {
  return { ...shape, absent: { value } }
}

/** The error of one value. */
export function problem(path: string, what: string | Omit<Problem, 'path'>): Problems {
  return new Problems([{ path, ...(typeof what === 'string' ? { what, secret: false } : what) }])
}

/** `must be an object, and is a text`: the value itself is not said, since it may be a secret. */
export function kindOf(value: JsonValue): string {
  if (value === null) return 'null'
  if (isJsonArray(value)) return 'a list'
  if (isJsonObject(value)) return 'an object'
  if (typeof value === 'string') return 'a text'
  return typeof value === 'number' ? 'a number' : String(value)
}

function unknownKey(name: string, known: readonly string[]): string {
  const meant = nearest(name, known)
  return meant === null
    ? `is not known here. Known are ${known.join(', ')}.`
    : `is not known here. Did you mean ${meant}?`
}

function join(path: string, name: string): string {
  const shown = /^[\w$-]+$/.test(name) ? name : `[${JSON.stringify(name)}]`
  return path === '' || shown.startsWith('[') ? path + shown : `${path}.${shown}`
}

/** Does every one, so that all problems are found and told at once. */
function all<T>(work: readonly (() => T)[]): T[] {
  const found: Problem[] = []
  const done = work.flatMap((one) => {
    try {
      return [one()]
    } catch (error) {
      if (!(error instanceof Problems)) throw error
      found.push(...error.list)
      return []
    }
  })
  if (found.length > 0) throw new Problems(found)
  return done
}
