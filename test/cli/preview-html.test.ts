import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { previewHtml } from '../../src/cli/preview-html.ts'
import { headline } from '../../src/cli/preview-sentence.ts'
import type { Preview } from '../../src/restore/in-place/types.ts'
import {
  anyPreview,
  busy,
  hostile,
  many,
  manyScripts,
  previewOf,
  sampleOf,
  tableOf,
} from '../support/previews.ts'

const kinds: readonly Preview[] = [busy, hostile, manyScripts, many(13), many(200), previewOf()]
const everything = fc.oneof(fc.constantFrom(...kinds), anyPreview)

/** Every tag that a page may have, and what may be written in it: nothing that loads, runs or leads elsewhere. */
const elements =
  'a b body br dd del details div dl dt h1 h2 head html i ins li meta p section small span style summary table tbody td tfoot th thead title tr ul'
const voids = ['meta']
const attribute = new RegExp(
  String.raw`^ (?:open|(?:class|id|dir|lang|scope|charset|name|content|http-equiv)="[^"<>]*"|aria-hidden="true"|href="#(?:top|t\d+)"|style="flex-grow:\d+")`,
)

/** The names of the tags in their order, closing ones with `/`; fails if anything else is in angle brackets. */
function tagsOf(html: string): string[] {
  const page = html
    .replace(/^<!doctype html>\n<!-- This file contains rows of the database. -->\n/, '')
    .replace(/<style>[^<]*<\/style>/, '')
  return page
    .split('<')
    .slice(1)
    .map((piece) => {
      const [, name = '', attributes = ''] = /^(\/?[a-z0-9]+)([^>]*)>[^>]*$/.exec(piece) ?? []
      assert.ok(elements.split(' ').includes(name.replace('/', '')), `<${piece}`)
      let rest = attributes
      while (rest !== '') {
        const [found] = attribute.exec(rest) ?? []
        assert.ok(found !== undefined, `<${piece}`)
        rest = rest.slice(found.length)
      }
      return name
    })
}

/** What a reader sees, without tags. */
function textOf(html: string): string {
  const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }
  return html
    .replace(/<style>[^<]*<\/style>/, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/&([a-z0-9#]+);/g, (whole, name: string) => entities[name] ?? whole)
}

test('nothing of the database becomes anything but text', () => {
  fc.assert(
    fc.property(everything, (preview) => {
      const html = previewHtml(preview)
      const open: string[] = []
      for (const tag of tagsOf(html)) {
        if (tag.startsWith('/')) assert.equal(`/${open.pop()}`, tag)
        else if (!voids.includes(tag)) open.push(tag)
      }
      assert.deepEqual(open, [])
      assert.doesNotMatch(html, /&(?!(?:amp|lt|gt|quot|#39);)/)
      assert.doesNotMatch(html, /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066\u2067]|\p{Surrogate}/u)
    }),
    { numRuns: 60 },
  )
})

test('hostile names and values are shown as they are', () => {
  const html = previewHtml(hostile)
  assert.ok(html.includes('&quot;&#39;&gt;&lt;svg onload=alert(3)&gt;'))
  const text = textOf(html)
  for (const shown of [
    '<script>alert(1)</script>',
    `"'><svg onload=alert(3)>`,
    '<img src=x onerror=alert(2)>',
    '</td><td onclick="x">',
    '--><!--',
    '&amp;',
    '<iframe src=//x>',
    '<form>',
    '<object>',
    '<question>',
    '<warning>',
    '<problem>',
    '<made>',
    '<dropped>',
  ]) {
    assert.ok(text.includes(shown), shown)
  }
})

test('the page needs nothing else, forbids itself anything else, and says first what it holds', () => {
  const html = previewHtml(busy)
  assert.match(html, /^<!doctype html>\n<!-- This file contains rows of the database\. -->\n/)
  assert.ok(
    html.includes(
      `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    ),
  )
  assert.doesNotMatch(html, /<(?:script|link|img|iframe|object|base|form)\b|url\(|@import/i)
  const body = textOf(html.slice(html.indexOf('<body>')))
  assert.match(body, /^\s*This page\s+contains rows of the database/)
  assert.match(html, /prefers-color-scheme: dark/)
  assert.match(html, /@media print/)
})

test('what stands in the way comes before the tables', () => {
  const html = previewHtml(previewOf({ ...busy, problems: ['The role lacks INSERT.'] }))
  const places = [
    headline({ ...busy, problems: [''] }).slice(0, 20),
    'Problem:',
    'Question:',
    'Note:',
    '20261128T060000Z-4f1c2ab9',
    '<table',
  ].map((text) => html.indexOf(text))
  assert.ok(!places.includes(-1))
  assert.deepEqual(
    places,
    places.toSorted((a, b) => a - b),
  )
})

test('links lead to the tables of the page, each once', () => {
  const html = previewHtml(many(13))
  const ids = [...html.matchAll(/ id="(t\d+)"/g)].map(([, id]) => id)
  const links = [...html.matchAll(/ href="#(t\d+)"/g)].map(([, id]) => id)
  assert.equal(new Set(ids).size, 13)
  assert.deepEqual(links, ids)
  assert.match(textOf(html), /187 tables have nothing to do; 1,870 equal rows/)
})

test('the figures of the tables add up, and the bars are made of them', () => {
  fc.assert(
    fc.property(anyPreview, (preview) => {
      const html = previewHtml(preview)
      const [counts = ''] = /<table class="counts">[^]*?<\/table>/.exec(html) ?? []
      const rows = [...counts.matchAll(/<tr><th scope="row">[^]*?<\/tr>/g)].map(([row]) => ({
        figures: [...row.matchAll(/<td class="n">([^<]*)<\/td>/g)].map(([, cell = '']) =>
          Number(cell.replaceAll(/[^\d]/g, '')),
        ),
        bar: [...row.matchAll(/flex-grow:(\d+)/g)].map(([, share]) => Number(share)),
      }))
      const tables = rows.length > 1 ? rows.slice(0, -1) : rows
      for (const { figures, bar } of tables) {
        assert.deepEqual(
          bar,
          figures.filter((n) => n > 0),
        )
      }
      const sum = (at: number): number => tables.reduce((total, { figures }) => total + (figures[at] ?? 0), 0)
      const sums = (tables[0]?.figures ?? []).map((_, at) => sum(at))
      if (rows.length > 1) assert.deepEqual(rows.at(-1)?.figures, sums)
      const { create, update, delete: deleted, conflicts } = preview.totals
      const expected = [create, update, deleted, conflicts].filter((n) => n > 0)
      assert.deepEqual(sums.slice(0, expected.length), expected)
    }),
    { numRuns: 40 },
  )
})

test('a cell that changes holds both values, marked by signs, and each keeps its direction to itself', () => {
  const html = previewHtml(busy)
  assert.ok(html.includes('<del dir="auto">lost</del><ins dir="auto">paid</ins>'))
  assert.match(html, /del::before \{ content: "\\2212/)
  assert.match(html, /ins::before \{ content: "\+ "/)
  const update = html.slice(html.indexOf('<b>~</b>2 rows'))
  const heads = [...update.slice(0, update.indexOf('</thead>')).matchAll(/dir="auto">([a-z_]+)/g)]
  assert.deepEqual(
    heads.map(([, name]) => name),
    ['id', 'status', 'note', 'customer_id', 'total', 'placed_at', 'address'],
  )
  assert.ok(html.includes('<td dir="auto"><span class="null">NULL</span></td>'))
})

test('line breaks stay, other controls are shown; samples that are alike are said to differ', () => {
  const cut = sampleOf('update', { before: { id: '1', v: 'a' }, after: { id: '1', v: 'a' } })
  const samples = [
    sampleOf('create', { after: { id: '1', v: 'one\n\ttwo\u001b[2J', w: 'NULL', x: '' } }),
    { ...cut, columns: cut.columns.map((c) => ({ ...c, changed: !c.key })) },
  ]
  const html = previewHtml(previewOf({ tables: [tableOf({ create: 1, update: 1, samples })] }))
  assert.ok(html.includes('<td dir="auto">one\n\ttwo␛[2J</td>'))
  assert.ok(html.includes('<td dir="auto">&#39;NULL&#39;</td><td dir="auto">&#39;&#39;</td>'))
  assert.ok(html.includes('<ins dir="auto">a <small>(differs further on)</small></ins>'))
})

test('samples are unfolded only where few tables change', () => {
  assert.match(previewHtml(busy), /<details open>/)
  assert.doesNotMatch(previewHtml(many(13)), /<details open>/)
  assert.match(previewHtml(many(13)), /<details><summary>/)
})
