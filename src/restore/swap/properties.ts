import { aclStatements, defaultAcl, withOwner } from '../../postgres/acl.ts'
import type { Connection } from '../../postgres/connect.ts'
import { readDatabase } from '../../postgres/globals/database.ts'
import { settingClause, splitSetting } from '../../postgres/globals/settings.ts'
import type { DatabaseProperties } from '../../postgres/globals/types.ts'
import { ident, literal } from '../../postgres/quote.ts'
import type { BackupContents } from '../../repository/format/contents.ts'

/** What belongs to a database by its name, not to what it holds. */
export interface OwnProperties extends DatabaseProperties {
  /** By role: `name=value` of what is set for it in this database. */
  readonly roleSettings: readonly { readonly role: string; readonly settings: readonly string[] }[]
}

export async function readOwn(connection: Connection, database: string): Promise<OwnProperties> {
  const roleSettings = await connection.query<{ role: string; settings: string[] }>(
    `SELECT r.rolname AS role, pg_catalog.to_jsonb(s.setconfig) AS settings FROM pg_catalog.pg_db_role_setting s
     JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
     WHERE d.datname = $1 ORDER BY 1`,
    [database],
  )
  return { ...(await readDatabase(connection, database)), roleSettings }
}

/**
 * Statements that give `database`, which has `now`, what the live one has: owner, grants, settings, limit, being a template,
 * comment. Encoding, locale and tablespace were chosen when it was made.
 */
export function ownStatements(database: string, now: OwnProperties, live: OwnProperties): string[] {
  const name = ident(database)
  const statements: string[] = []
  if (now.owner !== live.owner) statements.push(`ALTER DATABASE ${name} OWNER TO ${ident(live.owner)}`)
  const usual = (owner: string): string[] => defaultAcl('database', owner)
  statements.push(
    ...aclStatements({
      objectSql: `DATABASE ${name}`,
      owner: live.owner,
      acl: live.acl ?? usual(live.owner),
      initial: withOwner(now.acl ?? usual(now.owner), now.owner, live.owner),
    }),
  )
  if (now.settings.length > 0) statements.push(`ALTER DATABASE ${name} RESET ALL`)
  for (const setting of live.settings) statements.push(`ALTER DATABASE ${name} ${settingClause(setting)}`)
  for (const { role } of now.roleSettings)
    statements.push(`ALTER ROLE ${ident(role)} IN DATABASE ${name} RESET ALL`)
  for (const { role, settings } of live.roleSettings) {
    for (const setting of settings)
      statements.push(`ALTER ROLE ${ident(role)} IN DATABASE ${name} ${settingClause(setting)}`)
  }
  statements.push(
    `ALTER DATABASE ${name} CONNECTION LIMIT ${live.connectionLimit}`,
    `ALTER DATABASE ${name} IS_TEMPLATE ${live.isTemplate}`,
    `COMMENT ON DATABASE ${name} IS ${live.comment === null ? 'NULL' : literal(live.comment)}`,
  )
  return statements
}

/** Each fails by itself where the server has not loaded its provider. */
export function labelStatements(database: string, live: OwnProperties): string[] {
  return live.securityLabels.map(
    (l) => `SECURITY LABEL FOR ${ident(l.provider)} ON DATABASE ${ident(database)} IS ${literal(l.label)}`,
  )
}

/** Those of a database that has nothing of its own yet, and lets nobody but its owner in. */
export function bareProperties({ owner }: Pick<DatabaseProperties, 'owner'>) {
  return {
    acl: defaultAcl('database', owner).filter((item) => !item.startsWith('=')),
    settings: [],
    comment: null,
    connectionLimit: -1,
    isTemplate: false,
    allowConnections: true,
    securityLabels: [],
  }
}

/**
 * The backup's contents, to be restored beside the live database: in its tablespace and with its owner, closed to everybody else.
 * All that belongs to the name comes when it gets the name.
 */
export function besideContents(contents: BackupContents, live: OwnProperties): BackupContents {
  return {
    ...contents,
    database: {
      ...contents.database,
      ...bareProperties(live),
      owner: live.owner,
      tablespace: live.tablespace,
    },
    roles: contents.roles.map((role) => ({ ...role, databaseSettings: [] })),
  }
}

/** In what the live database differs from the one that was backed up, in words. Of settings the names: applications keep secrets in them. */
export function differences(contents: BackupContents, live: OwnProperties): string[] {
  const was = contents.database
  const said: string[] = []
  const kept = (what: string, backup: string, own: string): void => {
    if (backup !== own) said.push(`${what}: stays ${own}; in the backup it was ${backup}.`)
  }
  const listed = (items: readonly string[] | null): string => items?.join(', ') || 'the default'
  kept('Owner', was.owner, live.owner)
  kept('Grants on the database', listed(was.acl), listed(live.acl))
  kept('Comment', was.comment ?? 'none', live.comment ?? 'none')
  kept('Connection limit', String(was.connectionLimit), String(live.connectionLimit))
  kept('Template', String(was.isTemplate), String(live.isTemplate))
  kept('Tablespace', was.tablespace, live.tablespace)
  const inRoles = (roles: readonly { role: string; settings: readonly string[] }[]): string[] =>
    roles.flatMap(({ role, settings }) => settings.map((s) => `${role}: ${s}`))
  const settings = differing(
    [
      ...was.settings,
      ...inRoles(contents.roles.map((r) => ({ role: r.name, settings: r.databaseSettings }))),
    ],
    [...live.settings, ...inRoles(live.roleSettings)],
  )
  if (settings.length > 0)
    said.push(`Settings: stay as they are; in the backup others were ${settings.join(', ')}.`)
  const locale = (p: DatabaseProperties): string =>
    `${p.encoding}, ${p.localeProvider} ${p.locale ?? p.collate}${p.ctype === p.collate ? '' : ` / ${p.ctype}`}`
  if (locale(was) !== locale(live))
    said.push(
      `Encoding and locale: become those of the backup, ${locale(was)}; they are ${locale(live)} now.`,
    )
  return said
}

/** Names of what is in one of the lists only. */
function differing(one: readonly string[], other: readonly string[]): string[] {
  const only = [...one.filter((s) => !other.includes(s)), ...other.filter((s) => !one.includes(s))]
  return [...new Set(only.map((s) => splitSetting(s).name))].sort()
}
