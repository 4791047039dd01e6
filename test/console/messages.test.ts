import assert from 'node:assert/strict'
import { globSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseAst } from 'vite'
import { codes } from '../../src/lib/error-codes.ts'
import { sentenceValues } from '../../src/restore/sentences.ts'

/* Every text that people read is a message, in every language. */

const root = fileURLToPath(new URL('../../src/console', import.meta.url))
const sources = globSync('**/*.{ts,tsx}', { cwd: root, exclude: ['messages/*'] }).map((path) => {
  const text = readFileSync(join(root, path), 'utf8')
  return { path, text, program: parseAst(text, { lang: 'tsx' }) as unknown as Node }
})

interface Node {
  readonly type: string
  readonly [property: string]: unknown
}

type Messages = ReadonlyMap<string, string>

function messagesOf(language: string): Messages {
  const directory = join(root, 'messages', language)
  const found = new Map<string, string>()
  const take = (value: unknown, key: string): void => {
    if (typeof value === 'string') found.set(key, value)
    else for (const [name, inner] of Object.entries(value as object)) take(inner, `${key}.${name}`)
  }
  for (const name of readdirSync(directory))
    take(JSON.parse(readFileSync(join(directory, name), 'utf8')), name.replace('.json', ''))
  return found
}

const languages = readdirSync(join(root, 'messages'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => ({ name, messages: messagesOf(name) }))

test('nothing is said twice under one name, of which only the last would be heard', () => {
  const keysOf = (value: unknown): number =>
    typeof value === 'string' ? 0 : Object.values(value as object).reduce((sum: number, inner) => sum + 1 + keysOf(inner), 0) // prettier-ignore
  for (const path of globSync('messages/*/*.json', { cwd: root })) {
    const text = readFileSync(join(root, path), 'utf8')
    const written = [...text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)].filter(([, colon]) => colon !== undefined)
    assert.equal(written.length, keysOf(JSON.parse(text)), path)
  }
})

const plural = /_(zero|one|two|few|many|other)$/
const english = languages.find(({ name }) => name === 'en')?.messages ?? new Map<string, string>()

/** The same in every language: names, keys, addresses, commands. */
const universal = /^(Holdfast|Ctrl K|[a-z0-9]+:\/\/\S+|holdfast [\w/. -]+)$/
/** What attributes that people read are called, the console's own parts included. */
const read = ['aria-label', 'placeholder', 'title', 'alt', 'label', 'hint', 'about', 'text', 'verb', 'problem', 'optional', 'head', 'name'] // prettier-ignore

function* nodesOf(node: Node): Generator<Node> {
  yield node
  for (const value of Object.values(node))
    for (const inner of Array.isArray(value) ? (value as unknown[]) : [value])
      if (typeof inner === 'object' && inner !== null && 'type' in inner) yield* nodesOf(inner as Node)
}

test('no text that people read is written into the code', () => {
  const found: string[] = []
  for (const { path, program } of sources.filter((one) => one.path.endsWith('.tsx')))
    for (const node of nodesOf(program)) {
      const text =
        node.type === 'JSXText'
          ? node['value']
          : node.type === 'JSXAttribute' && read.includes(String((node['name'] as Node)['name']))
            ? (node['value'] as Node | null)?.['value']
            : null
      if (typeof text !== 'string' || !/\p{L}/u.test(text) || universal.test(text.trim())) continue
      // The name of a field of a form is not read, and neither is that of an icon.
      if (node.type === 'JSXAttribute' && /^[a-z-]+$/.test(text) && (node['name'] as Node)['name'] === 'name')
        continue
      found.push(`${path}: ${text.trim()}`)
    }
  assert.deepEqual(found, [])
})

test('every message is there in every language, with the plural forms of the language and the same values', () => {
  const bases = new Set([...english.keys()].map((key) => key.replace(plural, '')))
  for (const { name, messages } of languages) {
    assert.deepEqual(new Set([...messages.keys()].map((key) => key.replace(plural, ''))), bases, name)
    const forms = new Intl.PluralRules(name).resolvedOptions().pluralCategories
    for (const base of bases) {
      const given = [...messages.keys()].filter((key) => key !== base && key.replace(plural, '') === base)
      if (given.length === 0) continue
      assert.deepEqual(
        given.map((key) => key.slice(base.length + 1)).sort(),
        [...forms].sort(),
        `${name} ${base}`,
      )
    }
    for (const [key, text] of messages) {
      assert.notEqual(text.trim(), '', `${name} ${key}`)
      const model = english.get(key) ?? english.get(key.replace(plural, '_other')) ?? ''
      for (const value of text.match(/\{\{\w+\}\}/g) ?? [])
        assert.ok(model.includes(value), `${name} ${key}: ${value}`)
    }
  }
})

test('every message that the code asks for is there, and no other', () => {
  const keys = new Set([...english.keys()].map((key) => key.replace(plural, '')))
  const used = new Set<string>()
  const beginnings = new Set<string>()
  for (const { path, program } of sources)
    for (const node of nodesOf(program)) {
      // What a key is chosen from is a text that begins like one, wherever it stands: t(big ? 'table.all' : 'table.none').
      if (node.type === 'Literal' && typeof node['value'] === 'string' && keys.has(node['value']))
        used.add(node['value'])
      if (node.type === 'TemplateLiteral') {
        const [first] = node['quasis'] as { value: { cooked: string } }[]
        if (first !== undefined && /^[a-zA-Z]+\.([\w.]+\.)?$/.test(first.value.cooked))
          beginnings.add(first.value.cooked)
      }
      if (node.type !== 'CallExpression' || (node['callee'] as Node)['name'] !== 't') continue
      const [key] = node['arguments'] as Node[]
      if (key?.type === 'Literal')
        assert.ok(keys.has(String(key['value'])), `${path}: ${String(key['value'])}`)
    }
  const begins = [...beginnings]
  const unused = [...keys].filter(
    (key) => !used.has(key) && !begins.some((beginning) => key.startsWith(beginning)),
  )
  assert.deepEqual(unused, [])
})

test('everything that the audit trail tells was done has its words', () => {
  const read = (path: string): string => readFileSync(join(root, '..', path), 'utf8')
  const schema = read('catalog/schema.sql')
  const watched = [...schema.matchAll(/ON holdfast\.(\w+) FOR EACH ROW EXECUTE FUNCTION holdfast\.audit_change/g)] // prettier-ignore
  const ofRows = watched.flatMap(([, table]) => ['create', 'change', 'remove'].map((verb) => `${table}.${verb}`)) // prettier-ignore
  const ofJobs = [...schema.matchAll(/THEN '(jobs\.\w+)'|ELSE '(jobs\.\w+)'/g)].map(([, one, other]) => one ?? other) // prettier-ignore
  const told = globSync('{api,audit,people,jobs,cli}/**/*.ts', { cwd: join(root, '..') }).flatMap((path) =>
    [...read(path).matchAll(/action: '(\w+\.\w+)'/g)].map(([, action]) => action),
  )
  assert.ok(ofRows.length > 40 && ofJobs.length === 4 && told.length > 4)
  for (const { name, messages } of languages)
    assert.deepEqual(
      [...ofRows, ...ofJobs, ...told].filter((action) => !messages.has(`audit.actions.${action}`)),
      [],
      name,
    )
})

test('every code of an error has a cause and what to do in every language', () => {
  for (const { name, messages } of languages)
    assert.deepEqual(
      Object.keys(codes).filter((code) => !messages.has(`errors.${code}.cause`) || !messages.has(`errors.${code}.next`)), // prettier-ignore
      [],
      name,
    )
})

test('whatever the engine says of a restore is there in every language, made of what it says it is', () => {
  for (const { name, messages } of languages) {
    const said = [...messages.keys()].flatMap((key) => key.match(/^said\.(.*)$/)?.[1] ?? [])
    const bare = new Set(said.map((key) => key.replace(plural, '')))
    assert.deepEqual([...bare].sort(), Object.keys(sentenceValues).sort(), name)
    for (const key of said) {
      const base = key.replace(plural, '')
      const values: readonly string[] = sentenceValues[base as keyof typeof sentenceValues]
      assert.equal(values.includes('count'), base !== key, `${name} ${key}: a count has plurals`)
      for (const [, value = ''] of messages.get(`said.${key}`)?.matchAll(/\{\{(\w+)\}\}/g) ?? [])
        assert.ok(value === 'value' ? values.includes('count') : values.includes(value), `${name} ${key}: ${value}`) // prettier-ignore
    }
  }
})
