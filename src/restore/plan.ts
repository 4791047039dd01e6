import { textsOf, type Sentence } from '../lib/sentence.ts'
import { planDatabase } from '../postgres/globals/plan-database.ts'
import { planRoles } from '../postgres/globals/plan-roles.ts'
import { neededRoles } from '../postgres/globals/needed-roles.ts'
import { readRoleTarget, type RoleTarget } from '../postgres/globals/role-target.ts'
import { connect, type ServerAddress } from '../postgres/connect.ts'
import { describeAddress } from '../postgres/server-address.ts'
import { tableLabel } from '../postgres/introspect/tables.ts'
import type { SchemaEntry } from '../postgres/schema/entry.ts'
import type { BackupContents } from '../repository/format/contents.ts'
import type { Manifest } from '../repository/format/manifest.ts'
import { heldBackOf, type HeldBack } from '../repository/held-back.ts'
import { grantProblems } from './grant-problems.ts'
import { beyondRights, hasHandler } from './beyond-rights.ts'
import { ownersOf } from './owners.ts'
import { problem } from './problems.ts'
import { planQuarantine } from './quarantine/plan.ts'
import { chooseScope, type RestoreScope } from './scope.ts'
import { andMore, heldBackSentence, sentence } from './sentences.ts'
import { connectMaintenance, inspectTarget, type TargetFacts } from './target.ts'
import type { RestoreOptions, RestorePlan, RestoreProblem } from './types.ts'
import { planWarnings } from './warnings.ts'

/**
 * Plans a restore into a new or empty database: reads the target, touches nothing. Whatever would make it fail half way
 * (an older server, missing extensions, roles or rights, a database that is not empty) is among `problems`.
 */
export async function planRestore(o: {
  manifest: Manifest
  contents: BackupContents
  /** The schema's SQL. */
  schemaText: Uint8Array
  target: ServerAddress
  options: RestoreOptions
  /** What `contents` lack because it was erased. */
  heldBack?: readonly HeldBack[] | undefined
  signal?: AbortSignal | undefined
}): Promise<RestorePlan> {
  const { contents, options } = o
  const scope = chooseScope(contents, options)
  const facts = await inspectTarget(o.target, o.signal)
  const roleTarget = await readRoles(o, facts)
  const owners = scope.entries.flatMap((e) => (e.owner === null ? [] : [e.owner]))
  const roles = planRoles({
    backup: contents.roles,
    needed: options.roles === 'needed' ? usedRoles(contents, owners, options) : options.roles,
    target: roleTarget,
    sourceMajor: contents.server.major,
  })
  const database = options.createDatabase
    ? planDatabase({
        properties: contents.database,
        targetName: o.target.database,
        target: { ...roleTarget, currentUser: roleTarget.current.name, tablespaces: facts.tablespaces },
        noOwner: options.noOwner,
        noGrants: options.noGrants,
      })
    : null
  const creating = new Set(roles.create.map((r) => r.name))
  const abilities = { lz4: facts.lz4, major: facts.major }
  const beyond = beyondRights({
    entries: scope.entries,
    text: o.schemaText,
    facts,
    createDatabase: options.createDatabase,
  })
  const quiet = options.quarantine
    ? planQuarantine({ ...scope, text: o.schemaText, user: facts.user, superuser: facts.superuser })
    : { items: [], problems: [], warnings: [] }
  const acting = ownersOf(scope, contents, options)
  const joins = [...acting].filter((owner) => mustJoin(owner, facts, creating)).sort()
  const heldBack = heldBackOf(o.heldBack ?? [], scope.tables)
  const warnings = [
    ...contents.gaps.map(({ what, why }) =>
      sentence('gap', { what, why }, `The backup does not hold ${what}. ${why}`),
    ),
    ...heldBack.map(heldBackSentence),
    ...roles.differing.map(({ role, what }) =>
      sentence('role_differs', { role, what }, `Role ${role}: ${what}`),
    ),
    ...(database?.differing ?? []).map((what) => sentence('database_differs', { what }, what)),
    ...scope.empty.map((t) =>
      sentence(
        'will_be_empty',
        { table: tableLabel(t) },
        `${tableLabel(t)} will be empty: its rows are not in the backup.`,
      ),
    ),
    ...planWarnings({
      facts,
      contents,
      scope,
      options,
      text: o.schemaText,
      abilities,
      name: o.target.database,
    }),
    ...beyond.warnings,
    ...quiet.warnings,
    ...joinsText(
      facts.user,
      joins.filter((owner) => !creating.has(owner)),
    ),
  ]
  return {
    backup: o.manifest.id,
    moment: o.manifest.moment,
    target: describeAddress(o.target),
    database,
    roles,
    current: roleTarget.current,
    joins,
    entries: scope.entries,
    tables: scope.tables,
    leftOut: scope.leftOut,
    heldBack,
    totals: {
      tables: scope.tables.length,
      rows: scope.tables.reduce((sum, t) => sum + t.rows, 0),
      plainBytes: scope.tables.reduce((sum, t) => sum + t.plainBytes, 0),
    },
    warnings: textsOf(warnings),
    parts: warnings,
    problems: [
      ...databaseProblems(facts, contents, options, o.target.database),
      ...lacks({
        facts,
        scope,
        creating,
        owners: acting,
        joins: new Set(joins),
        roles: roleTarget,
        notCreatable: roles.notCreatable,
        text: o.schemaText,
        options,
      }),
      ...grantProblems({
        entries: scope.entries,
        text: o.schemaText,
        named: contents.usedRoles.filter(
          (name) =>
            !roleTarget.roles.has(name) &&
            !roleTarget.builtIn.has(name) &&
            !creating.has(name) &&
            !roles.notCreatable.some((r) => r.role === name),
        ),
        user: facts.user,
        superuser: facts.superuser,
      }),
      ...beyond.problems,
      ...quiet.problems,
    ],
    options,
    largeObjects: scope.all,
    quarantine: quiet.items,
    abilities,
  }
}

async function readRoles(o: Parameters<typeof planRestore>[0], facts: TargetFacts): Promise<RoleTarget> {
  await using connection = facts.exists
    ? await connect({ address: o.target, signal: o.signal })
    : await connectMaintenance(o.target, o.signal)
  const settings = [
    ...o.contents.database.settings,
    ...o.contents.roles.flatMap((r) => [...r.settings, ...r.databaseSettings]),
  ]
  return await readRoleTarget(connection, { database: o.target.database, settings })
}

/** An owner that the role may not act as yet, and may make itself a member of. */
function mustJoin(owner: string, facts: TargetFacts, creating: ReadonlySet<string>): boolean {
  if (facts.mayActAs === null || facts.mayActAs.has(owner)) return false
  return creating.has(owner) ? facts.mayJoinMade : facts.mayJoin.has(owner)
}

/** Of roles that others use, it is told. */
function joinsText(user: string, roles: readonly string[]): Sentence[] {
  if (roles.length === 0) return []
  return [
    sentence(
      'joins_roles',
      { user, roles },
      `${user} makes itself a member of ${roles.join(', ')}, to work for them, until the restore ends.`,
    ),
  ]
}

function usedRoles(
  contents: BackupContents,
  owners: readonly string[],
  options: RestoreOptions,
): ReadonlySet<string> {
  const database = options.createDatabase && !options.noOwner ? [contents.database.owner] : []
  const referenced = new Set([
    ...(options.noOwner ? [] : [...owners, ...database]),
    ...(options.noOwner && options.noGrants ? [] : contents.usedRoles),
  ])
  return neededRoles({ referenced, roles: contents.roles })
}

function databaseProblems(
  facts: TargetFacts,
  contents: BackupContents,
  options: RestoreOptions,
  name: string,
): RestoreProblem[] {
  const problems: RestoreProblem[] = []
  const add = (code: RestoreProblem['code'], said: Sentence): void => {
    problems.push(problem(code, said))
  }
  if (facts.major < contents.server.major) {
    add(
      'target_too_old',
      sentence(
        'target_older',
        { source: `${contents.server.major}`, target: `${facts.major}` },
        `The backup is from Postgres ${contents.server.major}, the target runs ${facts.major}.`,
      ),
    )
  }
  if (facts.halfDropped && !options.restart) {
    add(
      'target_unfinished',
      sentence(
        'half_dropped',
        { database: name },
        `Dropping the database ${name} was begun and broken off, so that it can not be used any more; --restart with --create-database drops it, and makes it anew.`,
      ),
    )
    return problems
  }
  if (facts.unfinished !== null) {
    const { backup, started, madeDatabase } = facts.unfinished
    if (!options.restart) {
      add(
        'target_unfinished',
        sentence(
          'unfinished',
          { backup, database: name, started },
          `A restore of ${backup} into ${name}, begun ${started}, was interrupted.`,
        ),
      )
    } else if (options.createDatabase && !madeDatabase) {
      add(
        'target_exists',
        sentence(
          'was_there_before',
          { database: name },
          `The database ${name} was there before the restore that was interrupted; --restart without --create-database clears it and restores into it.`,
        ),
      )
    }
    return problems
  }
  if (options.createDatabase) {
    if (facts.exists)
      add(
        'target_exists',
        sentence('database_exists', { database: name }, `The server has a database named ${name} already.`),
      )
    else if (!facts.createDatabase)
      add(
        'target_lacks',
        sentence('no_createdb', { user: facts.user }, `${facts.user} may not make databases (CREATEDB).`),
      )
    return problems
  }
  if (!facts.exists) {
    add(
      'database_missing',
      sentence(
        'no_database',
        { database: name },
        `The server has no database named ${name}; --create-database makes it.`,
      ),
    )
    return problems
  }
  const extensions = new Set(contents.schema.entries.filter((e) => e.type === 'EXTENSION').map((e) => e.name))
  const foreign = facts.extensionsPresent.filter((e) => e !== 'plpgsql' && !extensions.has(e))
  const holds = [...facts.holds, ...foreign.map((e) => `extension ${e}`)]
  if (holds.length > 0) {
    const count = facts.holdsCount - facts.holds.length
    const names = [...holds, ...andMore(count)]
    const text = `The database ${name} holds ${holds.join(', ')}${count > 0 ? ` and ${count} more` : ''}.`
    add('target_not_empty', sentence('not_empty', { database: name, names }, text))
  }
  if (facts.encoding !== contents.database.encoding) {
    add(
      'target_lacks',
      sentence(
        'other_encoding',
        { database: name, own: facts.encoding ?? '', source: contents.database.encoding },
        `The database ${name} has encoding ${facts.encoding}, the backup ${contents.database.encoding}.`,
      ),
    )
  }
  return problems
}

/** What the server or the role lacks. */
function lacks(o: {
  facts: TargetFacts
  scope: RestoreScope
  creating: ReadonlySet<string>
  owners: ReadonlySet<string>
  joins: ReadonlySet<string>
  roles: RoleTarget
  notCreatable: readonly { role: string; why: string }[]
  text: Uint8Array
  options: RestoreOptions
}): RestoreProblem[] {
  const found: Sentence[] = []
  for (const entry of o.scope.entries) {
    if (o.facts.extensionsAvailable.has(entry.name)) continue
    if (entry.type === 'EXTENSION') {
      const { name } = entry
      found.push(sentence('no_extension', { name }, `The extension ${name} is not installed on the server.`))
    } else if (entry.type === 'PROCEDURAL LANGUAGE' && !hasHandler(entry, o.text)) {
      found.push(
        sentence(
          'no_language',
          { name: entry.name },
          `The language ${entry.name} has a handler of another extension, so it can only be made by an extension of its own name, and the server has none.`,
        ),
      )
    }
  }
  for (const name of tablespacesOf(o.scope.entries, o.text)) {
    if (!o.facts.tablespaces.has(name))
      found.push(sentence('no_tablespace', { name }, `The server has no tablespace ${name}.`))
  }
  for (const { role, why } of o.notCreatable) {
    const { user } = o.facts
    const text = `The role ${role} does not exist, and ${user} can't make it: ${why}.`
    found.push(sentence('role_not_made', { role, user, why }, text))
  }
  if (!o.options.noOwner) {
    const builtIn = o.roles.builtIn
    const missing = new Set(o.notCreatable.map((r) => r.role))
    for (const owner of o.owners) {
      const known =
        o.roles.roles.has(owner) || builtIn.has(owner) || o.creating.has(owner) || missing.has(owner)
      if (!known)
        found.push(
          sentence(
            'no_owner',
            { role: owner },
            `The role ${owner}, which owns objects, does not exist; --no-owner leaves owners out.`,
          ),
        )
      else if (o.facts.mayActAs !== null && !o.facts.mayActAs.has(owner) && !o.joins.has(owner)) {
        found.push(
          sentence(
            'owner_refused',
            { user: o.facts.user, role: owner },
            `${o.facts.user} may not give objects to ${owner}; --no-owner leaves owners out.`,
          ),
        )
      }
    }
  }
  return found.map((said) => problem('target_lacks', said))
}

/** Tablespaces that entries ask for: pg_dump names them in a setting of their own before the object. */
export function tablespacesOf(entries: readonly SchemaEntry[], text: Uint8Array): Set<string> {
  const names = new Set<string>()
  for (const entry of entries) {
    const sql = Buffer.from(
      text.buffer,
      text.byteOffset + entry.offset,
      Math.min(entry.length, 400),
    ).toString('utf8')
    const name = /^SET default_tablespace = (?:"((?:[^"]|"")+)"|([^\s;']+));/.exec(sql)
    const found = name?.[1]?.replaceAll('""', '"') ?? name?.[2]
    if (found !== undefined) names.add(found)
  }
  return names
}
