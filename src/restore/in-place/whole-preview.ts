import { once, textsOf, type Sentence } from '../../lib/sentence.ts'
import { tableLabel } from '../../postgres/introspect/tables.ts'
import { sentence } from '../sentences.ts'
import { fixedColumns, mayMakeAgain } from './identity.ts'
import type { LiveForeignKey } from './live.ts'
import { madeTablesOf } from './made.ts'
import { sumCounts } from './preview.ts'
import type { Silence } from './silence-plan.ts'
import { withRulesFor } from './silence.ts'
import type { Preview, Question, TablePreview, Unit } from './types.ts'
import type { Comparison, Workspace } from './workspace.ts'

/** All that is said of a restore in place before it is agreed to, from what was compared; `found` is null if nothing was. */
export function previewOf(
  workspace: Workspace,
  o: { found: Comparison | null; silence: Silence | null; seconds: number },
): Preview {
  const { found, silence, seconds } = o
  const tables = found?.tables ?? []
  const totals = sumCounts(tables)
  const changed = tables.filter((t) => t.create + t.update + t.delete > 0)
  const problems = [...workspace.about.problems, ...(silence?.problems ?? [])]
  const warnings = [...workspace.about.warnings, ...(silence?.warnings ?? [])]
  const questions = [
    ...referenceQuestions(workspace, found),
    ...conflictQuestions(workspace, totals.conflicts),
  ]
  return {
    ...workspace.about,
    problems: textsOf(problems),
    warnings: textsOf(warnings),
    tables,
    totals,
    makes: madeTablesOf(workspace.making),
    drops: workspace.dropping.map(({ schema, name, rows }) => ({ schema, name, rows })),
    questions: questions.map(({ about, said }) => ({ about, text: said.text })),
    parts: once([...problems, ...questions.map(({ said }) => said), ...warnings, ...(found?.parts ?? [])]),
    estimate: {
      // Applying finds the difference once more, under the locks.
      seconds: Math.ceil(seconds * 2),
      locks: changed.map((t) => tableLabel(t)),
      closed: (found?.previewed ?? [])
        .filter((u, n) => isClosed(u, tables[n], workspace.foreignKeys))
        .map((u) => tableLabel(u.live)),
      temporaryBytes: workspace.units.reduce(
        (sum, u) => sum + u.from.reduce((bytes, t) => bytes + t.plainBytes, 0),
        0,
      ),
    },
  }
}

interface Asked {
  readonly about: Question['about']
  readonly said: Sentence
}

function referenceQuestions(workspace: Workspace, found: Comparison | null): Asked[] {
  if (workspace.missingReferences !== null) return []
  return (found?.tables ?? [])
    .filter((t) => t.neededBy.length > 0 && t.create > 0)
    .map((t) => ({
      about: 'references' as const,
      said: sentence(
        'bring_needed',
        { count: t.create, table: tableLabel(t), tables: t.neededBy },
        `${rowsText(t.create)} of ${tableLabel(t)} that others need ${t.create === 1 ? 'is' : 'are'} gone, and rows of ${t.neededBy.join(', ')} refer to them: bring them back too (--references bring), or leave out the rows that need them (--references skip)?`,
      ),
    }))
}

function conflictQuestions({ about }: Workspace, conflicts: number): Asked[] {
  if (conflicts === 0) return []
  return [
    {
      about: 'conflicts',
      said: sentence(
        about.undoes !== null ? 'skip_undone' : about.newIds ? 'skip_copies' : 'skip_conflicts',
        { count: conflicts },
        about.undoes === null
          ? `${rowsText(conflicts)} can't be ${about.newIds ? 'brought' : 'changed'} without breaking a key: leave them out and go on (--skip-conflicts)?`
          : `${rowsText(conflicts)} can't be put back, since somebody has changed them or what they depend on after the restore: leave them out (--skip-conflicts), or put back also what was changed since (--overwrite)?`,
      ),
    },
  ]
}

/** Whether applying the table's changes takes a lock that keeps others from reading, too. */
function isClosed(
  unit: Unit,
  table: TablePreview | undefined,
  foreignKeys: readonly LiveForeignKey[],
): boolean {
  if (table === undefined || table.create + table.update + table.delete === 0) return false
  const { create: created, update: updated, delete: deleted } = table
  const { rules } = withRulesFor(unit.live, { created, updated, deleted })
  const numbers = mayMakeAgain(unit, foreignKeys) ? [] : fixedColumns(unit)
  return (unit.live.owned && rules.length > 0) || table.changedColumns.some((c) => numbers.includes(c.name))
}

function rowsText(count: number): string {
  return count === 1 ? '1 row' : `${count} rows`
}
