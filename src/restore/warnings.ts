import { textsOf, type Sentence } from '../lib/sentence.ts'
import { adaptEntry, type TargetAbilities } from '../postgres/schema/adapt.ts'
import type { SchemaEntry } from '../postgres/schema/entry.ts'
import type { BackupContents } from '../repository/format/contents.ts'
import type { RestoreScope } from './scope.ts'
import type { TargetFacts } from './target.ts'
import type { RestoreOptions } from './types.ts'
import { andMore, sentence } from './sentences.ts'

/** In what the restored database will differ from the source, or from what somebody may expect. */
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
}): Sentence[] {
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
function notApplied(contents: BackupContents, scope: RestoreScope): Sentence[] {
  if (!scope.whole) return []
  const { settings, acl, comment } = contents.database
  const what = [
    ...(settings.length > 0
      ? [sentence('setting_count', { count: settings.length }, `${settings.length} settings`)]
      : []),
    ...(acl !== null ? [sentence('grants', {}, 'grants')] : []),
    ...(comment !== null ? [sentence('comment', {}, 'the comment')] : []),
  ]
  if (what.length === 0) return []
  return [
    sentence(
      'not_of_database',
      { what },
      `Of the database itself ${textsOf(what).join(', ')} are not restored: it exists already. --create-database restores them.`,
    ),
  ]
}

/** What somebody who asks for a part may expect, and does not get. */
function notBrought(contents: BackupContents, scope: RestoreScope): Sentence[] {
  const { missed } = scope
  const more = missed.length > 10 ? ` and ${missed.length - 10} more` : ''
  const names = [...missed.slice(0, 10), ...andMore(missed.length - 10)]
  const objects = scope.all ? 0 : contents.largeObjects.objects.length
  return [
    ...(missed.length === 0
      ? []
      : [
          sentence(
            'can_not_be',
            { names },
            `Without what is left out there can be no ${missed.slice(0, 10).join(', ')}${more}.`,
          ),
        ]),
    ...(objects === 0
      ? []
      : [
          sentence(
            'large_objects_left',
            { count: objects },
            `The ${objects} large objects of the backup are not restored: they do not belong to tables.`,
          ),
        ]),
  ]
}

function clearedFirst(facts: TargetFacts, options: RestoreOptions, name: string): Sentence[] {
  if (facts.unfinished === null || !options.restart) return []
  const { backup, started } = facts.unfinished
  const how = options.createDatabase
    ? sentence('drops_database', {}, 'the database is dropped, whoever is connected')
    : sentence('removes_content', {}, 'its content is removed')
  return [
    sentence(
      'cleared_first',
      { backup, started, database: name, how },
      `What a restore of ${backup}, begun ${started}, has left in ${name} goes first: ${how.text}.`,
    ),
  ]
}

/** An existing database keeps its locale, and texts are compared by it. */
function otherLocale(facts: TargetFacts, contents: BackupContents, name: string): Sentence[] {
  const { localeProvider, collate, ctype, locale } = contents.database
  const text = (l: NonNullable<TargetFacts['locale']>): string =>
    `${l.locale ?? l.collate}${l.ctype === l.collate ? '' : ` (characters: ${l.ctype})`} of ${l.localeProvider}`
  const own = { localeProvider, collate, ctype, locale }
  if (facts.locale === null || text(facts.locale) === text(own)) return []
  return [
    sentence(
      'other_locale',
      { database: name, own: text(facts.locale), source: text(own) },
      `The database ${name} orders text by ${text(facts.locale)}, the source did by ${text(own)}: texts may sort and match differently. --create-database makes one like the source.`,
    ),
  ]
}

/** Parts of statements that this server does not know. */
function adapted(entries: readonly SchemaEntry[], text: Uint8Array, abilities: TargetAbilities): Sentence[] {
  const lost = entries.flatMap((entry) => {
    const sql = Buffer.from(text.buffer, text.byteOffset + entry.offset, entry.length)
    return adaptEntry(sql.toString('utf8'), abilities).leftOut
  })
  const [first] = lost
  if (first === undefined) return []
  return [
    sentence(
      'statements_adapted',
      { count: lost.length, first },
      `The server was built without what ${lost.length} statements ask for; left out: ${first}${lost.length > 1 ? ' ...' : ''}`,
    ),
  ]
}
