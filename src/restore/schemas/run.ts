import { once, textsOf, type Sentence } from '../../lib/sentence.ts'
import { throwIfCancelled } from '../../lib/abort.ts'
import { HoldfastError, isHoldfastError, messageOf } from '../../lib/errors.ts'
import { connect, connectWire } from '../../postgres/connect.ts'
import { locksExhausted } from '../../postgres/failures.ts'
import { schemaSession } from '../../postgres/schema/dump.ts'
import type { SchemaEntry } from '../../postgres/schema/entry.ts'
import type { Wire } from '../../postgres/wire.ts'
import { defaultPrivileges } from '../default-privileges.ts'
import { entrySql, runEntries } from '../entries.ts'
import { joinSql, leaveSql } from '../owners.ts'
import { planPost, runPost } from '../post.ts'
import { restoreSettings } from '../prepare.ts'
import { requireNoProblems } from '../problems.ts'
import { createUnfinishedSql, finishRecordSql, readRecord } from '../quarantine/record.ts'
import { quietSql } from '../quarantine/switch-off.ts'
import { fill, lastEntries, type RestoreRequest } from '../run.ts'
import { markerSchema } from '../target.ts'
import type { RestoreReport } from '../types.ts'
import { readLiveFacts } from './facts.ts'
import { follow } from './follow.ts'
import { holdTables } from './hold.ts'
import { inside } from './inside.ts'
import { loadFrozen } from './load.ts'
import { lendSchemas, returnSchemas } from './loans.ts'
import { makePublicSql, moveExtensionSql, renameSql, silenceSql, type Renaming } from './move.ts'
import type { SchemasPlan } from './plan.ts'
import { referenceProblems } from './problems.ts'
import { stateSql } from './state.ts'
import { sentence } from '../sentences.ts'

export interface SchemasRequest extends Omit<RestoreRequest, 'plan' | 'jobs' | 'contents'> {
  readonly plan: SchemasPlan
}

export interface SchemasReport {
  readonly backup: string
  readonly target: string
  /** The schemas that were live, and what they are called now. */
  readonly kept: readonly Renaming[]
  readonly restore: RestoreReport
}

/**
 * Puts the old schemas aside, makes and fills new ones under their names, compares the rows with the source's fingerprints: all of it in one
 * transaction of one connection. Until it commits nobody sees any of it, and whatever ends it leaves the database as it was.
 */
export async function runSchemas(o: SchemasRequest): Promise<SchemasReport> {
  requireNoProblems(o.plan.problems)
  await using wire = await connectWire({
    address: o.target,
    signal: o.signal,
    settings: { ...restoreSettings, synchronous_commit: 'on' },
  })
  return await replaceSchemas(o, wire)
}

/** The same over this wire, which is of no use afterwards. */
export async function replaceSchemas(o: SchemasRequest, wire: Wire): Promise<SchemasReport> {
  const { plan } = o
  const started = o.clock.now()
  let transaction: string | null = null
  try {
    await wire.query(schemaSession)
    await wire.query('BEGIN')
    const [row] = await wire.query('SELECT pg_catalog.pg_current_xact_id()')
    transaction = row?.[0] ?? null
    const done = await work(o, wire)
    await commit(o, wire, transaction)
    const finished = o.clock.now()
    return {
      backup: plan.backup,
      target: plan.target,
      kept: plan.renamings,
      restore: {
        ...done,
        backup: plan.backup,
        target: plan.target,
        rows: done.tables.reduce((sum, t) => sum + t.rows, 0),
        plainBytes: plan.restore.totals.plainBytes,
        started: started.toISOString(),
        finished: finished.toISOString(),
        seconds: (finished.getTime() - started.getTime()) / 1000,
        gaps: plan.contents.gaps,
        heldBack: plan.restore.heldBack,
        rolesCreated: plan.restore.roles.create.map((r) => r.name),
      },
    }
  } catch (error) {
    const exhausted = locksExhausted(error)
    if (exhausted !== undefined) throw exhausted
    if (!isHoldfastError(error, 'query_failed')) throw error
    throw new HoldfastError('restore_failed', `The restore failed: ${messageOf(error)}`, { cause: error })
  }
}

/** All but the commit. */
async function work(
  o: SchemasRequest,
  wire: Wire,
): Promise<Pick<RestoreReport, 'tables' | 'phases' | 'warnings' | 'parts' | 'quarantined'>> {
  const { plan, signal } = o
  const { restore } = plan
  const { noOwner } = restore.options
  const ask = (sql: string) => wire.query(sql)
  const warnings: Sentence[] = []
  const onWarning = (said: Sentence): unknown => warnings.push(said)
  const onSkipped = (what: string): unknown => onWarning(sentence('skipped', { what }, what))
  const version = Number((await ask(`SELECT pg_catalog.current_setting('server_version_num')`))[0]?.[0])
  await ask(silenceSql)
  for (const sql of restore.roles.statements) await ask(sql)
  for (const role of restore.joins) await ask(joinSql(role, version))
  if (restore.quarantine.length > 0) await ask(`CREATE SCHEMA ${markerSchema}; ${createUnfinishedSql}`)
  const privileges = await ask(defaultPrivileges({ inSchemas: false }))
  const say = async (goal: string): Promise<void> => {
    for (const [, sql] of privileges.filter(([one]) => one === goal)) await ask(sql ?? '')
  }
  await say('quiet')

  const nested = inside(wire)
  const made = entrySql({ text: o.schemaText, noOwner, target: restore.abilities })
  const sql = quietSql(made, restore.quarantine)
  await makeSchemas(o, nested, sql, onSkipped)
  const { border, rest } = apart(plan, restore.entries)
  let loans: Awaited<ReturnType<typeof lendSchemas>> = []
  const lend = async () => (loans = await lendSchemas(ask, restore.entries))
  const filled = await fill({
    ...o,
    plan: { ...restore, entries: rest },
    contents: plan.contents,
    jobs: 1,
    wires: [nested],
    first: nested,
    sql,
    leftOut: null,
    warnings,
    lend,
    load: loadFrozen,
  })

  const from = o.clock.now().getTime()
  await returnSchemas(ask, loans)
  await say('again')
  if (restore.quarantine.length > 0) await ask(finishRecordSql(plan.backup))
  await runEntries({ wire: nested, entries: lastEntries(restore.entries).grants, sql, signal, onSkipped })
  const quarantined = restore.quarantine.length > 0 ? await readRecord(wire) : []
  if (restore.quarantine.length > 0) await ask(`DROP SCHEMA ${markerSchema} CASCADE`)
  for (const label of restore.roles.labelStatements)
    await nested.query(label).catch((error: unknown) => onSkipped(messageOf(error)))

  const comments = await requireUnchanged(o)
  // Whoever writes into the tables that these refer to waits from here on.
  const byId = new Map(plan.contents.schema.entries.map((e) => [e.id, e]))
  await runPost({
    wires: [nested],
    byId,
    plan: planPost(border),
    heldBack: restore.heldBack,
    leftOut: null,
    sql,
    signal,
    onDone: () => undefined,
    onWarning,
  })
  await follow(ask, plan.renamings)
  await holdTables(
    ask,
    plan.renamings.map((r) => r.to),
    signal,
  )
  for (const role of restore.joins) await ask(leaveSql(role, version))
  const { id, backup, choice } = plan
  const at = o.clock.now().toISOString()
  const replacedBy = [...choice.replaced, ...choice.added].sort()
  const moved = choice.moving.map((e) => e.name)
  for (const { from: of, to } of plan.renamings)
    await ask(stateSql(to, { of, id, backup, at, comment: comments.get(of) ?? null, replacedBy, moved }))
  const seconds = (o.clock.now().getTime() - from) / 1000
  return {
    tables: filled.tables,
    phases: [...filled.phases, { name: 'taking their places', seconds }],
    warnings: [...plan.warnings, ...textsOf(warnings)],
    parts: once([...plan.parts, ...warnings]),
    quarantined,
  }
}

async function makeSchemas(
  o: SchemasRequest,
  wire: Wire,
  sql: (entry: SchemaEntry) => Uint8Array,
  onSkipped: (what: string) => unknown,
): Promise<void> {
  const { renamings, choice, restore } = o.plan
  for (const one of renamings) await wire.query(renameSql(one))
  const names = [...choice.replaced, ...choice.added]
  if (names.includes('public'))
    for (const statement of makePublicSql(restore.options)) await wire.query(statement)
  const entries = restore.entries.filter((e) => e.type === 'SCHEMA')
  await runEntries({ wire, entries, sql, signal: o.signal, onSkipped })
  for (const one of choice.moving) await wire.query(moveExtensionSql(one))
}

/** Foreign keys into tables that stay lock those against writing: they are made last. Schemas are there already. */
function apart(
  plan: SchemasPlan,
  entries: readonly SchemaEntry[],
): { border: SchemaEntry[]; rest: SchemaEntry[] } {
  const ids = new Set(entries.map((e) => e.id))
  const isBorder = (e: SchemaEntry): boolean =>
    e.type === 'FK CONSTRAINT' && e.dependsOn.some((id) => !ids.has(id))
  return {
    border: plan.restore.entries.filter(isBorder),
    rest: entries.filter((e) => e.type !== 'SCHEMA' && !isBorder(e)),
  }
}

/**
 * What has happened in the database since the plan, as others see it: the schemas are those that were there, and nothing has come to refer
 * into them. Resolves to the comments that they have now. Throws `target_changed`, `target_entangled`.
 */
async function requireUnchanged(o: SchemasRequest): Promise<Map<string, string | null>> {
  const { choice, live } = o.plan
  await using other = await connect({ address: o.target, signal: o.signal })
  const now = await readLiveFacts(other)
  const found = new Map(now.schemas.map((s) => [s.name, s]))
  for (const was of live.schemas.filter((s) => choice.replaced.includes(s.name))) {
    if (found.get(was.name)?.oid === was.oid) continue
    throw new HoldfastError(
      'target_changed',
      `The schema ${was.name} is not the one it was when this was planned.`,
    )
  }
  requireNoProblems(
    await referenceProblems(
      other,
      choice.replaced,
      choice.moving.map((e) => e.name),
    ),
  )
  return new Map(now.schemas.map((s) => [s.name, s.comment]))
}

/** An answer that is lost does not tell whether the server has done it: the transaction does. */
async function commit(o: SchemasRequest, wire: Wire, transaction: string | null): Promise<void> {
  throwIfCancelled(o.signal)
  try {
    await wire.query('COMMIT')
  } catch (error) {
    if (transaction === null || !(await wasCommitted(o, transaction))) throw error
  }
}

async function wasCommitted(o: SchemasRequest, transaction: string): Promise<boolean> {
  try {
    await using other = await connect({ address: o.target })
    for (;;) {
      const [row] = await other.query<{ status: string }>(
        'SELECT pg_catalog.pg_xact_status($1::pg_catalog.xid8) AS status, pg_catalog.pg_sleep(0.05)',
        [transaction],
      )
      if (row?.status !== 'in progress') return row?.status === 'committed'
    }
  } catch {
    return false
  }
}
