import { partOf, type SentencePart } from './sentence-words.ts'

/*
 * What a preview of a restore in place holds, as the engine has it (src/restore/in-place/types.ts). The contract gives it as any JSON: whatever is
 * missing, since it was cut for its size or made by another version, is read as nothing.
 */

export interface Cell {
  readonly name: string
  readonly key: boolean
  readonly before: string | null
  readonly after: string | null
  readonly changed: boolean
  readonly renewed: boolean
}

export type SampleAction = 'create' | 'update' | 'delete' | 'newer' | 'conflict'

export interface Sample {
  readonly action: SampleAction
  readonly why: string | null
  readonly columns: readonly Cell[]
}

export interface PreviewTable {
  readonly schema: string
  readonly name: string
  readonly create: number
  readonly update: number
  readonly delete: number
  readonly unchanged: number
  readonly conflicts: number
  /** Rows that differ and stay as they are. */
  readonly leftAlone: number
  /** Rows come along that were not chosen: because rows of these tables refer to them, or they to these. */
  readonly neededBy: readonly string[]
  readonly along: readonly string[]
  readonly samples: readonly Sample[]
  readonly notes: readonly string[]
}

interface WholeTable {
  readonly schema: string
  readonly name: string
  readonly rows: number
}

export interface Preview {
  readonly database: string
  /** When the backup was taken; null for an undoing. */
  readonly moment: string | null
  readonly totals: { readonly create: number; readonly update: number; readonly delete: number; readonly conflicts: number } // prettier-ignore
  readonly tables: readonly PreviewTable[]
  readonly makes: readonly WholeTable[]
  readonly drops: readonly WholeTable[]
  readonly problems: readonly string[]
  readonly questions: readonly { readonly about: string; readonly text: string }[]
  readonly warnings: readonly string[]
  /** What its sentences are made of. */
  readonly parts: readonly SentencePart[]
  readonly estimate: {
    readonly seconds: number
    readonly locks: readonly string[]
    readonly closed: readonly string[]
  }
}

type Loose = Readonly<Record<string, unknown>>

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)
const count = (value: unknown): number => (typeof value === 'number' ? value : 0)
const object = (value: unknown): Loose =>
  typeof value === 'object' && value !== null ? (value as Loose) : {}
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : [])
const objects = (value: unknown): readonly Loose[] => list(value).map(object)
const texts = (value: unknown): readonly string[] =>
  list(value).flatMap((one) => text(one) ?? text(object(one)['text']) ?? text(object(one)['message']) ?? [])
const partsOf = (value: unknown): readonly SentencePart[] => list(value).flatMap((one) => partOf(one) ?? [])

export function previewOf(given: Loose): Preview {
  const totals = object(given['totals'])
  const estimate = object(given['estimate'])
  return {
    database: text(given['database']) ?? '',
    moment: text(given['moment']),
    totals: {
      create: count(totals['create']),
      update: count(totals['update']),
      delete: count(totals['delete']),
      conflicts: count(totals['conflicts']),
    },
    tables: objects(given['tables']).map(tableOf),
    makes: objects(given['makes']).map(wholeTable),
    drops: objects(given['drops']).map(wholeTable),
    problems: texts(given['problems']),
    questions: objects(given['questions']).map((one) => ({
      about: text(one['about']) ?? '',
      text: text(one['text']) ?? '',
    })),
    warnings: texts(given['warnings']),
    parts: partsOf(given['parts']),
    estimate: {
      seconds: count(estimate['seconds']),
      locks: texts(estimate['locks']),
      closed: texts(estimate['closed']),
    },
  }
}

function tableOf(given: Loose): PreviewTable {
  return {
    schema: text(given['schema']) ?? '',
    name: text(given['name']) ?? '',
    create: count(given['create']),
    update: count(given['update']),
    delete: count(given['delete']),
    unchanged: count(given['unchanged']),
    conflicts: count(given['conflicts']),
    leftAlone: Object.values(object(given['leftAlone'])).reduce<number>((sum, one) => sum + count(one), 0),
    neededBy: texts(given['neededBy']),
    along: texts(given['along']),
    samples: objects(given['samples']).map(sampleOf),
    notes: texts(given['notes']),
  }
}

function wholeTable(given: Loose): WholeTable {
  return { schema: text(given['schema']) ?? '', name: text(given['name']) ?? '', rows: count(given['rows']) }
}

function sampleOf(given: Loose): Sample {
  return {
    action: (text(given['action']) ?? 'create') as SampleAction,
    why: text(given['why']),
    columns: objects(given['columns']).map((cell) => ({
      name: text(cell['name']) ?? '',
      key: cell['key'] === true,
      before: text(cell['before']),
      after: text(cell['after']),
      changed: cell['changed'] === true,
      renewed: cell['renewed'] === true,
    })),
  }
}

/** What a finished restore says of itself. */
export interface Report {
  readonly seconds: number
  readonly created: number
  readonly changed: number
  readonly deleted: number
  /** Those with any row that was written. */
  readonly tables: readonly {
    readonly name: string
    readonly created: number
    readonly changed: number
    readonly deleted: number
  }[]
  readonly checks: readonly { readonly what: string; readonly result: string }[]
  readonly warnings: readonly string[]
  /** What its sentences are made of. */
  readonly parts: readonly SentencePart[]
  /** What is off in a copy, so that it does nothing by itself; how many things. */
  readonly quarantined: number
}

export function reportOf(given: Loose): Report {
  const tables = objects(given['tables']).map((table) => ({
    name: `${text(table['schema']) ?? ''}.${text(table['name']) ?? ''}`,
    // Into a new database all rows are created.
    created: count(table['created'] ?? table['rows']),
    changed: count(table['updated']),
    deleted: count(table['deleted']),
  }))
  const sum = (of: 'created' | 'changed' | 'deleted'): number =>
    tables.reduce((total, table) => total + table[of], 0)
  return {
    seconds: count(given['seconds']),
    created: sum('created'),
    changed: sum('changed'),
    deleted: sum('deleted'),
    tables: tables.filter(({ created, changed, deleted }) => created + changed + deleted > 0),
    checks: objects(given['checks']).map((one) => ({
      what: text(one['what']) ?? '',
      result: text(one['result']) ?? '',
    })),
    warnings: texts(given['warnings']),
    parts: partsOf(given['parts']),
    quarantined: list(given['quarantined']).length,
  }
}
