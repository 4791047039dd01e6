import { judgeEndedJobs } from '../../alarms/ended-jobs.ts'
import { rememberBackups, type BackupSummary } from '../../catalog/backups.ts'
import { addRepository } from '../../catalog/repositories.ts'
import { addSource } from '../../catalog/sources.ts'
import { openServiceCatalog } from '../../main.ts'
import { openRepository } from '../../repository/open.ts'
import { parseHostFile } from '../../repository/hostfile.ts'
import { openLocalStorage } from '../../storage/local.ts'
import { listBackups, listedJson } from '../listed.ts'
import { summaryOf } from '../summary.ts'
import type { History } from './history.ts'
import type { Place } from './place.ts'
import type { DemoShop } from './shop.ts'

/** What the service calls them. */
export const sourceName = 'bazaar'
export const repositoryName = 'backups'

/**
 * Puts into a new catalog what a service that had made these backups would have there: repository, source, backups, their jobs, and
 * the alarms that came of them.
 */
export async function furnishCatalog(o: {
  place: Place
  shop: DemoShop
  history: History
  signal: AbortSignal
}): Promise<void> {
  const { place, shop, history, signal } = o
  const storage = openLocalStorage(place.repository)
  const trust = { host: parseHostFile(history.hostFile) }
  const repository = await openRepository({ storage, trust, signal })
  const listed = await listBackups({ repository, store: null, signal })
  const summaries = listed.backups.map((backup) => listedJson(listed, backup) as BackupSummary)

  await using opened = await openServiceCatalog({ data: place.service, catalog: null, keyFile: null, signal }, true) // prettier-ignore
  const { system, seal } = opened.catalog
  const { sourceId, repositoryId } = await system.transaction(async (queries) => {
    const { hostFile, identity } = history
    const { id } = await addRepository(queries, {
      seal,
      name: repositoryName,
      address: place.repository,
      secrets: { hostFile, identity },
    })
    const source = await addSource(queries, {
      seal,
      name: sourceName,
      address: shop.url,
      settings: {},
      repositoryId: id,
      secrets: { password: shop.password },
    })
    await rememberBackups(queries, { repositoryId: id, sourceId: source.id, backups: summaries })
    return { sourceId: source.id, repositoryId: id }
  })
  for (const { manifest, contents } of history.backups) {
    const tables = contents.tables.map(({ schema, name, rows, data }) => ({ schema, name, rows, data }))
    const result = { backup: summaryOf(manifest), tables, gaps: contents.gaps, copies: [] }
    await system.query(
      `INSERT INTO holdfast.jobs (kind, source_id, repository_id, about, status, requested_by, attempt, result, created_at, started_at, ended_at)
       VALUES ('backup', $1, $2, $3, 'completed', 'schedule:bazaar-every-night', 1, $4, $5, $5, $6)`,
      [sourceId, repositoryId, sourceName, JSON.stringify(result), manifest.started, manifest.finished],
    )
    // At the time at which it would have been judged: an alarm has come up then.
    await judgeEndedJobs({ database: system, clock: { now: () => new Date(manifest.finished) } })
  }
}
