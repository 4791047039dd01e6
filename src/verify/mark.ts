import type { VerifiedMark } from '../repository/format/verified.ts'
import { version } from '../version.ts'
import type { DrillReport } from './types.ts'

/** What the repository keeps of a drill, in the clear: counts, and no name. */
export function markOf(
  report: DrillReport,
): Omit<VerifiedMark, 'format' | 'backup' | 'drill' | 'content' | 'when'> {
  const tables = (how: DrillReport['tables'][number]['compared']): number =>
    report.tables.filter(({ compared }) => compared === how).length
  const assertions = (result: 'passed' | 'failed'): number =>
    report.assertions.filter((one) => one.result === result).length
  const open = report.checks.reduce((sum, check) => sum + check.notVerified.length, report.notVerified.length)
  return {
    result: report.result,
    level: report.part === null ? 'whole' : 'part',
    compared: { hashed: tables('hashed'), sampled: tables('sampled'), counted: tables('counted') },
    assertions: { passed: assertions('passed'), failed: assertions('failed') },
    notVerified: open,
    seconds: Math.ceil(report.restoreSeconds),
    holdfast: version,
  }
}
