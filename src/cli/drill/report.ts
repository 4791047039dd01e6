import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { dirname, extname, resolve } from 'node:path'
import { HoldfastError, isHoldfastError } from '../../lib/errors.ts'
import { writeError } from '../../lib/file-errors.ts'
import { replaceFile } from '../../lib/replace-file.ts'
import type { BackupContents } from '../../repository/format/contents.ts'
import type { Manifest } from '../../repository/format/manifest.ts'
import type { DrillReport } from '../../verify/types.ts'
import { version } from '../../version.ts'
import { summaryOf } from '../summary.ts'
import { reportPage } from './page.ts'
import { withoutRows } from './text.ts'

/** All that a report tells. */
export interface ReportFacts {
  readonly manifest: Manifest
  readonly contents: BackupContents
  readonly report: DrillReport
  /** When the drill ended. */
  readonly finished: Date
}

const writers: Readonly<Record<string, (facts: ReportFacts) => string>> = {
  '.json': reportJson,
  '.html': reportPage,
}

/** Throws, before hours of work, if a report can't be written there. An earlier report is written over. */
export async function requireWritable(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    if (writers[extname(path)] === undefined) {
      throw new HoldfastError('usage', `--report can't be "${path}": its name must end in .json or .html.`)
    }
    await access(dirname(resolve(path)), constants.W_OK | constants.X_OK).catch((error: unknown) => {
      throw writeError(error, resolve(path))
    })
  }
}

/**
 * Writes the reports, each whole or not at all, for their owner's eyes: they name tables and roles. What is in the way of one is
 * given back and not thrown, since the drill was done.
 */
export async function writeReports(paths: readonly string[], facts: ReportFacts): Promise<HoldfastError[]> {
  const errors: HoldfastError[] = []
  for (const path of paths) {
    const content = writers[extname(path)]?.(facts) ?? ''
    await replaceFile({ path, content, mode: 0o600 }).catch((error: unknown) => {
      if (!isHoldfastError(error)) throw error
      errors.push(error)
    })
  }
  return errors
}

function reportJson({ manifest, contents, report, finished }: ReportFacts): string {
  const body = {
    format: 1,
    holdfast: version,
    finished: finished.toISOString(),
    backup: summaryOf(manifest),
    source: { server: contents.server.version, database: contents.database.name },
    drill: withoutRows(report),
  }
  return `${JSON.stringify(body, null, 2)}\n`
}
