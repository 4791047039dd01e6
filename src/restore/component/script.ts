import { schemaSession } from '../../postgres/schema/dump.ts'
import type { Manifest } from '../../repository/format/manifest.ts'
import type { PlannedComponents } from './plan.ts'

/** SQL for psql that takes the plan back, in one transaction. It may hold password verifiers. */
export function undoScript({
  planned,
  manifest,
}: {
  planned: PlannedComponents
  manifest: Manifest
}): string {
  return [
    `-- Takes back what a restore of components of the backup ${manifest.id} has changed.`,
    'BEGIN;',
    "SET client_encoding = 'UTF8';",
    `${schemaSession};`,
    ...planned.undoSteps.map((step) => step.sql.trimEnd()),
    'COMMIT;',
    '',
  ].join('\n')
}
