/**
 * How long the lists take that a console asks for again and again, with 10,000 jobs and 1,000 backups in the catalog, at 200 requests a
 * second: each is sent at its time, whether those before were answered or not. Prints a row of a table for each list. `npm run bench:lists`
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { filledService } from './service.ts'

const perSecond = 200
const seconds = 30

const lists = [
  '/jobs?limit=50',
  '/jobs?limit=50&status=failed',
  '/jobs?limit=50&kind=backup&source=source-3',
  '/backups?limit=50',
  '/backups?limit=50&source=source-3',
  '/schedules',
  '/sources',
  '/repositories',
]

await using service = await filledService()
const { url, key } = service
await ask(url, key, 3)
const times = await ask(url, key, seconds)
process.stdout.write(
  `| list, ${perSecond} requests a second | median | p99 | most |\n| --- | --- | --- | --- |\n`,
)
for (const [path, all] of [...times, ['all', [...times.values()].flat()]] as const) {
  const sorted = all.toSorted((a, b) => a - b)
  const at = (share: number): string =>
    `${(sorted[Math.ceil(sorted.length * share) - 1] ?? NaN).toFixed(1)} ms`
  process.stdout.write(`| ${path} | ${at(0.5)} | ${at(0.99)} | ${at(1)} |\n`)
}

/** Milliseconds from the moment a request was due to the end of its answer, by path. */
async function ask(url: string, key: string, howLong: number): Promise<Map<string, number[]>> {
  const times = new Map<string, number[]>(lists.map((path) => [path, []]))
  const began = performance.now()
  const asked: Promise<void>[] = []
  for (let n = 0; n < howLong * perSecond; n += 1) {
    const due = began + (n * 1000) / perSecond
    const early = due - performance.now()
    if (early > 1) await sleep(early)
    const path = lists[n % lists.length] ?? ''
    asked.push(
      fetch(`${url}${path}`, { headers: { authorization: `Bearer ${key}` } }).then(async (response) => {
        const body = await response.text()
        if (!response.ok) throw new Error(`${path}: ${response.status} ${body}`)
        times.get(path)?.push(performance.now() - due)
      }),
    )
  }
  await Promise.all(asked)
  return times
}
