import type { LiveModule } from '../snapshot/live-counts.ts'
import { formatCount, formatCountOf } from './format.ts'
import type { Output } from './output.ts'

const words = { exact: '', estimate: 'about ', unknown: 'at least ' } as const

/** Prints how many rows each module has now. */
export function tellLiveCounts(out: Output, modules: readonly LiveModule[]): void {
  if (modules.length === 0) return out.line('It has no modules.')
  out.table(
    [{ title: 'MODULE' }, { title: 'TABLES' }, { title: 'ROWS NOW' }],
    modules.map(({ name, tables, rows, how }) => [
      name,
      formatCountOf(tables.length, 'table'),
      rows === null ? 'not known' : words[how] + formatCount(rows),
    ]),
  )
}
