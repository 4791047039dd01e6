import type { Random } from '../oracle/random.ts'

/* Requests from the OpenAPI document: as it says, and then not quite. */

/** A schema of the document, as far as this reads it. */
export interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly example?: unknown
  readonly pattern?: string
  readonly format?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Schema | boolean
  readonly propertyNames?: Schema
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly allOf?: readonly Schema[]
}

interface Parameter {
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly schema: Schema
}

interface Operation {
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
}

export interface ApiDocument {
  readonly paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> }
}

export interface FuzzRoute {
  readonly line: string
  readonly method: string
  readonly path: string
  readonly operation: Operation
}

export function routesOf({ paths = {} }: ApiDocument): FuzzRoute[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      line: `${method.toUpperCase()} ${path}`,
      method: method.toUpperCase(),
      path,
      operation,
    })),
  )
}

export interface FuzzRequest {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array | null
}

/** Where a value is put that must never come out again. */
export const secret = 'SECRET-hunter22'
const secretFields = /^(password|passphrase|identity|hostFile|secret|token)$/

const nasty: readonly unknown[] = [
  null, '', ' ', 0, -1, 1.5, 1e308, 2 ** 53, -(2 ** 63), '9'.repeat(400), true, false, [], {}, [null], '\0', 'a\0b', '\ud800', '\u202e', '😀'.repeat(50),
  'ﷺ', 'e\u0301', "'; DROP TABLE holdfast.jobs; --", '${7*7}', '../../etc/passwd', '--yes', '%00', 'x'.repeat(5000), 'NaN', '1e5', '0x1F', 'true', 'null',
  '9999-12-31T23:59:59Z', '0000-00-00', '2026-02-30T25:61:61Z', '{"a":1}', { __proto__: { x: 1 } }, { toString: 1, constructor: { prototype: 1 } },
] // prettier-ignore

/** What is stored as text or number somewhere, and does not go into every column. */
const hot: readonly unknown[] = ['a\0b', '\0', 'x\ud800', 2 ** 53, 99999999999, -1, '']

function nastyOf(random: Random): unknown {
  return random.pick(random.chance(0.5) ? hot : nasty)
}

const texts = [
  'shop', '02:30', '*/5 * * * *', 'Europe/Berlin', 'all', '5%', '12', 'a'.repeat(64), '0'.repeat(64), 'AWS_SECRET_ACCESS_KEY', 'backup-own', '/tmp/x',
  'postgres://app@127.0.0.1:1/shop',
] // prettier-ignore

export interface World {
  readonly document: ApiDocument
  /** Names and ids that there are. */
  readonly known: readonly string[]
  /** One of each kind that there is, by the first word of its path: `sources`, and so on. */
  readonly names: Readonly<Record<string, string>>
  /** What the path of the request names, which is what is typed to confirm. */
  readonly inPath?: string
}

/**
 * A request of this route. `spoil`: how likely each of its parts is made wrong, and how many at most: one that is wrong in many ways is refused for the
 * first of them.
 */
export function requestOf(
  route: FuzzRoute,
  world: World,
  random: Random,
  { chance, most }: { readonly chance: number; readonly most: number },
): FuzzRequest {
  let left = most
  const spoils = (probability: number): boolean => {
    if (left === 0 || !random.chance(probability)) return false
    left -= 1
    return true
  }
  const spoilt = <T>(value: T, make: () => T): T => (spoils(chance) ? make() : value)
  const text = (schema: Schema, name: string): string => {
    const value = spoilt(valid(schema, world, random, name), () => nastyOf(random))
    return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
  }
  let path = route.path
  let inPath = ''
  const query: string[] = []
  for (const { name, in: where, required = false, schema } of route.operation.parameters ?? []) {
    if (where === 'path') inPath = text(schema, /^\/([\w-]+)\/\{/.exec(route.path)?.[1] ?? name)
    if (where === 'path') path = path.replace(`{${name}}`, spoilt(encode(inPath), () => random.pick(['%', '%E0%A4', '%00', '.', '..%2f', '%2e%2e', 'x'.repeat(3000)]))) // prettier-ignore
    if (where !== 'query' || (!required && random.chance(0.5))) continue
    const times = spoils(chance / 3) ? 3 : 1
    for (let i = 0; i < times; i++) query.push(`${encode(name)}=${encode(text(schema, name))}`)
  }
  if (spoils(chance / 6))
    query.push(random.pick(['x', '=', '%', 'limit=', 'after=%00', 'a[b]=1', '__proto__=1']))
  const headers: Record<string, string> = {}
  for (const [name, values] of strange) if (spoils(chance / 6)) headers[name] = random.pick(values)
  const schema = route.operation.requestBody?.content['application/json']?.schema
  let body: FuzzRequest['body'] = null
  if (schema !== undefined && random.chance(0.95)) {
    headers['content-type'] ??= 'application/json'
    const about = { ...world, inPath }
    const value = spoilt(valid(schema, about, random, ''), () => mutated(valid(schema, about, random, ''), random)) // prettier-ignore
    body = spoilt<string | Uint8Array>(JSON.stringify(value) ?? '', () => brokenBody(JSON.stringify(value) ?? '', random)) // prettier-ignore
  } else if (route.method !== 'GET' && spoils(chance)) {
    body = random.pick(['', '{}', '[]', 'x'])
  }
  const query_ = query.length === 0 ? '' : `?${query.join('&')}`
  return { method: route.method, path: path + query_, headers, body }
}

const strange: readonly (readonly [string, readonly string[]])[] = [
  ['if-match', ['*', '""', 'x', '"a", W/"b"', ','.repeat(500)]],
  ['if-none-match', ['*', 'W/""', '"'.repeat(99)]],
  ['idempotency-key', ['k', 'k', 'a b', 'x'.repeat(201), '\xe9']],
  ['holdfast-approval', ['x', '00000000-0000-4000-8000-000000000000']],
  ['content-type', ['text/plain', 'application/json; charset=utf-16', 'multipart/form-data', 'application/JSON', '/', 'application/x-www-form-urlencoded']], // prettier-ignore
  ['x-forwarded-for', ['::1', '1.2.3.4, x', "'", ','.repeat(300)]],
  ['accept', ['text/html', '*/*;q=0', ';']],
  ['user-agent', ['\xff\xfe', '<script>', 'x'.repeat(4000)]],
  ['content-encoding', ['gzip', 'br', 'x']],
]

function brokenBody(text: string, random: Random): string | Uint8Array {
  const at = random.int(text.length + 1)
  return random.pick<() => string | Uint8Array>([
    () => text.slice(0, at),
    () => `${text.slice(0, at)}\0${text.slice(at)}`,
    () => '['.repeat(50_000),
    () => `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`,
    () => new Uint8Array([0xff, 0xfe, 0x7b, 0x00, 0xc3]),
    () => `\ufeff${text}`,
    () => `${text}${text}`,
    () => '"x"',
    () => 'x'.repeat(60_000),
    () => '{"name":1,"name":2}',
  ])()
}

/** The value with something in it replaced, added or left out. */
function mutated(value: unknown, random: Random): unknown {
  if (typeof value !== 'object' || value === null || random.chance(0.1)) {
    return random.chance(0.05) ? deep(random.between(10, 3000)) : nastyOf(random)
  }
  if (Array.isArray(value)) {
    const at = random.int(value.length + 1)
    return value.length === 0 ? [nastyOf(random)] : value.map((one: unknown, i) => (i === at ? mutated(one, random) : one)) // prettier-ignore
  }
  const entries = Object.entries(value)
  const [key] = entries[random.int(Math.max(1, entries.length))] ?? ['x']
  if (random.chance(0.2)) return Object.fromEntries(entries.filter(([name]) => name !== key))
  if (random.chance(0.2)) return { ...value, [random.pick(['unknown', '', '\0', 'constructor', 'é'])]: 1 }
  return Object.fromEntries(entries.map(([name, one]) => [name, name === key ? mutated(one, random) : one]))
}

function deep(levels: number): unknown {
  let value: unknown = 1
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : { a: value }
  return value
}

/** Lone surrogates have no bytes. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}

/** A value that the schema takes, as far as it says. */
function valid(schema: Schema, world: World, random: Random, name: string): unknown {
  const go = (one: Schema, as = name): unknown => valid(one, world, random, as)
  if (schema.$ref !== undefined) {
    const found = world.document.components?.schemas?.[schema.$ref.split('/').at(-1) ?? '']
    return found === undefined ? null : go(found)
  }
  if (schema.const !== undefined) return schema.const
  if (schema.enum !== undefined) return random.pick(schema.enum)
  const some = schema.anyOf ?? schema.oneOf
  if (some !== undefined) return go(random.pick(some))
  if (schema.allOf !== undefined)
    return Object.assign({}, ...schema.allOf.map((one) => go(one) as object)) as unknown
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? ['object'])
  switch (random.pick(types)) {
    case 'null':
      return null
    case 'boolean':
      return random.chance(0.5)
    case 'integer':
    case 'number':
      return random.between(schema.minimum ?? 0, Math.min(schema.maximum ?? 100, 1_000_000))
    case 'array':
      return Array.from({ length: Math.max(schema.minItems ?? 0, random.int(3)) }, () =>
        go(schema.items ?? {}),
      )
    case 'string':
      return textOf(schema, world, random, name)
    default:
      return objectOf(schema, random, go)
  }
}

function objectOf(schema: Schema, random: Random, go: (one: Schema, as?: string) => unknown): object {
  const made: Record<string, unknown> = {}
  for (const [key, one] of Object.entries(schema.properties ?? {}))
    if (schema.required?.includes(key) === true || random.chance(0.6)) made[key] = go(one, key)
  if (typeof schema.additionalProperties === 'object' && random.chance(0.5)) {
    const key = schema.propertyNames === undefined ? 'last' : String(go(schema.propertyNames, 'key'))
    made[key] = key.startsWith('AWS_') ? secret : go(schema.additionalProperties, key)
  }
  return made
}

function textOf(schema: Schema, { known, names, inPath }: World, random: Random, name: string): string {
  if (secretFields.test(name)) return secret
  if (name === 'confirm' && inPath !== undefined) return inPath
  // Else most requests would be about nothing that there is.
  const one = names[name] ?? names[name.replace(/y$/, 'ie') + 's']
  if (one !== undefined && random.chance(0.8)) return one
  if (name === 'name' && inPath === '' && random.chance(0.5)) return `new-${random.int(1_000_000)}`
  if (schema.format === 'uuid')
    return random.pick([...known.filter((one) => /^[0-9a-f-]{36}$/.test(one)), '00000000-0000-4000-8000-000000000000']) // prettier-ignore
  if (schema.format === 'date-time') return '2026-11-28T02:30:00.000Z'
  if (schema.format === 'date') return '2026-11-28'
  if (name === 'address') return random.pick(['postgres://app@127.0.0.1:1/shop', '/tmp/nowhere', `postgres://app:${secret}@db/x`]) // prettier-ignore
  const fits = (one: string): boolean =>
    (schema.pattern === undefined || new RegExp(schema.pattern, 'u').test(one)) &&
    one.length >= (schema.minLength ?? 0) &&
    one.length <= (schema.maxLength ?? Infinity)
  const candidates = [...known, ...texts, ...(typeof schema.example === 'string' ? [schema.example] : [])]
  const fitting = candidates.filter(fits)
  return fitting.length === 0 ? 'x' : random.pick(fitting)
}
