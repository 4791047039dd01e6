import type { Measurement } from './measure.ts'
import { recoverWork } from './works.ts'

/** What was measured of one kind of work by one contestant: all repetitions. */
export interface Series {
  readonly work: string
  readonly contestant: string
  readonly ours: boolean
  readonly runs: readonly Run[]
}

export interface Run extends Omit<Measurement, 'stdout'> {
  /** Bytes that the backup takes on disk, or that this run added. */
  readonly storedBytes: number | null
}

export interface Results {
  readonly machine: Machine
  readonly parameters: Readonly<Record<string, string | number>>
  readonly series: readonly Series[]
  /** What could not be measured here, in plain words. */
  readonly remarks: readonly string[]
}

/** In general words: nothing that names this very machine. */
export interface Machine {
  readonly cores: number
  readonly memoryGb: number
  readonly system: string
  readonly node: string
  readonly server: string
  readonly peer: string
}

/** Works whose time has a target, as a multiple of the first peer's; where no peer can do it, of our own restore of everything. */
const targets: Readonly<Record<string, number>> = {
  'full backup': 1,
  restore: 1,
  'many tables, backup': 1.5,
  [recoverWork]: 0.05,
}

/** The measured part of RESULTS.md. */
export function toMarkdown({ machine, parameters, series, remarks }: Results): string {
  const works = [...new Set(series.map((one) => one.work))]
  return [
    '# Measured side by side',
    '',
    'Written by `npm run bench`, but for the last chapter. Times are wall clock from outside, start-up included: median',
    '(least to most) of all repetitions, contestants alternating, on the same server over the same kind of connection, after a run that does not count.',
    'CPU is user and system time of the client and of the server. Memory is the largest resident size of any one process.',
    '',
    `Machine: ${machine.cores} cores, ${machine.memoryGb} GB, ${machine.system}. Server: Postgres ${machine.server}. Peer: ${machine.peer}. Node ${machine.node}.`,
    '',
    Object.entries(parameters)
      .map(([name, value]) => `${name}: ${value}`)
      .join('; ') + '.',
    '',
    '| work | by | seconds | of the peer | target | client CPU s | server CPU s | memory MB | stored MB |',
    '|---|---|---|---|---|---|---|---|---|',
    ...works.flatMap((work) =>
      rowsOf(
        work,
        series.filter((one) => one.work === work),
        series.find((one) => one.ours && one.work === 'restore'),
      ),
    ),
    '',
    ...remarks.map((remark) => `- ${remark}`),
    ...(remarks.length > 0 ? [''] : []),
  ].join('\n')
}

function rowsOf(work: string, series: readonly Series[], whole: Series | undefined): string[] {
  const peer = series.find((one) => !one.ours) ?? (work.includes('brought back') ? whole : undefined)
  return series.map((one) => {
    const seconds = one.runs.map((run) => run.seconds)
    const ratio =
      peer === undefined || peer === one
        ? ''
        : (median(seconds) / median(peer.runs.map((run) => run.seconds))).toFixed(2)
    const limit = one.ours && ratio !== '' ? targets[work] : undefined
    const target = limit === undefined ? '' : `${limit} ${Number(ratio) <= limit ? 'met' : '**missed**'}`
    const spread =
      seconds.length > 1 ? ` (${Math.min(...seconds).toFixed(2)}-${Math.max(...seconds).toFixed(2)})` : ''
    const stored = one.runs.map((run) => run.storedBytes).filter((bytes) => bytes !== null)
    const cells = [
      work,
      one.contestant,
      median(seconds).toFixed(2) + spread,
      ratio,
      target,
      median(one.runs.map((run) => run.clientCpu)).toFixed(2),
      median(one.runs.map((run) => run.serverCpu)).toFixed(2),
      (Math.max(...one.runs.map((run) => run.peakRss)) / 1e6).toFixed(0),
      stored.length === 0 ? '' : (median(stored) / 1e6).toFixed(1),
    ]
    return `| ${cells.join(' | ')} |`
  })
}

/** The middle value, or the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.slice(Math.ceil(sorted.length / 2) - 1, Math.floor(sorted.length / 2) + 1)
  return middle.reduce((sum, value) => sum + value, 0) / middle.length
}
