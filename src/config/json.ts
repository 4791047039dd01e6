/** An object keeps its names in the order of the text, also those that look like numbers, and can be asked for any name safely. */
export type JsonObject = ReadonlyMap<string, JsonValue>
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject

/** Why a text is no JSON, and where. The text itself is no part of it: what stands there may be a secret. */
export class JsonError extends Error {
  constructor(text: string, at: number, what: string) {
    const before = text.slice(0, at).split('\n')
    super(`line ${before.length}, column ${(before.at(-1) ?? '').length + 1}: ${what}`)
  }
}

/** Enough for any configuration, and no risk for the stack. */
const maxDepth = 32
/** Lines of the printed text are no longer than this where an array can be on one. */
const lineWidth = 100

const blank = /[ \t\r\n]*/y
const stringToken = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const scalarToken = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y

/**
 * Reads JSON as JSON.parse does, but an object is a Map, a name that is given twice is refused (JSON.parse would drop the
 * first without a word), and an error says where it is and quotes nothing. Throws JsonError.
 */
export function parseJson(text: string): JsonValue {
  let at = 0
  skip()
  const result = value(0)
  if (at < text.length) throw wrong('nothing more is expected here')
  return result

  function value(depth: number): JsonValue {
    if (depth > maxDepth) throw wrong('this is nested too deeply')
    if (text[at] === '{') return object(depth)
    if (text[at] === '[') return array(depth)
    if (text[at] === '"') return string()
    const token = match(scalarToken)
    if (token === null) throw wrong('a value is expected here')
    skip()
    return JSON.parse(token) as number | boolean | null
  }

  function object(depth: number): JsonObject {
    const members = new Map<string, JsonValue>()
    at++
    skip()
    while (text[at] !== '}') {
      if (text[at] !== '"') throw wrong('a name in double quotes is expected here')
      const start = at
      const name = string()
      if (members.has(name)) throw new JsonError(text, start, `${JSON.stringify(name)} is given twice`)
      if (text[at] !== ':') throw wrong('":" is expected here')
      at++
      skip()
      members.set(name, value(depth + 1))
      separator('}')
    }
    at++
    skip()
    return members
  }

  function array(depth: number): JsonValue[] {
    const items: JsonValue[] = []
    at++
    skip()
    while (text[at] !== ']') {
      items.push(value(depth + 1))
      separator(']')
    }
    at++
    skip()
    return items
  }

  /** A comma, behind which something must come, or the end. */
  function separator(end: string): void {
    if (text[at] === end) return
    if (text[at] !== ',') throw wrong(`"," or "${end}" is expected here`)
    const comma = at++
    skip()
    if (text[at] === end) throw new JsonError(text, comma, `a comma before "${end}" is not allowed in JSON`)
  }

  function string(): string {
    const token = match(stringToken)
    if (token === null) throw wrong('a text is not closed, or holds what must be escaped')
    skip()
    return JSON.parse(token) as string
  }

  function match(pattern: RegExp): string | null {
    pattern.lastIndex = at
    const token = pattern.exec(text)?.[0] ?? null
    at += token?.length ?? 0
    return token
  }

  function skip(): void {
    match(blank)
    if (text[at] === '/') throw wrong('comments are not allowed in JSON')
  }

  function wrong(what: string): JsonError {
    return new JsonError(text, at, at >= text.length ? `the text ends where it should go on` : what)
  }
}

/** The text of a value, indented by two spaces; an array of plain values is on one line where it fits. */
export function printJson(value: JsonValue): string {
  return `${print(value, '')}\n`
}

function print(value: JsonValue, indent: string): string {
  const deeper = `${indent}  `
  if (isJsonObject(value)) {
    if (value.size === 0) return '{}'
    const members = [...value].map(([name, inner]) => `${JSON.stringify(name)}: ${print(inner, deeper)}`)
    return `{\n${deeper}${members.join(`,\n${deeper}`)}\n${indent}}`
  }
  if (isJsonArray(value)) {
    const items = value.map((item) => print(item, deeper))
    const line = `[${items.join(', ')}]`
    if (indent.length + line.length <= lineWidth && !line.includes('\n')) return line
    return `[\n${deeper}${items.join(`,\n${deeper}`)}\n${indent}]`
  }
  return JSON.stringify(value)
}

export function isJsonObject(value: JsonValue): value is JsonObject {
  return value instanceof Map
}

export function isJsonArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value)
}
