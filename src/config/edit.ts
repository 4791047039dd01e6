import { HoldfastError } from '../lib/errors.ts'
import { isJsonObject, printJson, type JsonObject, type JsonValue } from './json.ts'

/** The text of a configuration that has nothing in it yet. */
export const emptyConfig = printJson(
  new Map<string, JsonValue>([
    ['version', 1],
    ['sources', new Map()],
  ]),
)

/** What options can say of a source. What they leave open is not written. */
export interface NewSource {
  readonly address: string
  readonly password?: JsonValue | undefined
  readonly repository?: string | readonly string[] | undefined
  readonly schemas?: readonly string[]
  readonly tables?: readonly string[]
  readonly excludeTables?: readonly string[]
  readonly excludeData?: readonly string[]
  readonly proof?: string | undefined
}

/** What no option says, and so outlives being replaced. */
const kept: readonly string[] = ['profile', 'modules', 'drill']

/**
 * The text with the source in it, everything else as it was and in its order. A source that is there is replaced in its place, but
 * for its profile, modules and drill, or, without `replace`, refused: `source_exists`.
 */
export function withSource(tree: JsonObject, name: string, source: NewSource, replace: boolean): string {
  const sources = sourcesOf(tree)
  const old = sources.get(name)
  if (old !== undefined && !replace) {
    throw new HoldfastError('source_exists', `There is a source ${name} already.`)
  }
  const given = Object.entries(source).filter(([, value]) => value !== undefined && !isEmptyList(value))
  const before = old !== undefined && isJsonObject(old) ? [...old] : []
  const entry = new Map<string, JsonValue>([...given, ...before.filter(([key]) => kept.includes(key))])
  return printJson(new Map([...tree, ['sources', new Map([...sources, [name, entry]])]]))
}

/** The text without the source, everything else as it was and in its order. It must be there. */
export function withoutSource(tree: JsonObject, name: string): string {
  const sources = [...sourcesOf(tree)].filter(([one]) => one !== name)
  return printJson(new Map([...tree, ['sources', new Map(sources)]]))
}

function sourcesOf(tree: JsonObject): JsonObject {
  const sources = tree.get('sources')
  return sources !== undefined && isJsonObject(sources) ? sources : new Map()
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}
