import { once, textsOf, type Sentence } from '../../lib/sentence.ts'
import { randomUUID } from 'node:crypto'
import { HoldfastError, isHoldfastError } from '../../lib/errors.ts'
import { describeAddress, withDatabase, type ServerAddress } from '../../postgres/connect.ts'
import type { BackupContents } from '../../repository/format/contents.ts'
import type { Manifest } from '../../repository/format/manifest.ts'
import { planRestore } from '../plan.ts'
import type { RestoreOptions, RestorePlan, RestoreProblem } from '../types.ts'
import { inspectLive, type LiveDatabase } from './live.ts'
import { besideContents, differences } from './properties.ts'
import { besideName, type BesideDatabase } from './state.ts'
import { problem } from '../problems.ts'
import { sentence } from '../sentences.ts'

/** How a backup will take the place of a live database: printable data. */
export interface SwapPlan {
  readonly backup: string
  readonly moment: string
  /** Without password. */
  readonly target: string
  readonly name: string
  readonly id: string
  readonly live: LiveDatabase
  /** Where it is restored to. */
  readonly besideName: string
  /** What the live database will be called. */
  readonly keepAs: string
  /** An earlier run has restored and compared this backup, and only has to take its place. */
  readonly ready: BesideDatabase | null
  /** What an earlier run has left, which is dropped first. */
  readonly cleared: readonly BesideDatabase[]
  /** Into the database beside the live one; null if that is ready, or can't be planned. */
  readonly restore: RestorePlan | null
  readonly differing: readonly string[]
  readonly warnings: readonly string[]
  readonly problems: readonly RestoreProblem[]
  /** What `warnings` are made of. */
  readonly parts: readonly Sentence[]
}

/** What a person can choose of it. */
export type SwapOptions = Pick<RestoreOptions, 'noOwner' | 'noGrants' | 'roles' | 'quarantine' | 'restart'>

/** Plans it: reads the target, touches nothing. Throws `database_missing` where there is nothing to replace. */
export async function planSwap(o: {
  manifest: Manifest
  contents: BackupContents
  schemaText: Uint8Array
  target: ServerAddress
  options: SwapOptions
  signal?: AbortSignal | undefined
}): Promise<SwapPlan> {
  const { options, target, manifest } = o
  const live = await inspectLive(target, o.signal).catch((error: unknown) => {
    if (!isHoldfastError(error, 'database_missing')) throw error
    throw new HoldfastError('database_missing', `There is no database ${target.database} to be replaced.`, {
      cause: error,
      hint: 'Leave out --swap, and add --create-database.',
    })
  })
  const left = live.beside.filter((d) => d.state !== 'replaced')
  const ready = options.restart
    ? undefined
    : left.find((d) => d.state === 'ready' && d.backup === manifest.id && d.quarantine === options.quarantine)
  const others = left.filter((d) => d !== ready)
  const id = ready?.id ?? randomUUID().slice(0, 8)
  const beside = ready?.name ?? besideName(target.database, 'holdfast', id)
  const restore =
    ready === undefined && live.reachable
      ? await planRestore({
          ...o,
          contents: besideContents(o.contents, live.own),
          target: withDatabase(target, beside),
          options: { ...options, ...wholeDatabase },
        })
      : null
  const said = notes(target.database, live, o.contents)
  return {
    backup: manifest.id,
    moment: manifest.moment,
    target: describeAddress(target),
    name: target.database,
    id,
    live,
    besideName: beside,
    keepAs: besideName(target.database, 'before', id),
    ready: ready ?? null,
    cleared: options.restart ? others : [],
    restore,
    differing: differences(o.contents, live.own),
    warnings: [...(restore?.warnings ?? []), ...textsOf(said)],
    parts: once([...(restore?.parts ?? []), ...said]),
    problems: [
      ...live.problems,
      ...(restore?.problems ?? []),
      ...(options.restart ? [] : unfinished(target.database, others)),
    ],
  }
}

/** What was left by an earlier run stands beside it under another name. */
const wholeDatabase = {
  restart: false,
  createDatabase: true,
  schemas: [],
  tables: [],
  excludeTables: [],
  allowLocaleFallback: false,
  withoutExtensions: [],
}

function unfinished(name: string, left: readonly BesideDatabase[]): RestoreProblem[] {
  return left.map((d) => {
    const values = { name: d.name, database: name, at: d.at }
    const said =
      d.state === 'ready'
        ? sentence(
            'left_ready',
            { ...values, backup: d.backup },
            `${d.name} is left by a restore in place of ${name}: backup ${d.backup} is restored there and was compared ${d.at}, but has not taken its place. Run that again to go on, or --restart to drop it.`,
          )
        : sentence(
            'left_unready',
            values,
            `${d.name} is left by a restore in place of ${name}, begun ${d.at}, which is under way or was interrupted. ${name} itself is untouched.`,
          )
    return problem('target_unfinished', said)
  })
}

function notes(name: string, live: LiveDatabase, contents: BackupContents): Sentence[] {
  const kept = live.beside.filter((d) => d.state === 'replaced')
  const disabled = live.subscriptions.filter((s) => !s.enabled).map((s) => s.name)
  const inBackup = contents.schema.entries.filter((e) => e.type === 'SUBSCRIPTION').map((e) => e.name)
  return [
    ...live.unmarked.map((left) =>
      sentence(
        'left_unmarked',
        { name: left, database: name },
        `${left} has a name as a restore in place of ${name} gives it, and says nothing of one. If a run died right after it had made it, it is empty: drop it.`,
      ),
    ),
    ...kept.map((d) =>
      sentence(
        'kept_beside',
        { name: d.name, at: d.at },
        `${d.name}, replaced ${d.at}, is kept since an earlier restore in place; holdfast release ${name} --drop-old drops it.`,
      ),
    ),
    ...(disabled.length > 0
      ? [
          sentence(
            'subscriptions_stay',
            { names: disabled },
            `The disabled subscriptions ${disabled.join(', ')} stay with the old database.`,
          ),
        ]
      : []),
    ...(inBackup.length > 0
      ? [
          sentence(
            'subscriptions_disabled',
            { names: inBackup },
            `The subscriptions ${inBackup.join(', ')} of the backup are restored disabled: what their publishers have sent since must be copied anew.`,
          ),
        ]
      : []),
  ]
}
