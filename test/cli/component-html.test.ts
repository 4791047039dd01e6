import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { componentHtml } from '../../src/cli/component-html.ts'
import type { ComponentPreview } from '../../src/restore/component/types.ts'

const preview: ComponentPreview = {
  backup: '20261121T003131Z-8f3a9c21',
  moment: '2026-11-21T00:31:32Z',
  undoes: null,
  target: 'postgres://admin@db/shop',
  database: 'shop',
  components: ['functions'],
  changes: [
    {
      component: 'functions',
      object: 'function public.one()',
      found: 'changed',
      action: 'replace',
      before: 'CREATE\n  AS 1\n',
      after: 'CREATE\n  AS 2\n',
      note: 'as it was',
    },
    {
      component: 'functions',
      object: 'function public.two()',
      found: 'extra',
      action: null,
      before: 'CREATE',
      after: null,
      note: null,
    },
  ],
  warnings: ['mind this'],
  problems: ['not so'],
}

test('the page says what the terminal says, with both sides of each change', () => {
  const page = componentHtml(preview)
  assert.match(page, /<p class="headline">To bring back functions in the database shop: replace 1 object\./)
  assert.match(page, /<h2 dir="auto">replace function public\.one\(\)<\/h2>\n<p dir="auto">as it was<\/p>/)
  assert.match(page, /<div>CREATE<\/div>\n<del> {2}AS 1<\/del>\n<ins> {2}AS 2<\/ins>/)
  assert.match(page, /<li dir="auto">function public\.two\(\) \(only in the database\)<\/li>/)
  assert.match(page, /Problem:<\/b> <span dir="auto">not so/)
  assert.match(page, /Note:<\/b> <span dir="auto">mind this/)
  const undo = componentHtml({ ...preview, undoes: 'r', moment: null, components: [] })
  assert.match(undo, /<title>Preview of the undoing of a restore: shop<\/title>/)
  assert.match(undo, /<dt>undoes<\/dt><dd>restore r<\/dd>/)
})

test('whatever is in the database, it is text of the page', () => {
  const odd = fc.string({
    unit: fc.constantFrom('<', '>', '&', '"', "'", 'script', '\n', '\u202e', 'x', '--'),
  })
  fc.assert(
    fc.property(odd, (text) => {
      const [change] = preview.changes
      assert.ok(change)
      const changed = { ...change, object: text, before: text, after: `${text}x`, note: text }
      const page = componentHtml({
        ...preview,
        database: text,
        target: text,
        changes: [changed, { ...changed, action: null }],
        warnings: [text],
        problems: [text],
      })
      const own = componentHtml(preview).match(/<\w+/g)
      const tags = new Set(page.match(/<[!/]?\w*/g))
      for (const tag of tags) assert.ok([...(own ?? []), '<!', '<!doctype', '</'].some((t) => tag.startsWith(t)), tag) // prettier-ignore
      assert.ok(!page.includes('<script') && !page.includes('\u202e'))
    }),
    { numRuns: 200 },
  )
})
