import type { Backup } from './types.ts'

/** What is read of a backup's summary, which is its manifest with what is known of it since; src/cli/summary.ts. */
export interface BackupFacts {
  readonly id: string
  readonly moment: string
  readonly sourceId: string | null
  readonly repositoryId: string
  readonly kind: string
  readonly name: string | null
  readonly description: string | null
  readonly seconds: number | null
  readonly rows: number
  readonly tables: number
  readonly plainBytes: number
  readonly storedBytes: number
  readonly newBytes: number
  readonly newChunks: number
  readonly reusedChunks: number
  readonly gaps: number
  readonly major: number | null
  readonly lsn: string | null
  readonly host: string | null
  readonly copies: readonly string[]
  readonly pins: readonly { readonly reason: string }[]
  readonly damaged: boolean
  readonly partial: boolean
  /** The last drill; null: none. */
  readonly verified: {
    readonly passed: boolean
    readonly when: string
    readonly notVerified: number
    readonly level: string
  } | null
}

type Loose = Readonly<Record<string, unknown>>

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)
const number = (value: unknown): number => (typeof value === 'number' ? value : 0)
const object = (value: unknown): Loose =>
  typeof value === 'object' && value !== null ? (value as Loose) : {}
const array = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : [])

/** Older ones, and those of other versions, may lack a part. */
export function factsOf({ id, moment, sourceId, repositoryId, summary }: Backup): BackupFacts {
  const totals = object(summary['totals'])
  const { verified } = summary
  const mark = object(verified)
  return {
    id,
    moment,
    sourceId,
    repositoryId,
    kind: text(summary['kind']) ?? 'full',
    name: text(summary['name']),
    description: text(summary['description']),
    seconds: secondsOf(summary),
    rows: number(totals['rows']),
    tables: number(totals['tables']),
    plainBytes: number(totals['plainBytes']),
    storedBytes: number(totals['storedBytes']),
    newBytes: number(totals['newStoredBytes']),
    newChunks: number(totals['newChunks']),
    reusedChunks: number(totals['reusedChunks']),
    gaps: number(totals['gaps']),
    major: typeof summary['major'] === 'number' ? summary['major'] : null,
    lsn: text(summary['lsn']),
    host: text(summary['host']),
    copies: array(summary['copies']).filter((one) => typeof one === 'string'),
    pins: array(summary['pins']).map((pin) => ({ reason: text(object(pin)['reason']) ?? '' })),
    damaged: summary['damaged'] === true,
    partial: text(summary['scope']) !== null,
    verified:
      verified === null || verified === undefined
        ? null
        : {
            passed: mark['result'] === 'passed',
            when: text(mark['when']) ?? moment,
            notVerified: number(mark['notVerified']),
            level: text(mark['level']) ?? 'whole',
          },
  }
}

function secondsOf(summary: Loose): number | null {
  if (typeof summary['seconds'] === 'number') return summary['seconds']
  const [started, finished] = [text(summary['started']), text(summary['finished'])]
  return started === null || finished === null ? null : (Date.parse(finished) - Date.parse(started)) / 1000
}

export type Proof = 'damaged' | 'failed' | 'proven' | 'partly' | 'none'

/** How far it is proven that it can be restored. */
export function proofOf({ damaged, verified }: BackupFacts): Proof {
  if (damaged) return 'damaged'
  if (verified === null) return 'none'
  if (!verified.passed) return 'failed'
  return verified.level === 'whole' && verified.notVerified === 0 ? 'proven' : 'partly'
}
