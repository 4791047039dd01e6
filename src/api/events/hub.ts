import type { Catalog } from '../../catalog/catalog.ts'
import {
  allOf,
  currentSnapshot,
  isLost,
  readChanges,
  type Change,
  type Position,
} from '../../catalog/changes.ts'
import { asCaller, type Claims } from '../../catalog/claims.ts'
import { findJobs } from '../../catalog/jobs.ts'
import { HoldfastError } from '../../lib/errors.ts'
import { startLooking, type EventTimes, type Looking } from './looking.ts'
import { jobAsItIs, lastOfEach, readEvents, type ToldChange } from './read.ts'
import { newReader, type EventFilter, type Reader } from './reader.ts'

/*
 * One look at the changes for all readers of this process. It is made when the catalog notifies, and now and then without that; what it
 * finds is read once for each kind of rights that readers have, under row level security, and given to those readers. Each process that
 * serves does so by itself. Without readers nothing is looked at.
 */

/** Streams of events. */
export interface EventHub {
  /**
   * A new stream. Throws `too_many_streams`, `request_invalid` if the position is none, `job_not_found` and `catalog_unreachable`; what
   * goes wrong later is tried again, and the reader is told late.
   */
  open(wanted: WantedStream): Promise<ReadableStream<Uint8Array>>
  /** Ends all streams. */
  stop(): Promise<void>
}

export interface WantedStream {
  readonly claims: Claims
  /** Whom the reader acts for now; null: for nobody any more. Readers with the same credentials are asked for once. */
  readonly recheck: () => Promise<Claims | null>
  readonly credentials: string
  readonly filter: EventFilter
  /** Null: from now on. */
  readonly after: Position | null
  /** Ends the connection at once, where the server has a way to. */
  readonly cut: (() => void) | null
}

/** Of one caller at once. */
const mostStreams = 20
const pageRows = 100

interface Member extends Pick<WantedStream, 'recheck' | 'credentials'> {
  readonly reader: Reader
  claims: Claims
}

export function createHub(o: { catalog: Catalog; times: EventTimes; log: (text: string) => void }): EventHub {
  const { catalog } = o
  /** All streams, and those of them that are told what comes. */
  const members = new Set<Member>()
  const live = new Set<Member>()
  /** What all live ones have been told of. */
  let told: string | null = null
  let looking: Looking | null = null
  let turn: Promise<unknown> = Promise.resolve()
  let stopped = false

  /** A look, and letting a reader in, are made one after the other: no change is between them. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const now = turn.then(work)
    turn = now.catch(() => undefined)
    return now
  }

  /** If it fails in the middle, all of it is told again the next time: twice, but not never. */
  async function look(): Promise<void> {
    if (live.size === 0) return
    const upTo = await currentSnapshot(catalog.system)
    const from = (told ??= upTo)
    for (let at = allOf(from); ;) {
      const page = await readChanges(catalog.system, { position: at, upTo, limit: pageRows })
      if (page.length > 0) await tellAll(page, (number) => ({ from, to: upTo, number }))
      const last = page.at(-1)
      if (last === undefined || page.length < pageRows) break
      at = { from, to: upTo, number: last.number }
    }
    told = upTo
  }

  async function tellAll(page: readonly Change[], after: (number: bigint) => Position): Promise<void> {
    const changes = lastOfEach(page)
    const events = new Map<string, readonly ToldChange[]>()
    for (const { claims } of live) {
      const rights = rightsOf(claims)
      if (!events.has(rights))
        events.set(rights, await asCaller(catalog.api, claims, (q) => readEvents(q, changes)))
    }
    for (const { reader, claims } of live)
      reader.tell(events.get(rightsOf(claims)) ?? [], ({ number }) => after(number))
  }

  /** A sign of life, and the end for those who may not listen any more. */
  async function beat(): Promise<void> {
    const asked = new Map<string, Promise<Claims | null>>()
    for (const member of live) {
      const answer = asked.get(member.credentials) ?? member.recheck()
      asked.set(member.credentials, answer)
      const claims = await answer
      if (claims === null) {
        member.reader.say({ kind: 'end', code: 'not_signed_in' })
        member.reader.end()
        continue
      }
      await inTurn(async () => {
        member.claims = claims
        if (told !== null) member.reader.beat(allOf(told))
      })
    }
  }

  function join(member: Member): void {
    members.add(member)
    looking ??= startLooking({ catalog, times: o.times, log: o.log, look: () => inTurn(look), beat })
  }

  function leave(member: Member): void {
    members.delete(member)
    live.delete(member)
    if (members.size > 0) return
    void looking?.stop()
    looking = null
  }

  /** What the reader has missed, from its position to the one at which it was let in. */
  async function catchUp({ reader, claims }: Member, from: Position, to: string): Promise<void> {
    for (let at = from; ;) {
      const position = at
      const [page, events] = await asCaller(catalog.api, claims, async (q) => {
        const changes = await readChanges(q, { position, upTo: to, limit: pageRows })
        return [changes, await readEvents(q, lastOfEach(changes))] as const
      })
      reader.catchUp.tell(events, ({ number }) => ({ from: from.from, to, number }))
      await reader.drained()
      const last = page.at(-1)
      if (last === undefined || page.length < pageRows) break
      at = { from: from.from, to, number: last.number }
    }
    if (await isLost(catalog.system, from)) reader.catchUp.say({ kind: 'reset' })
  }

  return {
    async open({ claims, recheck, credentials, filter, after, cut }) {
      const mine = [...members].filter((one) => one.claims.subject === claims.subject).length
      if (mine >= mostStreams)
        throw new HoldfastError('too_many_streams', `This caller has ${mine} streams of events already.`)
      const reader = newReader({ filter, cut, onGone: () => leave(member) })
      const member: Member = { reader, claims, recheck, credentials }
      join(member)
      try {
        const start = await inTurn(async () => {
          if (after !== null) await isLost(catalog.system, after)
          const now = live.size > 0 && told !== null ? told : await currentSnapshot(catalog.system)
          told = now
          if (members.has(member)) live.add(member)
          return now
        })
        if (filter.jobId !== null && after === null)
          reader.catchUp.tell([await jobNow(claims, filter.jobId)], () => allOf(start))
        if (stopped) reader.end()
        else if (after === null) reader.begin(allOf(start))
        else void catchUp(member, after, start).then(() => reader.begin(allOf(start)), reader.end)
        return reader.stream
      } catch (error) {
        reader.end()
        throw error
      }
    },
    async stop() {
      stopped = true
      const last = looking
      for (const { reader } of members) reader.end()
      await last?.stop()
    },
  }

  async function jobNow(claims: Claims, id: string): Promise<ToldChange> {
    const [job] = await asCaller(catalog.api, claims, (q) => findJobs(q, [id]))
    if (job === undefined) throw new HoldfastError('job_not_found', `There is no job ${id}.`)
    return jobAsItIs(job)
  }
}

/** Callers with the same see the same. */
function rightsOf({ role, sources }: Claims): string {
  return JSON.stringify([role, [...sources].sort()])
}
