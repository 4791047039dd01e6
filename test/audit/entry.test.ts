import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseTrail } from '../../src/audit/export.ts'
import { verifyTrail } from '../../src/audit/verify.ts'

const page = fileURLToPath(new URL('../../docs/AUDIT.md', import.meta.url))

test('the two entries that docs/AUDIT.md shows have the hashes that it says', async () => {
  const [, vector = ''] = /```json\n([^]*?)```/.exec(await readFile(page, 'utf8')) ?? []
  async function* pieces() {
    yield vector
  }
  const { broken, entries } = await verifyTrail(parseTrail(pieces()), null)
  assert.deepEqual([broken, entries], [null, 2])
})

test('what is no export is refused, and not taken for an empty one', async () => {
  const texts = [
    '',
    'PK\u0003',
    '{"number": 1}\n',
    '[\n{"number":"1"}\n]\n',
    'number,at\r\n1,"x"\r\n',
    '[\n{"number":1,\n',
  ]
  for (const text of texts) {
    async function* pieces() {
      yield text
    }
    await assert.rejects(verifyTrail(parseTrail(pieces()), null), { code: 'audit_unreadable' }, text)
  }
})
