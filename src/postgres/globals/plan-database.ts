import { aclStatements, defaultAcl, withOwner } from '../acl.ts'
import { ident, literal } from '../quote.ts'
import { settingClause, splitSetting } from './settings.ts'
import type { DatabaseProperties } from './types.ts'

export interface DatabasePlan {
  /** CREATE DATABASE; it cannot run in a transaction. */
  readonly create: string
  /** Right after `create`: nobody else gets in while it is being filled, if not everybody may in the end. */
  readonly guard: readonly string[]
  /** When all else is restored, in order: owner, grants, settings, limits. */
  readonly after: readonly string[]
  /** After `after`. Each fails by itself where the server has not loaded its provider. */
  readonly labelStatements: readonly string[]
  readonly differing: readonly string[]
}

export interface DatabaseTarget {
  readonly major: number
  /** The role that restores. */
  readonly currentUser: string
  readonly tablespaces: ReadonlySet<string>
  /** As in `RoleTarget`. */
  readonly refusedSettings: ReadonlySet<string>
}

/** Plans the database itself. Settings come last: `default_transaction_read_only` or a time limit would stop the restore. */
export function planDatabase(options: {
  readonly properties: DatabaseProperties
  readonly targetName: string
  readonly target: DatabaseTarget
  readonly noOwner: boolean
  readonly noGrants: boolean
}): DatabasePlan {
  const { properties, targetName, target } = options
  const database = ident(targetName)
  const differing: string[] = []
  const after: string[] = []
  const owner = options.noOwner ? target.currentUser : properties.owner
  if (!options.noOwner) after.push(`ALTER DATABASE ${database} OWNER TO ${ident(owner)}`)
  const guard: string[] = []
  if (!options.noGrants && properties.acl !== null) {
    const close = `REVOKE ALL ON DATABASE ${database} FROM PUBLIC`
    guard.push(close)
    // Said again for a database that was there before, and that no guard has closed.
    after.push(close)
    const initial = defaultAcl('database', owner).filter((item) => !item.startsWith('='))
    const acl = withOwner(properties.acl, properties.owner, owner)
    after.push(...aclStatements({ objectSql: `DATABASE ${database}`, owner, acl, initial }))
  }
  for (const setting of properties.settings) {
    const { name } = splitSetting(setting)
    if (target.refusedSettings.has(name)) {
      differing.push(`the setting ${name} of the database cannot be made here by ${target.currentUser}`)
    } else {
      after.push(`ALTER DATABASE ${database} ${settingClause(setting)}`)
    }
  }
  if (properties.comment !== null)
    after.push(`COMMENT ON DATABASE ${database} IS ${literal(properties.comment)}`)
  if (properties.connectionLimit !== -1) {
    after.push(`ALTER DATABASE ${database} CONNECTION LIMIT ${properties.connectionLimit}`)
  }
  if (properties.isTemplate) after.push(`ALTER DATABASE ${database} IS_TEMPLATE true`)
  if (!properties.allowConnections) after.push(`ALTER DATABASE ${database} ALLOW_CONNECTIONS false`)

  const hasTablespace = target.tablespaces.has(properties.tablespace)
  if (!hasTablespace) {
    differing.push(
      `the tablespace ${properties.tablespace} does not exist here: the database is in the default one`,
    )
  }
  return {
    create: createStatement(properties, targetName, hasTablespace),
    guard,
    after,
    labelStatements: properties.securityLabels.map(
      (l) => `SECURITY LABEL FOR ${ident(l.provider)} ON DATABASE ${database} IS ${literal(l.label)}`,
    ),
    differing,
  }
}

/** CREATE DATABASE with the source's encoding and locale, from template0, the only template with which these may differ. */
export function createStatement(
  properties: DatabaseProperties,
  name: string,
  withTablespace: boolean,
): string {
  const words = [
    `CREATE DATABASE ${ident(name)} WITH TEMPLATE template0`,
    `ENCODING ${literal(properties.encoding)}`,
    `LOCALE_PROVIDER ${properties.localeProvider}`,
    `LC_COLLATE ${literal(properties.collate)} LC_CTYPE ${literal(properties.ctype)}`,
  ]
  if (properties.locale !== null) {
    const option = properties.localeProvider === 'icu' ? 'ICU_LOCALE' : 'BUILTIN_LOCALE'
    words.push(`${option} ${literal(properties.locale)}`)
  }
  if (properties.icuRules !== null) words.push(`ICU_RULES ${literal(properties.icuRules)}`)
  if (withTablespace && properties.tablespace !== 'pg_default') {
    words.push(`TABLESPACE ${ident(properties.tablespace)}`)
  }
  return words.join(' ')
}

/**
 * What to try, in order, where the target's system lacks the locale: the nearest that every system has. With ICU and
 * built-in locales the order of texts stays; with libc's it becomes that of code points.
 */
export function fallbackLocales(properties: DatabaseProperties, major: number): DatabaseProperties[] {
  const unicode = properties.encoding === 'UTF8'
  const libc = (unicode ? ['C.UTF-8', 'C'] : ['C']).map((name) => ({
    ...properties,
    collate: name,
    ctype: name,
  }))
  const plain: DatabaseProperties[] = libc.map((p) => ({
    ...p,
    localeProvider: 'libc',
    locale: null,
    icuRules: null,
  }))
  if (unicode && major >= 17) {
    plain.unshift({
      ...properties,
      localeProvider: 'builtin',
      locale: 'C.UTF-8',
      icuRules: null,
      collate: 'C',
      ctype: 'C',
    })
  }
  return properties.localeProvider === 'libc' ? plain : [...libc, ...plain]
}
