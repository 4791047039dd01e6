import { ident } from '../../../src/postgres/quote.ts'
import type { Random } from '../../oracle/random.ts'
import type { Ask } from './expected.ts'
import type { Model } from './model.ts'
import type { State } from './state.ts'

/** Draws what to restore, and how. */
export function drawAsk(r: Random, model: Model, backup: State): Ask {
  const all = [...backup.tables.values()]
  const kind = r.int(10)
  const actions = r.chance(0.5)
    ? { create: true, update: true, delete: true }
    : r.pick([
        { create: true, update: false, delete: false },
        { create: false, update: true, delete: false },
        { create: false, update: false, delete: true },
        { create: true, update: true, delete: false },
        { create: false, update: true, delete: true },
        { create: true, update: false, delete: true },
      ])
  const base = { actions, meets: null, keepNewer: null }
  const common = { actions, missingReferences: r.pick(['bring', 'bring', 'skip'] as const) }
  const roots = new Set(all.map((t) => t.root))
  if (kind < 3) return { ...base, options: common, chosen: roots }
  if (kind < 5) {
    const tables = r.some([...roots], 0.4)
    if (tables.length === 0) tables.push(r.pick([...roots]))
    return { ...base, options: { ...common, tables }, chosen: new Set(tables) }
  }
  if (kind === 5) {
    const left = r.some([...roots], 0.2)
    const chosen = [...roots].filter((t) => !left.includes(t))
    return { ...base, options: { ...common, excludeTables: left }, chosen: new Set(chosen) }
  }
  if (kind === 6) {
    const leaves = all.filter((t) => t.root !== t.label)
    if (leaves.length > 0) {
      const { label } = r.pick(leaves)
      return { ...base, options: { ...common, tables: [label] }, chosen: new Set([label]) }
    }
  }
  const t = r.pick(model.tables)
  const one = { ...base, options: { ...common, tables: [t.label] }, chosen: new Set([t.label]) }
  const numbers = t.columns.filter((c) => /^integer( NOT NULL)?$/.test(c.definition) && c.role === 'plain')
  if (kind === 7 && numbers.length > 0) {
    const keepNewer = r.pick(numbers).name
    return { ...one, options: { ...one.options, keepNewer }, keepNewer }
  }
  if (kind === 8 && t.columns.length > 0) {
    const { name } = r.pick(t.columns)
    const where = `octet_length(${ident(name)}::text) % 2 = 0`
    return {
      ...one,
      options: { ...one.options, where },
      meets: (columns, row) => {
        const value = row.values[columns.indexOf(name)]
        return value != null && Buffer.byteLength(value) % 2 === 0
      },
    }
  }
  return one
}
