import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command, Contestant } from './contestants.ts'
import { bytesOnDisk, measure } from './measure.ts'
import type { Run, Series } from './report.ts'
import { runSql, type BenchServer } from './server.ts'
import { recoverWork } from './works.ts'

/** Where the contestants work, in turn, and what was measured of them. */
export interface Stage {
  /** Makes a database and fills it. */
  database(name: string, fill: (url: string) => Promise<void>): Promise<void>
  drop(name: string): Promise<void>
  /** Full backups into new repositories; the last one of each contestant is kept for the works below. */
  fullBackups(options: Work): Promise<void>
  /** Backups by Holdfast into the repository it has, after 0.1 % of one table's rows were changed: side by side, and all over. */
  secondBackups(options: Omit<Work, 'work'>): Promise<void>
  /** 100 rows of the largest table are deleted, side by side and all over, after a backup, and brought back in place. */
  lostRows(options: Omit<Work, 'work'>): Promise<void>
  /** Restores of the kept backups into new empty databases. */
  restores(options: Work): Promise<void>
  series(): Series[]
}

export interface Work {
  readonly work: string
  readonly database: string
  readonly repetitions: number
}

const scratch = 'bench_restored'

/** `directory` takes the backups. A backup of each contestant runs before the ones that count, so that everything is in the caches. */
export function createStage({
  server,
  contestants,
  directory,
  log,
}: {
  server: BenchServer
  contestants: readonly Contestant[]
  directory: string
  log: (text: string) => void
}): Stage {
  const runs = new Map<string, { work: string; contestant: Contestant; runs: Run[] }>()
  const storeOf = (contestant: Contestant) => join(directory, `store-${contestants.indexOf(contestant)}`)

  function record(work: string, contestant: Contestant, run: Run): void {
    const key = `${work}\n${contestant.name}`
    const known = runs.get(key) ?? { work, contestant, runs: [] }
    known.runs.push(run)
    runs.set(key, known)
    log(`  ${work}, ${contestant.name}: ${run.seconds.toFixed(2)} s`)
  }

  /** Nobody pays for what was left to write by the one before. */
  async function timed(command: Command): Promise<Omit<Run, 'storedBytes'>> {
    await server.query('CHECKPOINT')
    const { stdout: _, ...run } = await measure({ ...command, serverPid: server.pid })
    return run
  }

  async function fullBackup(contestant: Contestant, database: string): Promise<Run> {
    const store = storeOf(contestant)
    await rm(store, { recursive: true, force: true })
    await contestant.prepare({ store })
    const run = await timed(contestant.backup({ url: server.url(database), store }))
    return { ...run, storedBytes: await bytesOnDisk(store) }
  }

  return {
    async database(name, fill) {
      await server.query(`CREATE DATABASE ${name}`)
      await fill(server.url(name))
    },
    drop: (name) => server.query(`DROP DATABASE ${name}`),

    async fullBackups({ work, database, repetitions }) {
      for (const contestant of contestants) await fullBackup(contestant, database)
      for (let n = 0; n < repetitions; n++) {
        for (const contestant of contestants) record(work, contestant, await fullBackup(contestant, database))
      }
    },

    async secondBackups({ database, repetitions }) {
      const url = server.url(database)
      for (const contestant of contestants.filter((one) => one.ours)) {
        const store = storeOf(contestant)
        for (let n = 0; n < repetitions; n++) {
          for (const [work, change] of [
            ['second backup, 0.1 % changed side by side', contiguousChange(n)],
            ['second backup, 0.1 % changed all over', scatteredChange(n)],
          ] as const) {
            await runSql(url, change)
            const before = await bytesOnDisk(store)
            const run = await timed(contestant.backup({ url, store }))
            record(work, contestant, { ...run, storedBytes: (await bytesOnDisk(store)) - before })
          }
        }
      }
    },

    async lostRows({ database, repetitions }) {
      const url = server.url(database)
      const table = 'app.events'
      for (const contestant of contestants) {
        if (contestant.recover === null) continue
        const store = storeOf(contestant)
        // The first of each does not count.
        for (let n = 0; n <= repetitions; n++) {
          for (const [work, loss] of [
            [recoverWork, contiguousLoss(n)],
            ['100 deleted rows brought back, from all over', scatteredLoss(n)],
          ] as const) {
            // As in the night before: what an earlier round has brought back is in it.
            await measure({ ...contestant.backup({ url, store }), serverPid: server.pid })
            await runSql(url, loss)
            const run = await timed(contestant.recover({ url, store, table }))
            if (n > 0) record(work, contestant, { ...run, storedBytes: null })
          }
        }
      }
    },

    async restores({ work, repetitions }) {
      for (let n = 0; n < repetitions; n++) {
        for (const contestant of contestants) {
          await server.query(`CREATE DATABASE ${scratch} TEMPLATE template0`)
          const run = await timed(
            contestant.restore({ url: server.url(scratch), store: storeOf(contestant) }),
          )
          record(work, contestant, { ...run, storedBytes: null })
          await server.query(`DROP DATABASE ${scratch}`)
        }
      }
    },

    series: () =>
      [...runs.values()].map(({ work, contestant, runs: all }) => ({
        work,
        contestant: contestant.name,
        ours: contestant.ours,
        runs: all,
      })),
  }
}

function contiguousLoss(n: number): string {
  return `DELETE FROM app.events WHERE id > (SELECT max(id) * ${n + 3} / 10 FROM app.events) AND id <= (SELECT max(id) * ${n + 3} / 10 + 100 FROM app.events)`
}

function scatteredLoss(n: number): string {
  return `DELETE FROM app.events WHERE id IN (SELECT (max(id) / 101 * g + ${n}) FROM app.events, generate_series(1, 100) g GROUP BY g)`
}

/** 0.1 % of all orders, in the middle of the table. */
function contiguousChange(n: number): string {
  return `UPDATE app.orders SET status = 'changed ${n}', updated_at = now() WHERE id > (SELECT max(id) * ${n + 4} / 10 FROM app.orders) AND id <= (SELECT max(id) * ${n + 4} / 10 + max(id) / 1000 FROM app.orders)`
}

/** 0.1 % of all orders, one in a thousand. */
function scatteredChange(n: number): string {
  return `UPDATE app.orders SET status = 'scattered ${n}', updated_at = now() WHERE id % 1000 = ${n + 17}`
}
