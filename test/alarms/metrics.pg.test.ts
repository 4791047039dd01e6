import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { families, type Family } from '../../src/alarms/metrics/families.ts'
import { printMetrics } from '../../src/alarms/metrics/print.ts'
import { version } from '../../src/version.ts'
import { newAlarms } from '../support/alarms.ts'
import { testServer } from '../support/postgres.ts'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const server = await testServer(18, { settings: { fsync: 'off' } })
const service = await newAlarms(server)
const { catalog, job, tick, alarms, sourceId, repositoryId } = service

await job({ status: 'failed' })
await job({ kind: 'drill' })
await job({ kind: 'check', status: 'running' })
const summary = {
  seconds: 12.5,
  totals: { rows: 1000, plainBytes: 5_000_000_000, storedBytes: 900, newStoredBytes: 90 },
}
await catalog.system.query(
  `INSERT INTO holdfast.backups (repository_id, id, source_id, source_hash, sequence, moment, summary, seen_at)
   VALUES ($1, 'b1', $2, 'h', 1, $3, '{}', $3), ($1, 'b2', $2, 'h', 2, $3, $4, $3)`,
  [repositoryId, sourceId, new Date('2026-03-01T01:00:00Z'), JSON.stringify(summary)],
)
await catalog.system.query(
  `INSERT INTO holdfast.jobs (kind, source_id, about, requested_by, created_at) VALUES ('backup', $1, 'shop', 'test', $2)`,
  [sourceId, new Date('2026-03-01T01:58:00Z')],
)
await catalog.system.query(
  `INSERT INTO holdfast.schedules (name, kind, source_id, rule, zone, due) VALUES ('nightly', 'backup', $1, '{}', 'UTC', '2026-03-02 01:00Z')`,
  [sourceId],
)
await catalog.system.query(`INSERT INTO holdfast.destinations (name, kind, secrets, sent, failures) VALUES ('ops', 'webhook', '\\x00', 7, 3)`) // prettier-ignore
await alarms().storageMeasured({ repositoryId, usedBytes: 123, capacityBytes: 1000 })
await tick()
const text = await alarms().metrics()

test('the metrics are those of the catalog', () => {
  const at = (time: string): number => Date.parse(time) / 1000
  const expected = [
    `holdfast_info{version="${version}"} 1`,
    `holdfast_alarms_last_look_timestamp_seconds ${at('2026-03-01T02:00:00Z')}`,
    `holdfast_backup_last_success_timestamp_seconds{source="shop"} ${at('2026-03-01T01:00:00Z')}`,
    'holdfast_backup_last_success_age_seconds{source="shop"} 3600',
    'holdfast_backup_last_duration_seconds{source="shop"} 12.5',
    'holdfast_backup_last_plain_bytes{source="shop"} 5000000000',
    'holdfast_backup_last_stored_bytes{source="shop"} 900',
    'holdfast_backup_last_new_stored_bytes{source="shop"} 90',
    'holdfast_backup_last_rows{source="shop"} 1000',
    'holdfast_backups{source="shop"} 2',
    `holdfast_drill_last_success_timestamp_seconds{source="shop"} ${at('2026-03-01T02:00:00Z')}`,
    'holdfast_jobs{kind="backup",status="failed"} 1',
    'holdfast_jobs{kind="backup",status="pending"} 1',
    'holdfast_jobs{kind="check",status="running"} 1',
    'holdfast_jobs{kind="drill",status="completed"} 1',
    'holdfast_queue_depth 1',
    'holdfast_queue_oldest_age_seconds 120',
    `holdfast_schedule_due_timestamp_seconds{schedule="nightly",kind="backup"} ${at('2026-03-02T01:00:00Z')}`,
    'holdfast_alarms_open{event="backup_failed",severity="error"} 1',
    'holdfast_deliveries_pending{destination="ops"} 0',
    'holdfast_deliveries_sent_total{destination="ops",kind="webhook"} 7',
    'holdfast_delivery_failures_total{destination="ops",kind="webhook"} 3',
    'holdfast_storage_used_bytes{repository="main"} 123',
    'holdfast_storage_capacity_bytes{repository="main"} 1000',
  ]
  assert.deepEqual(
    text.split('\n').filter((line) => line !== '' && !line.startsWith('#')),
    expected,
  )
  // Every family has a sample here, so none of them is empty by mistake.
  const sampled = new Set(expected.map((line) => /^\w+/.exec(line)?.[0]))
  assert.deepEqual(
    Object.keys(families).filter((name) => !sampled.has(name)),
    [],
  )
})

test('names, types and labels are as Prometheus wants them', () => {
  for (const [name, { type, labels }] of Object.entries<Family>(families)) {
    assert.match(name, /^holdfast_[a-z][a-z0-9_]*$/)
    assert.equal(name.endsWith('_total'), type === 'counter', name)
    for (const label of labels) assert.match(label, /^[a-z][a-z0-9_]*$/)
    assert.match(text, new RegExp(`^# HELP ${name} .+\n# TYPE ${name} ${type}$`, 'm'))
  }
  assert.ok(text.endsWith('\n'))
})

test('what would end a label or a line is escaped', () => {
  const label = 'a"b\\c\nd'
  const printed = printMetrics([
    { name: 'holdfast_backups', labels: [label], value: Infinity },
    { name: 'holdfast_queue_depth', labels: [], value: NaN },
  ])
  assert.match(printed, /^holdfast_backups\{source="a\\"b\\\\c\\nd"\} \+Inf$/m)
  assert.match(printed, /^holdfast_queue_depth NaN$/m)
})

test('a catalog in which nothing has happened yet has metrics, too', async () => {
  const empty = await newAlarms(server)
  await empty.catalog.system.query('DELETE FROM holdfast.sources')
  const printed = await empty.alarms().metrics()
  assert.match(printed, /^holdfast_queue_depth 0\nholdfast|^holdfast_queue_depth 0$/m)
  assert.doesNotMatch(printed, /NaN|undefined|null/)
})

test('the dashboard and the alert rules use metrics and labels that are exported, and no others', () => {
  const dashboard = JSON.parse(read('deploy/grafana/holdfast.json')) as {
    panels: { id: number; title: string; targets: { expr: string; legendFormat: string }[] }[]
  }
  const targets = dashboard.panels.flatMap((panel) => panel.targets)
  assert.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length)
  const rules = read('deploy/prometheus/alerts.yml')
  const blocks = rules.split('- alert: ').slice(1)
  assert.ok(blocks.length > 5 && targets.length > 10)
  const used = [
    ...targets.map(({ expr, legendFormat }) => ({ expr, shown: legendFormat })),
    ...blocks.map((block) => ({
      expr: /expr: (.+)/.exec(block)?.[1] ?? '',
      shown: block.replaceAll(/\$labels\./g, ''),
    })),
  ]
  for (const { expr, shown } of used) {
    const names = expr.match(/holdfast_\w+/g) ?? []
    assert.ok(names.length > 0, expr)
    const labels = names.flatMap((name) => {
      const family = (families as Record<string, Family>)[name]
      assert.ok(family !== undefined, `${name} is not exported`)
      return family.labels
    })
    const asked = [
      ...[...shown.matchAll(/\{\{ ?(\w+) ?\}\}/g)].map((match) => match[1] ?? ''),
      ...[...expr.matchAll(/by \(([^)]*)\)/g)].flatMap((match) => (match[1] ?? '').split(/, */)),
      ...[...expr.matchAll(/[{,](\w+)=/g)].map((match) => match[1] ?? ''),
    ]
    for (const label of asked) assert.ok(labels.includes(label), `${expr} has no label ${label}`)
  }
})
