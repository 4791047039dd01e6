import { createHash } from 'node:crypto'
import { HoldfastError } from '../lib/errors.ts'
import type { PreviewedChanges } from '../restore/in-place/run.ts'
import { text, wrong, type Given } from './option.ts'

/**
 * What somebody has agreed to who saw the preview of an earlier run: a program that lets a person look first, and runs the change by itself
 * afterwards.
 */
export const expectation = {
  expect: text({
    flags: '--expect <digest>',
    description:
      'the digest that --preview --json gave: where something else would be changed by now, nothing is',
  }),
}

const idText = text({
  flags: '--id <id>',
  description:
    'the id that the restore gets in the repository, such as 20261128T173252Z-0a1b2c3d, for a program that must find it again',
  default: 'a new one',
})

/** The id that a restore is to be found by, whatever becomes of the run. */
export const restoreId = {
  id: {
    ...idText,
    read(given: Given): string | undefined {
      const id = idText.read(given)
      if (id === undefined || /^\d{8}T\d{6}Z-[0-9a-f]{8}$/.test(id)) return id
      throw wrong(idText, id, 'give an id such as 20261128T173252Z-0a1b2c3d')
    },
  },
}

/**
 * What of a preview is agreed to: which rows are changed and to what, which tables come and go. Rows that are left alone may change, or
 * on a database in use nothing could ever be agreed to.
 */
export function digestOfRows({ preview, digest }: PreviewedChanges): string {
  const { makes, drops, tables, actions } = preview
  const changes = tables.map((t) => [t.schema, t.name, t.create, t.update, t.delete, t.conflicts, t.drift])
  return createHash('sha256')
    .update(JSON.stringify([digest, actions, makes, drops, changes]))
    .digest('hex')
}

/** Throws `preview_outdated` if what would be done is not what was agreed to. Nobody has said: it may be anything. */
export function requireExpected(expected: string | undefined, digest: string): void {
  if (expected === undefined || expected === digest) return
  throw new HoldfastError(
    'preview_outdated',
    'What would be done now is not what the preview showed. Nothing was changed.',
  )
}
