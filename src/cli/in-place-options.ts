import { isDeepStrictEqual } from 'node:util'
import { HoldfastError } from '../lib/errors.ts'
import { components, type Component } from '../restore/component/types.ts'
import type { Actions, InPlaceOptions } from '../restore/in-place/types.ts'
import type { Environment } from './command.ts'
import { confirmation } from './confirm.ts'
import { expectation } from './expected.ts'
import { choice, flag, longName, text, texts, wrong, type Given, type OptionSpec } from './option.ts'
import { lockTimeout } from './options.ts'

const componentTexts = texts({
  flags: '--component <part>',
  description:
    'in place: bring back this part of the schema in place of rows, where it is missing or differs; may be repeated',
})

function requireComponent(given: string): Component {
  const found = components.find((one) => one === given)
  if (found === undefined) throw wrong(componentTexts, given, `choose one of ${components.join(', ')}`)
  return found
}

/** What `restore --in-place` takes on top of what every restore does. */
export const inPlaceOptions = {
  inPlace: flag({
    flags: '--in-place',
    description: 'change the rows of a database that is in use: see the preview first',
  }),
  component: {
    ...componentTexts,
    choices: components,
    read: (given: Given) => componentTexts.read(given).map(requireComponent),
  },
  save: text({
    flags: '--save <file>',
    description:
      'in place, with --component: write the SQL that takes the changes back to this new file, too, which only you can read; holdfast undo needs no file',
  }),
  where: text({
    flags: '--where <condition>',
    description: 'in place: only rows of the one chosen table that meet this SQL condition',
  }),
  createMissing: flag({
    flags: '--create-missing',
    description: 'in place: make rows and tables again that are gone (what happens if nothing else is said)',
  }),
  updateChanged: flag({
    flags: '--update-changed',
    description: 'in place: give changed rows back the values they had',
  }),
  deleteExtra: flag({
    flags: '--delete-extra',
    description: 'in place: delete rows that the backup does not have',
  }),
  recoverDeleted: flag({
    flags: '--recover-deleted',
    description: 'in place: another name of --create-missing',
  }),
  replace: flag({
    flags: '--replace',
    description: 'in place: all three, so that the rows are those of the backup and no others',
  }),
  newIds: flag({
    flags: '--new-ids',
    description:
      'in place: bring the chosen rows as new ones beside what is there, under new keys, with the rows that refer to them',
  }),
  keepNewer: text({
    flags: '--keep-newer <column>',
    description: 'in place: leave rows alone whose value in this column is later than in the backup',
  }),
  references: choice({
    flags: '--references <what>',
    description:
      'in place, about rows that restored ones refer to and that are gone as well: bring them too, or skip the rows that need them',
    choices: ['bring', 'skip'],
    default: undefined,
  }),
  skipConflicts: flag({
    flags: '--skip-conflicts',
    description: 'in place: leave out rows that would break a key, and restore the others',
  }),
  preview: flag({
    flags: '--preview',
    description: 'in place: show what would change, and change nothing',
  }),
  html: text({
    flags: '--html <file>',
    description:
      'in place: write the preview as one HTML file, too; it holds rows of the database, or definitions',
  }),
  lockTimeout,
  ...expectation,
  ...confirmation,
}

export type InPlaceInput = {
  readonly [K in keyof typeof inPlaceOptions]: ReturnType<(typeof inPlaceOptions)[K]['read']>
}

/** What was asked for. Throws `usage` for options that make no sense together. */
export function readInPlaceOptions(
  input: InPlaceInput & {
    schema: readonly string[]
    table: readonly string[]
    excludeTable: readonly string[]
  },
): InPlaceOptions {
  requireOnlyCreating(input)
  return {
    tables: input.table,
    schemas: input.schema,
    excludeTables: input.excludeTable,
    where: input.where ?? null,
    actions: actionsOf(input),
    newIds: input.newIds,
    keepNewer: input.keepNewer ?? null,
    missingReferences: input.references ?? null,
    lockTimeoutMs: input.lockTimeout * 1000,
  }
}

/** Rows that come as new ones meet none that is there: nothing could be changed or deleted. */
function requireOnlyCreating(input: InPlaceInput): void {
  if (!input.newIds) return
  const about: readonly (readonly [string, boolean])[] = [
    ['--replace', input.replace],
    ['--update-changed', input.updateChanged],
    ['--delete-extra', input.deleteExtra],
    ['--keep-newer', input.keepNewer !== undefined],
  ]
  const wrong = about.find(([, given]) => given)?.[0]
  if (wrong === undefined) return
  throw new HoldfastError(
    'usage',
    `--new-ids brings rows as new ones and touches none that is there; ${wrong} is about those that are.`,
  )
}

function actionsOf(input: InPlaceInput): Actions {
  const { replace } = input
  const create = replace || input.createMissing || input.recoverDeleted
  const update = replace || input.updateChanged
  const remove = replace || input.deleteExtra
  return { create: create || !(update || remove), update, delete: remove }
}

/** What was asked for, as options, for the report. */
export function askedFor(
  input: Parameters<typeof readInPlaceOptions>[0] & { readonly module: readonly string[] },
): string[] {
  const { actions } = readInPlaceOptions(input)
  const list = (name: string, values: readonly string[]): string[] => values.map((v) => `${name} ${v}`)
  return [
    ...list('--component', input.component),
    ...list('--schema', input.schema),
    ...list('--table', input.table),
    ...list('--module', input.module),
    ...list('--exclude-table', input.excludeTable),
    ...(input.where === undefined ? [] : [`--where ${input.where}`]),
    ...(input.newIds ? ['--new-ids'] : actions.create ? ['--create-missing'] : []),
    ...(actions.update ? ['--update-changed'] : []),
    ...(actions.delete ? ['--delete-extra'] : []),
    ...(input.keepNewer === undefined ? [] : [`--keep-newer ${input.keepNewer}`]),
  ]
}

/** The first option that says something about a restore in place, for telling that `--in-place` is missing. */
export function requireNoInPlace(input: InPlaceInput, env: Environment): void {
  const specs: Readonly<Record<string, OptionSpec<unknown>>> = inPlaceOptions
  for (const [name, spec] of Object.entries(specs)) {
    // What the environment says is for all commands, and what nobody says is the default.
    const unsaid = spec.read(spec.env === undefined ? undefined : env[spec.env])
    if (isDeepStrictEqual(input[name as keyof InPlaceInput], unsaid)) continue
    throw new HoldfastError('usage', `${longName(spec)} is about a restore --in-place.`)
  }
}
