import { adaptEntry, type TargetAbilities } from '../postgres/schema/adapt.ts'
import type { SchemaEntry } from '../postgres/schema/entry.ts'
import type { BackupContents } from '../repository/format/contents.ts'
import type { RestoreScope } from './scope.ts'
import type { TargetFacts } from './target.ts'
import type { RestoreOptions } from './types.ts'

/** In what the restored database will differ from the source, or from what somebody may expect, in words. */
export function planWarnings(o: {
  facts: TargetFacts
  contents: BackupContents
  scope: RestoreScope
  options: RestoreOptions
  /** The schema's SQL. */
  text: Uint8Array
  abilities: TargetAbilities
  /** Of the target database. */
  name: string
}): string[] {
  const { facts, contents, scope, options, name } = o
  return [
    ...(options.createDatabase ? [] : notApplied(contents, scope)),
    ...(options.createDatabase ? [] : otherLocale(facts, contents, name)),
    ...notBrought(contents, scope),
    ...clearedFirst(facts, options, name),
    ...adapted(scope.entries, o.text, o.abilities),
  ]
}

/** The database exists and belongs to somebody: what is its own is left as it is, and told. */
function notApplied(contents: BackupContents, scope: RestoreScope): string[] {
  if (!scope.whole) return []
  const { settings, acl, comment } = contents.database
  const what = [
    ...(settings.length > 0 ? [`${settings.length} settings`] : []),
    ...(acl !== null ? ['grants'] : []),
    ...(comment !== null ? ['the comment'] : []),
  ]
  if (what.length === 0) return []
  return [
    `Of the database itself ${what.join(', ')} are not restored: it exists already. --create-database restores them.`,
  ]
}

/** What somebody who asks for a part may expect, and does not get. */
function notBrought(contents: BackupContents, scope: RestoreScope): string[] {
  const { missed } = scope
  const more = missed.length > 10 ? ` and ${missed.length - 10} more` : ''
  const objects = scope.all ? 0 : contents.largeObjects.objects.length
  return [
    ...(missed.length === 0
      ? []
      : [`Without what is left out there can be no ${missed.slice(0, 10).join(', ')}${more}.`]),
    ...(objects === 0
      ? []
      : [`The ${objects} large objects of the backup are not restored: they do not belong to tables.`]),
  ]
}

function clearedFirst(facts: TargetFacts, options: RestoreOptions, name: string): string[] {
  if (facts.unfinished === null || !options.restart) return []
  const { backup, started } = facts.unfinished
  const how = options.createDatabase
    ? 'the database is dropped, whoever is connected'
    : 'its content is removed'
  return [`What a restore of ${backup}, begun ${started}, has left in ${name} goes first: ${how}.`]
}

/** An existing database keeps its locale, and texts are compared by it. */
function otherLocale(facts: TargetFacts, contents: BackupContents, name: string): string[] {
  const { localeProvider, collate, ctype, locale } = contents.database
  const text = (l: NonNullable<TargetFacts['locale']>): string =>
    `${l.locale ?? l.collate}${l.ctype === l.collate ? '' : ` (characters: ${l.ctype})`} of ${l.localeProvider}`
  const own = { localeProvider, collate, ctype, locale }
  if (facts.locale === null || text(facts.locale) === text(own)) return []
  return [
    `The database ${name} orders text by ${text(facts.locale)}, the source did by ${text(own)}: texts may sort and match differently. --create-database makes one like the source.`,
  ]
}

/** Parts of statements that this server does not know. */
function adapted(entries: readonly SchemaEntry[], text: Uint8Array, abilities: TargetAbilities): string[] {
  const lost = entries.flatMap((entry) => {
    const sql = Buffer.from(text.buffer, text.byteOffset + entry.offset, entry.length)
    return adaptEntry(sql.toString('utf8'), abilities).leftOut
  })
  const [first] = lost
  if (first === undefined) return []
  return [
    `The server was built without what ${lost.length} statements ask for; left out: ${first}${lost.length > 1 ? ' ...' : ''}`,
  ]
}
