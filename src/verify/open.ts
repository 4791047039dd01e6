import { tableLabel } from '../postgres/introspect/tables.ts'
import { heldBackReason, heldBackRows } from '../repository/held-back.ts'
import type { DrillRequest, Finding } from './types.ts'
import type { Restored } from './scratch.ts'

/** What of the backup a drill leaves open: what the scratch server can't host, the backup does not hold, or was not asked for. */
export function openOf(
  { contents, part }: Pick<DrillRequest, 'contents' | 'part'>,
  { plan, report }: Pick<Restored, 'plan' | 'report'>,
): Finding[] {
  const restored = new Set(report.tables.map(tableLabel))
  const made = new Set(plan.entries.filter((e) => e.type === 'TABLE').map((e) => `${e.schema}.${e.name}`))
  const held = contents.tables.filter((t) => t.data === 'held')
  const left = held.filter((t) => !restored.has(tableLabel(t)))
  const whole = part === undefined
  return [
    ...(whole
      ? [
          ...plan.leftOut.map((l) => ({ what: `${l.type.toLowerCase()} ${l.name}`, why: l.why })),
          ...left.map((t) => ({
            what: `rows of ${tableLabel(t)}`,
            why: 'the scratch server could not make the table',
          })),
        ]
      : [
          {
            what: `${left.length} of ${held.length} tables, and all that belongs to none of the others`,
            why: 'only a part of the backup was drilled',
          },
        ]),
    ...contents.tables
      .filter((t) => t.data !== 'held' && (whole || made.has(tableLabel(t))))
      .map((t) => ({ what: `rows of ${tableLabel(t)}`, why: 'the backup does not hold them' })),
    ...report.heldBack.map((held) => ({ what: heldBackRows(held), why: heldBackReason })),
    ...contents.gaps.map((g) => ({ what: g.what, why: `the backup does not hold it: ${g.why}` })),
    ...report.warnings
      .filter((w) => !plan.warnings.includes(w))
      .map((why) => ({ what: 'exactness of the scratch database', why })),
  ]
}
