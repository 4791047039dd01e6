import type { ServerAddress } from '../postgres/connect.ts'
import type { RestoreRecord } from '../repository/format/restore-contents.ts'
import type { ComponentPreview } from '../restore/component/types.ts'
import { didText } from './component-text.ts'
import { whoRestores } from './restore-report.ts'

/** The report of a restore of components, or of its undoing, which was done as it was previewed. */
export function recordOf(o: {
  readonly preview: ComponentPreview
  readonly target: ServerAddress
  readonly started: Date
  readonly finished: Date
  readonly scope: readonly string[]
}): RestoreRecord {
  const { preview, started } = o
  const finished = new Date(Math.max(started.getTime(), o.finished.getTime()))
  return {
    format: 1,
    kind: preview.undoes === null ? 'in place' : 'undo',
    backup: preview.backup,
    moment: preview.moment,
    undoes: preview.undoes,
    target: preview.target,
    who: whoRestores(o.target),
    started: started.toISOString(),
    finished: finished.toISOString(),
    seconds: (finished.getTime() - started.getTime()) / 1000,
    scope: o.scope,
    tables: [],
    checks: [
      ...preview.changes.flatMap((c) =>
        c.action === null ? [] : [{ what: c.object, result: didText[c.action] }],
      ),
      { what: 'the schema, before it was committed', result: 'as planned' },
    ],
    warnings: preview.warnings,
  }
}
