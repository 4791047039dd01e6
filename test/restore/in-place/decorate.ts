import { ident, literal } from '../../../src/postgres/quote.ts'
import type { Random } from '../../oracle/random.ts'
import type { Column, Table } from './model.ts'

/** Constraints, code and the like. */
export function decorate(r: Random, t: Table, major: number): void {
  const { lines, columns, afterRows } = t
  const unique = (name: string, definition: string, value: Column['value']): void => {
    columns.push({ name, definition, value, role: 'unique' })
  }
  if (t.partitioned === null && t.parent === null) {
    if (t.code) lines.push(`UNIQUE${r.pick(['', '', ' NULLS NOT DISTINCT'])} (code)`)
    if (r.chance(0.2)) {
      unique('place', 'integer', (i) => `(${i})`)
      lines.push(`UNIQUE (place)${r.pick(['', ' DEFERRABLE', ' DEFERRABLE INITIALLY DEFERRED'])}`)
    }
    if (r.chance(0.15)) {
      unique('slot', 'integer', (i) => `(${i}) / 2`)
      unique('active', 'boolean', (i) => `(${i}) % 2 = 0`)
      afterRows.push(`CREATE UNIQUE INDEX ON ${t.label} (slot) WHERE active`)
    }
    if (r.chance(0.15)) {
      unique('word', 'text', (i) => `'Word ' || (${i})`)
      afterRows.push(`CREATE UNIQUE INDEX ON ${t.label} (lower(word))`)
    }
    if (r.chance(0.15)) {
      unique('span', 'int4range', (i) => `int4range((${i}) * 10, (${i}) * 10 + 5)`)
      lines.push('EXCLUDE USING gist (span WITH &&)')
    }
  }
  const first = columns.find((c) => c.role === 'plain')
  if (first !== undefined && t.parent === null && r.chance(0.25)) {
    const kind = major >= 18 && r.chance(0.5) ? 'VIRTUAL' : 'STORED'
    const known = columns.find((c) => /^integer\b(?!\[)/.test(c.definition))
    if (known !== undefined)
      lines.push(`computed bigint GENERATED ALWAYS AS (${ident(known.name)}::bigint * 2) ${kind}`)
  }
  if (
    t.parent === null &&
    !t.columns.some((c) => /IDENTITY/.test(c.definition)) &&
    t.partitioned === null &&
    r.chance(0.15)
  )
    columns.push({
      name: 'counted',
      definition: `bigint GENERATED ${r.pick(['ALWAYS', 'BY DEFAULT'])} AS IDENTITY`,
      value: (i) => `(${i}) + 100`,
      role: 'plain',
    })
  afterRows.push(...code(r, t))
}

function code(r: Random, t: Table): string[] {
  const made: string[] = []
  for (let n = r.pick([0, 0, 1, 2]); n > 0; n--) {
    const name = ident(`trigger ${n}`)
    const when = r.pick(['BEFORE', 'AFTER'])
    const each = r.chance(0.8) ? 'ROW' : 'STATEMENT'
    made.push(
      r.chance(0.15)
        ? `CREATE CONSTRAINT TRIGGER ${name} AFTER INSERT OR UPDATE OR DELETE ON ${t.label} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.noted()`
        : `CREATE TRIGGER ${name} ${when} INSERT OR UPDATE OR DELETE ON ${t.label} FOR EACH ${each} EXECUTE FUNCTION app.noted()`,
    )
    if (r.chance(0.5))
      made.push(
        `ALTER TABLE ${t.label} ${r.pick(['DISABLE', 'ENABLE ALWAYS', 'ENABLE REPLICA'])} TRIGGER ${name}`,
      )
  }
  if (r.chance(0.1)) {
    const what = r.pick(['INSTEAD NOTHING', `ALSO INSERT INTO app.log VALUES (${literal(t.name)}, 'rule')`])
    made.push(`CREATE RULE ruled AS ON ${r.pick(['DELETE', 'UPDATE', 'INSERT'])} TO ${t.label} DO ${what}`)
    made.push(
      `ALTER TABLE ${t.label} ${r.pick(['ENABLE', 'DISABLE', 'ENABLE ALWAYS', 'ENABLE REPLICA'])} RULE ruled`,
    )
  }
  if (r.chance(0.12)) {
    made.push(
      `ALTER TABLE ${t.label} ENABLE ROW LEVEL SECURITY`,
      `CREATE POLICY mine ON ${t.label} USING (current_user = 'nobody')`,
    )
    if (r.chance(0.5)) made.push(`ALTER TABLE ${t.label} FORCE ROW LEVEL SECURITY`)
  }
  return made
}
