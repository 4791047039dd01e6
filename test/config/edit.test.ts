import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseTree } from '../../src/config/config.ts'
import { emptyConfig, withoutSource, withSource } from '../../src/config/edit.ts'
import { isJsonObject, parseJson, printJson, type JsonObject, type JsonValue } from '../../src/config/json.ts'

const name = fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,5}$/)
const json = fc.json({ maxDepth: 3 }).map((text) => parseOr(text))

/** Names that are given twice are no configuration. */
function parseOr(text: string): JsonValue {
  try {
    return parseJson(text)
  } catch {
    return null
  }
}

/** A file with members of any kind around its sources, as people will have it. */
const file = fc
  .tuple(fc.array(fc.tuple(name, json)), fc.array(fc.tuple(name, json)), fc.array(fc.tuple(name, json)))
  .map(([before, sources, after]): JsonObject => {
    const named = sources.map(([key, value]): [string, JsonValue] => [
      key,
      new Map<string, JsonValue>([
        ['modules', value],
        ['address', 'service=x'],
      ]),
    ])
    return new Map(
      [...before, ['sources', new Map(named)], ...after].filter(([key]) => key !== 'x') as [
        string,
        JsonValue,
      ][],
    )
  })

function sourcesOf(tree: JsonObject): JsonObject {
  const sources = tree.get('sources')
  assert.ok(sources !== undefined && isJsonObject(sources))
  return sources
}

const others = (members: JsonObject, but: string): [string, JsonValue][] =>
  [...members].filter(([key]) => key !== but)

test('adding and removing a source keeps the rest of the file, and its order', () => {
  fc.assert(
    fc.property(file, name, (tree, added) => {
      const more = parseTree(withSource(tree, added, { address: 'service=new' }, true), 'f')
      assert.deepEqual(others(more, 'sources'), others(tree, 'sources'))
      assert.deepEqual([...more.keys()], [...tree.keys()])
      const names = [...sourcesOf(tree).keys()]
      assert.deepEqual([...sourcesOf(more).keys()], names.includes(added) ? names : [...names, added])
      assert.deepEqual(others(sourcesOf(more), added), others(sourcesOf(tree), added))
      const entry = sourcesOf(more).get(added)
      assert.ok(entry !== undefined && isJsonObject(entry))
      assert.equal(entry.get('address'), 'service=new')

      const less = parseTree(withoutSource(more, added), 'f')
      assert.deepEqual(others(less, 'sources'), others(tree, 'sources'))
      assert.deepEqual([...sourcesOf(less)], others(sourcesOf(tree), added))
      if (!sourcesOf(tree).has(added)) assert.equal(printJson(less), printJson(tree))
    }),
    { numRuns: 300 },
  )
})

test('a source that is there is replaced only if told so, in its place; what no option says stays', () => {
  const tree = parseTree(
    `{ "version": 1, "sources": {
      "b": { "address": "service=old", "tables": ["x"], "modules": { "crm": { "tables": ["y"] } }, "drill": { "goal": "5m" } },
      "a": { "address": "service=a" } } }`,
    'f',
  )
  assert.throws(() => withSource(tree, 'b', { address: 'service=new' }, false), { code: 'source_exists' })
  assert.equal(
    withSource(tree, 'b', { address: 'service=new', proof: 'full', tables: [] }, true),
    `{
  "version": 1,
  "sources": {
    "b": {
      "address": "service=new",
      "proof": "full",
      "modules": {
        "crm": {
          "tables": ["y"]
        }
      },
      "drill": {
        "goal": "5m"
      }
    },
    "a": {
      "address": "service=a"
    }
  }
}
`,
  )
})

test('a new file has what a configuration needs', () => {
  assert.equal(emptyConfig, '{\n  "version": 1,\n  "sources": {}\n}\n')
})
