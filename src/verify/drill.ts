import { requireQueries } from './assertions.ts'
import { runChecks } from './checks.ts'
import { checkFailure, errorOf, restoreFailure } from './failure.ts'
import { createMeasure, toMilliseconds, type Measure } from './measure.ts'
import { openOf } from './open.ts'
import { restoreInto, rootOf, startScratchServer, type Restored } from './scratch.ts'
import type { DrillGoal, DrillOutcome, DrillReport, DrillRequest } from './types.ts'
import { blankReport, notRestored } from './unreadable.ts'

/**
 * Restores a backup, or a part of it, into a private, unprivileged scratch server, compares rows with the source's fingerprints
 * and the schema with the backup's, checks what must hold in any database and what the user says must hold in this one,
 * and throws the server away.
 *
 * The outcome tells what was found. Thrown is what says nothing of the backup: `drill_failed` where the drill could
 * not be done to its end, `assertion_invalid`, `table_not_found`, `cancelled`, and what starting a server throws.
 */
export async function runDrill(o: DrillRequest): Promise<DrillOutcome> {
  const measure = createMeasure(o.clock)
  o.onProgress?.({ phase: 'starting a scratch server', done: 0, total: null, unit: 'objects' })
  await using server = await measure.phase('starting a scratch server', () => startScratchServer(o))
  await requireQueries({ assertions: o.assertions ?? [], address: rootOf(server), signal: o.signal })
  const from = measure.seconds()
  let restored: Restored
  try {
    restored = await restoreInto(o, server)
  } catch (thrown) {
    const { error, verdict } = await restoreFailure({ error: thrown, server, backup: o.manifest.id })
    if (!verdict) throw error
    const found = { ...blankReport(o, server.version), ...notRestored('the backup', error.message) }
    return { report: reportOf(found, measure), error }
  }
  const restoreSeconds = toMilliseconds(measure.seconds() - from)
  for (const { name, seconds } of restored.report.phases) measure.add(name, seconds)
  const checked = await runChecks({ ...o, ...restored, measure }).catch(async (thrown: unknown) => {
    throw await checkFailure({ error: thrown, server, backup: o.manifest.id })
  })
  const report = reportOf(
    {
      ...blankReport(o, server.version),
      ...checked,
      ...figuresOf(restored),
      notVerified: openOf(o, restored),
      restoreSeconds,
      goal: goalOf(o, restoreSeconds),
    },
    measure,
  )
  return { report, error: errorOf(report) }
}

function figuresOf({
  plan,
  report,
}: Restored): Pick<DrillReport, 'tables' | 'rows' | 'heldBack' | 'plainBytes' | 'objects'> {
  const { tables, rows, heldBack, plainBytes } = report
  return { tables, rows, heldBack, plainBytes, objects: plan.entries.length }
}

function goalOf({ goalSeconds, part }: DrillRequest, took: number): DrillGoal | null {
  if (goalSeconds === undefined) return null
  const inTime = part === undefined ? 'met' : 'not verified'
  return { seconds: goalSeconds, result: took > goalSeconds ? 'missed' : inTime }
}

function reportOf(found: DrillReport, measure: Measure): DrillReport {
  const failed = found.checks.some((check) => check.result === 'failed')
  return {
    ...found,
    result: failed ? 'failed' : 'passed',
    seconds: measure.seconds(),
    phases: measure.phases,
  }
}
