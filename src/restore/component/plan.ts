import { createHash } from 'node:crypto'
import { connect, connectWire, describeAddress, type ServerAddress } from '../../postgres/connect.ts'
import { readRoleTarget } from '../../postgres/globals/role-target.ts'
import { dumpSchema } from '../../postgres/schema/dump.ts'
import type { Wire } from '../../postgres/wire.ts'
import type { BackupContents } from '../../repository/format/contents.ts'
import type { Manifest } from '../../repository/format/manifest.ts'
import { compareGrants, compareObjects } from './compare.ts'
import { decideGrants, decideObjects, type DecidedGrant, type DecidedObject } from './decide.ts'
import { readSession, type SessionFacts } from './facts.ts'
import { grantText } from './grants.ts'
import { planRoleChanges, type RoleChanges } from './roles.ts'
import { rolesLacking } from './role-problems.ts'
import { sideOf, type Side } from './side.ts'
import { reversed, stepsOf, type Changes } from './statements.ts'
import type { ComponentChange, ComponentOptions, ComponentPreview, Step } from './types.ts'

export interface ComponentRequest {
  readonly manifest: Manifest
  readonly contents: BackupContents
  /** The schema's SQL. */
  readonly schemaText: Uint8Array
  readonly target: ServerAddress
  readonly options: ComponentOptions
  readonly signal?: AbortSignal | undefined
}

/** What would be done, as data to be shown and as SQL to be run. */
export interface PlannedComponents {
  readonly preview: ComponentPreview
  /** Equal for equal plans of an equal schema. */
  readonly digest: string
  readonly steps: readonly Step[]
  /** What takes the steps back, to be run in their place. */
  readonly undoSteps: readonly Step[]
  readonly changes: Changes
  /** The target's schema when it was planned. */
  readonly target: Side
}

/** Compares components of the backup's schema with the target's, and plans what was asked for. Reads only. */
export async function planComponents(o: ComponentRequest): Promise<PlannedComponents> {
  const { contents, options } = o
  await using wire = await connectWire({ address: o.target, signal: o.signal })
  await wire.query("SET client_encoding = 'UTF8'")
  const session = await readSession(wire)
  const backup = sideOf({
    text: o.schemaText,
    entries: contents.schema.entries,
    encoding: contents.server.encoding,
    major: contents.server.major,
    isTarget: false,
    noOwner: options.noOwner,
  })
  const target = await readTarget(o, session)
  const roles = await planRoles(o)
  const objects = await decideObjects({
    wire,
    found: compareObjects(backup, target, options),
    backup,
    target,
    options,
    session,
  })
  const grants = decideGrants(compareGrants(backup, target, options), objects, options)
  const changes: Changes = {
    objects: objects.filter((d) => d.action !== null),
    grants: grants.filter((g) => g.give.length + g.take.length > 0),
    grantedByDefault: session.grantedByDefault,
    noGrants: options.noGrants,
  }
  const steps = [...(roles?.forward ?? []), ...stepsOf(changes)]
  const preview = previewOf(o, { session, backup, target, roles, objects, grants, changes })
  return {
    preview,
    digest: digestOf(preview, steps),
    steps,
    undoSteps: [...stepsOf(reversed(changes)), ...(roles?.back ?? [])],
    changes,
    target,
  }
}

async function readTarget(o: ComponentRequest, session: SessionFacts): Promise<Side> {
  await using wire: Wire = await connectWire({ address: o.target, signal: o.signal })
  const dump = await dumpSchema({ wire, lockTimeoutMs: o.options.lockTimeoutMs, signal: o.signal })
  return sideOf({ ...dump, ...session, isTarget: true, noOwner: o.options.noOwner })
}

async function planRoles(o: ComponentRequest): Promise<RoleChanges | null> {
  if (!o.options.components.includes('roles')) return null
  await using connection = await connect({ address: o.target, signal: o.signal })
  const settings = o.contents.roles.flatMap((r) => [...r.settings, ...r.databaseSettings])
  const target = await readRoleTarget(connection, { database: o.target.database, settings })
  return planRoleChanges({ contents: o.contents, target, options: o.options })
}

function previewOf(
  o: ComponentRequest,
  found: {
    session: SessionFacts
    backup: Side
    target: Side
    roles: RoleChanges | null
    objects: readonly DecidedObject[]
    grants: readonly DecidedGrant[]
    changes: Changes
  },
): ComponentPreview {
  const { session, backup, target, roles, objects, grants } = found
  const another = backup.major !== target.major && objects.some((d) => d.found === 'changed')
  const unknown = grants.filter((g) => g.left !== null).length
  return {
    backup: o.manifest.id,
    moment: o.manifest.moment,
    undoes: null,
    target: describeAddress(o.target),
    database: o.target.database,
    components: o.options.components,
    changes: [
      ...(roles?.changes ?? []),
      ...objects.map(changeOfObject),
      ...grants.filter((g) => g.left === null).map(changeOfGrant),
    ],
    warnings: [
      ...(roles?.warnings ?? []),
      ...(another
        ? [
            `The backup is from Postgres ${backup.major}, the target runs ${target.major}: what is told changed may differ in words only, since each writes its definitions in its own way.`,
          ]
        : []),
      ...(unknown > 0
        ? [`Grants on ${unknown} objects are left out, since the target has not these objects.`]
        : []),
    ],
    problems: [
      ...(target.major < backup.major
        ? [
            `The backup is from Postgres ${backup.major}, and the target runs ${target.major}, which is older.`,
          ]
        : []),
      ...(roles?.problems ?? []),
      ...objects.flatMap((d) => d.problems),
      ...rolesLacking({
        changes: found.changes,
        session,
        made: roles?.made ?? new Set(),
        contents: o.contents,
      }),
    ],
  }
}

function changeOfObject(d: DecidedObject): ComponentChange {
  return {
    component: d.component,
    object: d.object,
    found: d.found,
    action: d.action,
    before: d.before === null ? null : d.before.side.sql(d.before.entry),
    after: d.after === null ? null : d.after.side.sql(d.after.entry),
    note: d.note,
  }
}

function changeOfGrant(g: DecidedGrant): ComponentChange {
  return {
    component: 'grants',
    object: g.object,
    found: g.found,
    action: g.give.length + g.take.length === 0 ? null : g.take.length > 0 ? 'replace' : 'make',
    before: grantText(g.before, g.after),
    after: grantText(g.after, g.before),
    note: g.note,
  }
}

function digestOf(preview: ComponentPreview, steps: readonly Step[]): string {
  return createHash('sha256')
    .update(JSON.stringify([preview.changes, preview.problems, steps]))
    .digest('hex')
}
