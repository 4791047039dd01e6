import type { Queries } from './database.ts'

/** How many alarms are open, and how many jobs are not over, of those that the caller may see. */
export interface Counts {
  readonly alarms: {
    readonly info: number
    readonly warning: number
    readonly error: number
    readonly critical: number
  }
  readonly jobs: { readonly pending: number; readonly waiting: number; readonly running: number }
}

export async function readCounts({ query }: Queries): Promise<Counts> {
  const rows = await query<{ what: string; count: number }>(
    `SELECT severity AS what, pg_catalog.count(*)::int4 AS count FROM holdfast.alarms WHERE closed_at IS NULL GROUP BY severity
     UNION ALL
     SELECT status, pg_catalog.count(*)::int4 FROM holdfast.jobs WHERE status IN ('pending', 'waiting', 'running') GROUP BY status`,
  )
  const of = (name: string): number => rows.find(({ what }) => what === name)?.count ?? 0
  return {
    alarms: { info: of('info'), warning: of('warning'), error: of('error'), critical: of('critical') },
    jobs: { pending: of('pending'), waiting: of('waiting'), running: of('running') },
  }
}
