import type { Sentence } from '../lib/sentence.ts'
import { entryName, type SchemaEntry } from '../postgres/schema/entry.ts'
import { outerWords, unquoted } from '../postgres/schema/words.ts'
import { entryLabel } from './entries.ts'
import { problem } from './problems.ts'
import { andMore, sentence } from './sentences.ts'
import type { TargetFacts } from './target.ts'
import type { RestoreProblem } from './types.ts'

/** Why a role that is no superuser may not make something, and what helps. */
interface Bar {
  readonly why: Sentence
  readonly help: Sentence
  /** Even a plain server may let it pass. */
  readonly unsure?: boolean
}

const superuserOnly: Bar = {
  why: sentence('only_superuser', {}, 'only a superuser can'),
  help: sentence(
    'help_superuser',
    {},
    'Restore as one, or choose schemas or tables, which leaves out what they do not need.',
  ),
}

/** What is asked of the target, or of another database of its server if it is not there yet. */
interface Asked {
  readonly facts: Pick<TargetFacts, 'user' | 'major' | 'superuser' | 'rights' | 'extensionsPresent'>
  /** The database will be made from template0, where no extension is, and languages are as Postgres itself gives them. */
  readonly createDatabase: boolean
}

/** Kinds of which no object can be made by anybody else, in any version. */
const superuserKinds = new Set([
  'ACCESS METHOD',
  'EVENT TRIGGER',
  'FOREIGN DATA WRAPPER',
  'OPERATOR CLASS',
  'OPERATOR FAMILY',
  'PUBLICATION TABLES IN SCHEMA',
  'SHELL TYPE',
  'TEXT SEARCH PARSER',
  'TEXT SEARCH TEMPLATE',
])

/**
 * What the restore would fail at because its role is no superuser, event triggers and replication when all rows are loaded already.
 * On a server that may give roles more than Postgres does, it is a warning: a restore that would have worked must not be
 * refused, and one that fails is undone.
 */
export function beyondRights(
  o: Asked & {
    readonly entries: readonly SchemaEntry[]
    /** The schema's SQL. */
    readonly text: Uint8Array
  },
): { problems: RestoreProblem[]; warnings: Sentence[] } {
  const problems: RestoreProblem[] = []
  const warnings: Sentence[] = []
  const { user, superuser } = o.facts
  const { plain } = o.facts.rights
  if (superuser) return { problems, warnings }
  const found = new Map<string, { bar: Bar; labels: Set<string> }>()
  for (const entry of o.entries) {
    const bar = barOf(entry, sqlOf(entry, o.text), o)
    if (bar === undefined) continue
    const key = `${entry.type} ${bar.why.text}${bar.help.text}`
    const labels = found.get(key)?.labels ?? new Set()
    found.set(key, { bar, labels: labels.add(labelOf(entry)) })
  }
  for (const { bar, labels } of found.values()) {
    const { why, help } = bar
    const values = {
      user,
      names: [...[...labels].slice(0, named), ...andMore(labels.size - named)],
      why,
      help,
    }
    if (plain && bar.unsure !== true) {
      const text = `${user} may not make ${listed(labels)}: ${why.text}. ${help.text}`
      problems.push(problem('target_lacks', sentence('not_made', values, text)))
    } else {
      const text = `${listed(labels)} may be refused to ${user}: ${why.text}, unless this server makes exceptions. The restore is undone then. ${help.text}`
      warnings.push(sentence('may_be_refused', values, text))
    }
  }
  return { problems, warnings }
}

function barOf(entry: SchemaEntry, sql: string, o: Asked): Bar | undefined {
  if (superuserKinds.has(entry.type)) return superuserOnly
  switch (entry.type) {
    case 'EXTENSION':
      return extensionBar(entry.name, o)
    case 'PROCEDURAL LANGUAGE':
      return namesHandler(sql) ? superuserOnly : extensionBar(entry.name, o)
    case 'FUNCTION':
    case 'PROCEDURE':
      return functionBar(sql, o)
    case 'AGGREGATE':
      return /\n    M?STYPE = internal[,\n]/.test(sql) ? superuserOnly : undefined
    case 'TYPE':
      return /^CREATE TYPE [^\n]* \(\n    INTERNALLENGTH = /.test(sql) ? superuserOnly : undefined
    case 'CAST':
      return /^CREATE CAST \(.*\) WITHOUT FUNCTION/.test(sql) || ofBuiltInTypes(sql)
        ? superuserOnly
        : undefined
    case 'PUBLICATION':
      return outerWords(sql).includes('ALL') ? superuserOnly : undefined
    case 'SUBSCRIPTION':
      return subscriptionBar(sql, o)
    case 'ACL':
      return ofBuiltIn(entry) ? builtInRights : undefined
    default:
      return undefined
  }
}

function sqlOf(entry: SchemaEntry, text: Uint8Array): string {
  return Buffer.from(text.buffer, text.byteOffset + entry.offset, entry.length).toString('utf8')
}

/** A language that the server makes by itself. Without a handler, CREATE LANGUAGE is another word for CREATE EXTENSION. */
export function hasHandler(language: SchemaEntry, text: Uint8Array): boolean {
  return namesHandler(sqlOf(language, text))
}

const namesHandler = (sql: string): boolean => outerWords(sql).includes('HANDLER')

function extensionBar(name: string, { facts, createDatabase }: Asked): Bar | undefined {
  if (!createDatabase && facts.extensionsPresent.includes(name)) return undefined
  if (!facts.rights.untrustedExtensions.has(name)) return undefined
  return {
    ...superuserOnly,
    help: sentence(
      'help_extension',
      {},
      'Let one run CREATE EXTENSION in the empty database first, and restore into that without --create-database.',
    ),
  }
}

function functionBar(sql: string, { facts, createDatabase }: Asked): Bar | undefined {
  const words = outerWords(sql)
  // Words that stand alone: a language or a setting of such a name would be in lower case or quoted.
  if (words.includes('LEAKPROOF') || words.includes('SUPPORT')) return superuserOnly
  const language = unquoted(words[words.indexOf('LANGUAGE') + 1] ?? '')
  // A language that is not there comes with the backup, and is told itself if it can't be made.
  const usable = facts.rights.languages.get(language)
  if (usable === 'untrusted') return superuserOnly
  if (usable !== 'not granted' || createDatabase) return undefined
  return {
    why: sentence('no_language_right', { language }, `it has no right to use the language ${language}`),
    help: sentence(
      'help_language',
      { language, user: facts.user },
      `Let a superuser run GRANT USAGE ON LANGUAGE ${language} TO ${facts.user}.`,
    ),
  }
}

function subscriptionBar(sql: string, { facts }: Asked): Bar | undefined {
  if (facts.major < 16) return superuserOnly
  if (!facts.rights.subscribes) {
    return {
      why: sentence('only_subscribers', {}, 'only members of pg_create_subscription can'),
      help: sentence(
        'help_subscriber',
        { user: facts.user },
        `Let a superuser run GRANT pg_create_subscription TO ${facts.user}, or choose schemas or tables, which leaves subscriptions out.`,
      ),
    }
  }
  if (/password_required = false/.test(sql.slice(sql.lastIndexOf(' WITH (')))) return superuserOnly
  const connection = /^CREATE SUBSCRIPTION (?:"(?:[^"]|"")*"|\S+) CONNECTION '((?:[^']|'')*)'/.exec(sql)?.[1]
  if (connection === undefined || /password\s*=|^postgres(?:ql)?:\/\/[^/@]*:[^/@]+@/.test(connection))
    return undefined
  return {
    why: sentence(
      'only_superuser_bare',
      {},
      'only a superuser can make one whose connection has no password',
    ),
    help: sentence(
      'help_subscriptions',
      {},
      'Restore as one, or choose schemas or tables, which leaves subscriptions out.',
    ),
  }
}

/** A cast needs the owner of one of its types; those of Postgres itself are written without a schema. */
function ofBuiltInTypes(sql: string): boolean {
  const types = /^CREATE CAST \((.*?)\) WITH/.exec(sql)?.[1]
  return types !== undefined && !types.includes('.')
}

const builtInRights: Bar = {
  why: sentence(
    'only_superuser_rights',
    {},
    'only a superuser can change rights on what Postgres itself brings',
  ),
  help: sentence('help_grants', {}, '--no-grants leaves grants out.'),
  // If anybody has the right already, the server only shrugs.
  unsure: true,
}

function ofBuiltIn(entry: SchemaEntry): boolean {
  return (
    entry.schema === 'pg_catalog' ||
    entry.schema === 'information_schema' ||
    entry.name.startsWith('LANGUAGE ')
  )
}

/** pg_dump names these by their kind once more. */
function labelOf(entry: SchemaEntry): string {
  if (entry.type === 'SHELL TYPE') return entryLabel({ ...entry, type: 'TYPE' })
  if (entry.type === 'CAST') return entry.name.replace(/^CAST /, 'cast ')
  if (entry.type === 'ACL') return `grants on ${entryName(entry)}`
  return entryLabel(entry)
}

/** How many objects a message names. */
const named = 20

function listed(labels: ReadonlySet<string>): string {
  const more = labels.size - named
  return [...labels].slice(0, named).join(', ') + (more > 0 ? ` and ${more} more` : '')
}
