import type { Sentence } from '../../lib/sentence.ts'
import type { Connection } from '../../postgres/connect.ts'
import type { SchemaEntry } from '../../postgres/schema/entry.ts'
import type { BackupContents } from '../../repository/format/contents.ts'
import type { RestoreProblem } from '../types.ts'
import type { Choice } from './choose.ts'
import type { Follower } from './follow.ts'
import type { LiveFacts } from './facts.ts'
import { referencesInto } from './references.ts'
import { problem } from '../problems.ts'
import { andMore, sentence } from '../sentences.ts'

/** How many things a message names. */
const named = 10

/** As `listed`, for sentences. */
function cut(items: readonly string[]): (string | Sentence)[] {
  return [...items.slice(0, named), ...andMore(items.length - named)]
}

function listed(items: readonly string[]): string {
  const more = items.length - named
  return items.slice(0, named).join(', ') + (more > 0 ? ` and ${more} more` : '')
}

/** What a database is or has that does not go together with new schemas. `missing`: what the backup needs, and is not there. */
export function liveProblems(
  name: string,
  live: LiveFacts,
  choice: Choice,
  contents: BackupContents,
  missing: readonly string[],
): RestoreProblem[] {
  const problems: RestoreProblem[] = []
  const add = (code: RestoreProblem['code'], said: Sentence): void => void problems.push(problem(code, said))
  if (choice.replaced.length + choice.added.length === 0)
    add(
      'target_lacks',
      sentence(
        'no_schema',
        { database: name },
        `The backup has no schema that could be replaced in ${name}.`,
      ),
    )
  const enabled = live.subscriptions.filter((s) => s.enabled).map((s) => s.name)
  if (live.slots.length > 0)
    add(
      'target_replicated',
      sentence(
        'slots_refill',
        { database: name, names: cut(live.slots) },
        `${name} has the logical replication slots ${listed(live.slots)}. All rows that are restored would be sent to their subscribers, who have them: end those subscriptions and drop the slots first, and make them anew afterwards.`,
      ),
    )
  if (enabled.length > 0)
    add(
      'target_replicated',
      sentence(
        'subscribes_aside',
        { database: name, names: cut(enabled) },
        `${name} subscribes by ${listed(enabled)}, into tables that would be put aside: ALTER SUBSCRIPTION ... DISABLE first, and make the subscriptions anew afterwards.`,
      ),
    )
  if (live.preparedTransactions > 0)
    add(
      'target_in_use',
      sentence(
        'prepared',
        { database: name, count: live.preparedTransactions },
        `${name} has ${live.preparedTransactions} prepared transactions: COMMIT PREPARED or ROLLBACK PREPARED them first.`,
      ),
    )
  for (const { name: extension, here, backup } of choice.elsewhere)
    add(
      'target_lacks',
      sentence(
        'extension_elsewhere',
        { name: extension, here, source: backup },
        `The extension ${extension} is in the schema ${here}, and in ${backup} in the backup, where restored objects look for it: ALTER EXTENSION ... SET SCHEMA first.`,
      ),
    )
  if (missing.length > 0)
    add(
      'target_lacks',
      sentence(
        'needs_outside',
        { names: cut(missing) },
        `The backup's schemas need what is left alone here, and is not there: ${listed(missing)}. Make it first.`,
      ),
    )
  const objects = contents.largeObjects.objects.length
  if (objects > 0 && live.largeObjects === 0)
    add(
      'target_lacks',
      sentence(
        'no_large_objects',
        { count: objects, database: name },
        `The backup has ${objects} large objects, which belong to no schema and stay as they are, and ${name} has none: restored rows would refer to nothing.`,
      ),
    )
  return problems
}

/** What outside of the schemas refers into them, if anything does. */
export async function referenceProblems(
  connection: Connection,
  schemas: readonly string[],
  moving: readonly string[],
): Promise<RestoreProblem[]> {
  const found = await referencesInto(connection, schemas, moving)
  if (found.length === 0) return []
  const each = found.map(({ what, into }) => `${what} (${into})`)
  const text = `What stays refers to what would be put aside, and would go on to: ${listed(each)}. Drop or change it first, and make it anew afterwards.`
  return [problem('target_entangled', sentence('refers_into', { names: cut(each) }, text))]
}

/** What would have to follow, and has nothing in the backup to follow to. */
export function followerProblems(followers: readonly Follower[], choice: Choice): RestoreProblem[] {
  const types = { table: /^TABLE$/, function: /^FUNCTION$/, schema: /^$/ }
  const lost = followers.filter(
    ({ kind, schema, name }) =>
      kind !== 'schema' &&
      !choice.entries.some(
        (e) =>
          types[kind].test(e.type) &&
          e.schema === schema &&
          e.name === (kind === 'table' ? name : `${name}()`),
      ),
  )
  if (lost.length === 0) return []
  const names = lost.map((l) => l.what)
  const text = `What stays names what the backup does not have: ${listed(names)}. Take it away first.`
  return [problem('target_entangled', sentence('names_missing', { names: cut(names) }, text))]
}

/**
 * How many locks the transaction will hold, about: everything that is made, with the tables that hold long values and their indexes, and the
 * tables that are replaced.
 */
export function locksNeeded(entries: readonly SchemaEntry[], replaced: number): number {
  const toasted = entries.filter((e) => e.type === 'TABLE' || e.type === 'MATERIALIZED VIEW').length
  return entries.filter((e) => e.phase !== 'acl').length + 3 * toasted + replaced + 50
}

export function lockProblems(live: LiveFacts, locks: number): RestoreProblem[] {
  if (locks <= live.freeLocks) return []
  const used = live.locksEach * live.lockShares - live.freeLocks
  const wanted = Math.ceil((locks + used) / live.lockShares / 8) * 8
  const free = Math.max(live.freeLocks, 0)
  const text = `One transaction that makes all of it holds about ${locks} locks at its end, and the server has room for ${free} more: set max_locks_per_transaction to ${wanted} and restart it.`
  return [problem('locks_exhausted', sentence('locks_lacking', { locks, free, wanted }, text))]
}

/** What becomes of that which belongs to no schema, and of whoever works in the database. */
export function schemaNotes(live: LiveFacts, choice: Choice, contents: BackupContents): Sentence[] {
  const outside = [...choice.outside].map(([type, count]) => `${type.toLowerCase()} (${count})`)
  const objects = contents.largeObjects.objects.length
  const bordering = choice.left.filter((l) => choice.needs.some((e) => e.schema === l.schema))
  const { scope } = contents
  const part = [...scope.schemas, ...scope.tables, ...scope.excludeTables]
  return [
    ...(part.length === 0
      ? []
      : [
          sentence(
            'backup_of_part',
            {},
            'The backup is of a part of its database: what it lacks of the schemas that it replaces will be in the kept ones only.',
          ),
        ]),
    ...(outside.length === 0
      ? []
      : [
          sentence(
            'outside_stays',
            { names: outside },
            `What belongs to no schema stays as it is here, and of the backup is not brought back: ${outside.join(', ')}.`,
          ),
        ]),
    ...(live.publications === 0
      ? []
      : [
          sentence(
            'publications_stay',
            { count: live.publications },
            `Publications (${live.publications}) stay, and publish the restored tables in place of those of the same names.`,
          ),
        ]),
    ...(live.eventTriggers === 0
      ? []
      : [
          sentence(
            'event_triggers_stay',
            { count: live.eventTriggers },
            `Event triggers (${live.eventTriggers}) stay, and are silent during the restore where the role may say so.`,
          ),
        ]),
    ...(objects + live.largeObjects === 0
      ? []
      : [
          sentence(
            'large_objects_stay',
            { here: live.largeObjects, source: objects },
            `Large objects belong to no schema and stay as they are: ${live.largeObjects} here, ${objects} in the backup.`,
          ),
        ]),
    ...(choice.asideExtensions.length === 0
      ? []
      : [
          sentence(
            'extensions_aside',
            { names: choice.asideExtensions },
            `The extensions ${choice.asideExtensions.join(', ')} are not in the backup, and are put aside with their schema.`,
          ),
        ]),
    ...(choice.keptThen.length === 0
      ? []
      : [
          sentence(
            'schemas_aside',
            { names: choice.keptThen },
            `The schemas ${choice.keptThen.join(', ')} of the backup had been put aside then, and are left out.`,
          ),
        ]),
    ...(bordering.length === 0
      ? []
      : [
          sentence(
            'keys_last',
            { names: bordering.map((l) => l.schema) },
            `Foreign keys into ${bordering.map((l) => l.schema).join(', ')} are made last: whoever writes there waits until the commit. Those of the old tables hold, too, until holdfast release --drop-old.`,
          ),
        ]),
    ...live.kept.map((k) =>
      sentence(
        'schemas_kept',
        { names: k.schemas.map((s) => s.name), at: k.at },
        `${k.schemas.map((s) => s.name).join(', ')}, put aside ${k.at}, ${k.schemas.length === 1 ? 'is' : 'are'} kept since an earlier restore in place; holdfast release --drop-old drops ${k.schemas.length === 1 ? 'it' : 'them'}.`,
      ),
    ),
  ]
}
