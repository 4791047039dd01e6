import type { MadeTable, Preview } from '../restore/in-place/types.ts'
import { formatCount, formatCountOf, formatList } from './format.ts'
import { countLeftAlone, isChanged } from './preview-values.ts'

/** Of one row or table, and of several. */
type Verb = readonly [one: string, many: string]

const verbs = {
  preview: {
    create: ['comes back', 'come back'],
    copy: ['comes as a new row', 'come as new rows'],
    update: ['gets back the values it had', 'get back the values they had'],
    delete: ['is deleted', 'are deleted'],
    make: ['is made', 'are made'],
    drop: ['is dropped', 'are dropped'],
    leave: ['differs and is left alone', 'differ and are left alone'],
    conflict: ['is left out', 'are left out'],
    nothing: 'nothing would change',
  },
  applied: {
    create: ['came back', 'came back'],
    copy: ['came as a new row', 'came as new rows'],
    update: ['got back the values it had', 'got back the values they had'],
    delete: ['was deleted', 'were deleted'],
    make: ['was made', 'were made'],
    drop: ['was dropped', 'were dropped'],
    leave: ['differed and was left alone', 'differed and were left alone'],
    conflict: ['was left out', 'were left out'],
    nothing: 'nothing was changed',
  },
} as const

/** One sentence that says all of it, and one more where something stands in its way. */
export function headline(preview: Preview): string {
  const { problems, questions, tables } = preview
  // What is found before a row is read keeps the rows from being compared at all.
  const compared = problems.length === 0 || tables.length > 0
  return [
    ...(compared ? [sentence(preview, 'preview')] : []),
    ...(problems.length > 0
      ? [
          `It can't be applied: ${formatCountOf(problems.length, 'problem stands', 'problems stand')} in the way.`,
        ]
      : questions.length > 0
        ? [`First, ${formatCountOf(questions.length, 'question')} must be answered.`]
        : []),
  ].join(' ')
}

/** What would be done, or was, in one sentence. */
export function sentence(preview: Preview, when: keyof typeof verbs): string {
  const words = verbs[when]
  const { totals, makes, drops, tables } = preview
  const done = [
    ...changesText(preview, words),
    ...tablesWith(makes, words.make),
    ...tablesWith(drops, words.drop),
  ]
  const alone = tables.reduce((sum, table) => sum + countLeftAlone(table), 0)
  const row: Verb = tables.some(isChanged) ? ['other row', 'other rows'] : ['row', 'rows']
  const kept = [
    ...(alone > 0 ? [`${formatCountOf(alone, ...row)} ${form(words.leave, alone)}`] : []),
    ...(totals.conflicts > 0 ? [conflictsText(preview, words.conflict)] : []),
  ]
  const same = kept.length === 0 ? nothingDiffers(preview) : ''
  const text = [...(done.length > 0 ? done : [`${words.nothing}${same}`]), ...kept].join('; ')
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

function changesText(
  { totals, tables, newIds }: Preview,
  words: (typeof verbs)[keyof typeof verbs],
): string[] {
  const changes = (['create', 'update', 'delete'] as const).filter((action) => totals[action] > 0)
  if (changes.length === 0) return []
  const texts = changes.map((action, at) => {
    const count = at === 0 ? formatCountOf(totals[action], 'row') : formatCount(totals[action])
    const verb = words[action === 'create' && newIds ? 'copy' : action]
    return `${count} ${form(verb, totals[action])}`
  })
  const where = formatCountOf(tables.filter(isChanged).length, 'table')
  return [`${formatList(texts)}${texts.length > 1 ? ',' : ''} in ${where}`]
}

function tablesWith(tables: readonly MadeTable[], verb: Verb): string[] {
  if (tables.length === 0) return []
  const rows = tables.reduce((sum, table) => sum + table.rows, 0)
  return [
    `${formatCountOf(tables.length, 'table')} ${form(verb, tables.length)}, with ${formatCountOf(rows, 'row')}`,
  ]
}

function conflictsText({ totals, undoes }: Preview, verb: Verb): string {
  const one = totals.conflicts === 1
  const since = `somebody has changed ${one ? 'it' : 'them'} since, or `
  return `${formatCountOf(totals.conflicts, 'row')} ${form(verb, totals.conflicts)}: ${undoes === null ? '' : since}${one ? 'it' : 'they'} would break a key`
}

function nothingDiffers({ tables, undoes, newIds }: Preview): string {
  if (newIds) return ': the backup has no such row'
  if (tables.length === 0) return ': there was no table to compare'
  const than = undoes === null ? 'the backup' : 'what was before that restore'
  return `: no row that was compared, in ${formatCountOf(tables.length, 'table')}, differs from ${than}`
}

function form([one, many]: Verb, count: number): string {
  return count === 1 ? one : many
}
