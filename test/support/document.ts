import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A block of code of a document. */
export interface Block {
  /** `sh`, `sql` and so on. */
  readonly kind: string
  readonly body: string
  /** The headings above it, the outermost first. */
  readonly headings: readonly string[]
}

/** A block to be run. */
const fence = /^(```\w+\n[^]*?^```\n)/m

/**
 * Goes through the blocks of a document in docs/ from top to bottom, as they are written. `run` does what one says and resolves to what
 * that printed; null: the block is not to be run. What was printed must be the `text` that follows, but for what `settled` makes equal.
 * With HOLDFAST_WRITE_SCREENS=1 what was printed is written into the document instead. Resolves to how many screens there were.
 */
export async function runDocument(o: {
  /** `OPERATIONS.md` */
  readonly name: string
  /** Only the blocks that it says yes to. */
  readonly takes: (block: Block) => boolean
  readonly run: (block: Block) => Promise<string | null>
}): Promise<number> {
  const path = fileURLToPath(new URL(`../../docs/${o.name}`, import.meta.url))
  const write = process.env['HOLDFAST_WRITE_SCREENS'] === '1'
  const pieces = readFileSync(path, 'utf8').split(fence)
  const headings: string[] = []
  let printed: string | null = null
  let screens = 0
  for (const [at, piece] of pieces.entries()) {
    const [, kind = '', body = ''] = /^```(\w+)\n([^]*?)^```\n/m.exec(piece) ?? []
    if (kind === '') {
      for (const [, hashes = '', title = ''] of piece.matchAll(/^(#+) (.*)$/gm))
        headings.splice(hashes.length - 1, Infinity, title)
      continue
    }
    const block = { kind, body, headings: [...headings] }
    if (!o.takes(block)) continue
    if (kind !== 'text') {
      printed = (await o.run(block)) ?? printed
      continue
    }
    assert.notEqual(printed, null, `a screen follows its command: ${body}`)
    if (write) pieces[at] = `\`\`\`text\n${printed}\`\`\`\n`
    else assert.equal(settled(printed ?? ''), settled(body))
    printed = null
    screens++
  }
  if (write) writeFileSync(path, pieces.join(''))
  return screens
}

/** What differs from run to run, made equal; columns may move with it. What was yesterday, a minute ago, has its date before the time. */
function settled(screen: string): string {
  return screen
    .replaceAll(/\d{8}T\d{6}Z-[0-9a-f]{8}/g, 'ID')
    .replaceAll(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, 'UUID')
    .replaceAll(/\b[0-9a-f]{32}\b/g, 'REPOSITORY')
    .replaceAll(/(owner key +)[\w-]{43}$/gm, '$1KEY')
    .replaceAll(/(holdfast_(?:old|new)_\S*)_[0-9a-f]{8}/g, '$1_ID')
    .replaceAll(/(\d{4}-\d\d-\d\d )?\d\d:\d\d(, (just now|\d+ \w+ ago)| UTC)/g, 'WHEN')
    .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|\+00)?/g, 'TIME')
    .replaceAll(/\d+ (second|minute)s? ago|just now/g, 'WHEN')
    .replaceAll(/[\d.,]+ (ms|s|min|B|kB|MB|GB)(\/s)?\b/g, 'AMOUNT')
    .replaceAll(/\d+ new chunks?; \d+ reused/g, 'CHUNKS')
    .replaceAll(/(?<=Postgres |"postgres": "|"version": "|^)\d+\.[\d.]+\d/gm, 'VERSION')
    .replaceAll(/(?<=^\w+\{.*\} )[\d.]+$/gm, 'VALUE')
    .replaceAll(/ at \S+$/gm, ' at HOST')
    .replaceAll(/ +/g, ' ')
}
