import assert from 'node:assert/strict'
import { test } from 'node:test'
import { QueryClient, type InfiniteData } from '@tanstack/react-query'
import { newTakeJob } from '../../src/console/lib/live.ts'
import type { Job, JobStatus, Page } from '../../src/console/lib/types.ts'

type Pages = InfiniteData<Page<Job>>

const key = ['jobs', 'pages', {}]

function jobOf(n: number, status: JobStatus, percent = 0): Job {
  return { id: `job-${n}`, status, progress: { percent } } as unknown as Job
}

/** Pages of 200 jobs, all of them running. */
function listed(count: number): { client: QueryClient; before: Pages; changes: () => number } {
  const client = new QueryClient({ defaultOptions: { queries: { structuralSharing: false } } })
  const pages = Array.from({ length: count / 200 }, (_, page) => ({
    items: Array.from({ length: 200 }, (_, n) => jobOf(page * 200 + n, 'running')),
    next: null,
  })) as unknown as Page<Job>[]
  const before: Pages = { pages, pageParams: pages.map(() => undefined) }
  client.setQueryData(key, before)
  let changes = 0
  client.getQueryCache().subscribe(({ type }) => {
    if (type === 'updated') changes += 1
  })
  return { client, before, changes: () => changes }
}

test('jobs of a moment change a long list once, and only its pages that have them', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { client, before, changes } = listed(10_000)
  const stale: string[] = []
  const take = newTakeJob(client, (nouns) => stale.push(...nouns))
  for (let percent = 1; percent <= 50; percent += 1)
    for (const n of [3, 7, 2001]) take(`job-${n}`, jobOf(n, 'running', percent))
  assert.equal(changes(), 0)
  t.mock.timers.tick(1000)
  assert.equal(changes(), 1)
  const { pages } = client.getQueryData<Pages>(key) as Pages
  assert.deepEqual(
    pages.flatMap((page, n) => (page === before.pages[n] ? [] : [n])),
    [0, 10],
  )
  assert.deepEqual(pages[10]?.items[1]?.progress, { percent: 50 })
  assert.equal(pages[10]?.items[2], before.pages[10]?.items[2])
  assert.equal(stale.length, 0)
})

test('a job that is listed otherwise, or nowhere, leaves the list as it is and has it read again', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  for (const job of [jobOf(3, 'completed'), jobOf(500, 'running')]) {
    const { client, before, changes } = listed(400)
    const stale: string[] = []
    newTakeJob(client, (nouns) => stale.push(...nouns))(job.id, job)
    t.mock.timers.tick(1000)
    assert.equal(changes(), 0)
    assert.equal(client.getQueryData(key), before)
    assert.ok(stale.includes('jobs'))
  }
})

test('of a job whose page is open only figures are put into the page while it runs', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { client } = listed(200)
  const stale: string[] = []
  const take = newTakeJob(client, (nouns) => stale.push(...nouns))
  client.setQueryData(['jobs', 'job-3'], { ...jobOf(3, 'running'), attempt: 2 })
  take('job-3', jobOf(3, 'running', 40))
  t.mock.timers.tick(1000)
  assert.deepEqual(client.getQueryData(['jobs', 'job-3']), { ...jobOf(3, 'running', 40), attempt: 2 })
  assert.equal(stale.length, 0)
  take('job-3', jobOf(3, 'completed'))
  t.mock.timers.tick(1000)
  assert.ok(stale.includes('jobs'))
})
