import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { z } from 'zod'
import {
  BackupInput,
  Confirmation,
  DownloadInput,
  JobInput,
  paramsOf,
  ProviderInput,
  RestoreInput,
  ScheduleRule,
} from '../../src/api/contract.ts'
import { requireRule } from '../../src/jobs/schedule-rule.ts'

/* What docs/SERVICE.md and docs/PEOPLE.md show as requests is what the API takes. */

const read = (name: string): string =>
  readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8').replaceAll('\\\n', ' ')

const inputs: Readonly<Record<string, z.ZodType>> = {
  'POST /backups': BackupInput,
  'POST /jobs': JobInput,
  'POST /restores': RestoreInput,
  'POST /backups/20261128T013131Z-8f3a9c21/downloads': DownloadInput,
  'DELETE /sources/shop': Confirmation,
}

test('every body that a command of curl in SERVICE.md sends is one of its route', () => {
  const seen = new Set<string>()
  for (const [command] of read('SERVICE.md').matchAll(/^curl .*-d '.*'$/gm)) {
    const [, path = ''] = /\/api\/v1(\/[^\s"']*)/.exec(command) ?? []
    const [, method = 'POST'] = /-X (\w+)/.exec(command) ?? []
    const [, body = ''] = /-d '(.*)'$/.exec(command) ?? []
    const line = `${method} ${path}`
    const input = inputs[line]
    if (input === undefined) continue
    const given = input.parse(JSON.parse(body)) as { kind?: keyof typeof paramsOf; params?: unknown }
    if (given.kind !== undefined) paramsOf[given.kind].parse(given.params)
    seen.add(line)
  }
  assert.deepEqual([...seen].sort(), Object.keys(inputs).sort())
})

test('the rules of schedules in SERVICE.md, and the providers in PEOPLE.md, are taken', () => {
  const [, rules = ''] = /^## Schedules\n[^]*?```json\n([^]*?)```/m.exec(read('SERVICE.md')) ?? []
  const lines = rules.trim().split('\n')
  assert.equal(lines.length, 5)
  for (const line of lines) requireRule(ScheduleRule.parse(JSON.parse(line)), 'Europe/Berlin', new Date(0))
  const [, providers = ''] = /^## Identity providers\n[^]*?```json\n([^]*?)```/m.exec(read('PEOPLE.md')) ?? []
  const each = providers.trim().split(/\n(?=\{)/)
  assert.equal(each.length, 2)
  for (const one of each) ProviderInput.parse(JSON.parse(one))
})
