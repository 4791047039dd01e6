import { ident } from '../../../src/postgres/quote.ts'
import type { Random } from '../../oracle/random.ts'
import { insertSql } from './make.ts'
import { columnsOf, type Column, type Model, type Table } from './model.ts'

/** Statements, each of which may be refused by a constraint: then there is that much less damage. */
export function drawDamage(r: Random, model: Model, count: number): string[] {
  return Array.from({ length: count }, (_, n) => damageOne(r, r.pick(model.tables), n))
}

function damageOne(r: Random, t: Table, n: number): string {
  const salt = r.between(1, 1000)
  const columns = columnsOf(t)
  const free = columns.filter((c) => c.role === 'plain')
  const kind = r.int(16)
  if (kind < 4)
    return `DELETE FROM ONLY ${t.label}${t.partitioned ? '*' : ''} ${some(r, salt)}`.replace(
      t.partitioned ? 'ONLY ' : '\0',
      '',
    )
  if (kind < 8) return update(t, r.some(free, 0.5), `${salt}`, some(r, salt))
  if (kind === 8)
    return update(
      t,
      columns.filter((c) => c.role === 'reference'),
      String(salt),
      some(r, salt),
    )
  if (kind < 11)
    return insertSql(t, `generate_series(${100 * n + salt}, ${100 * n + salt + r.int(4)}) i`, salt)
  if (kind === 11) return insertSql(t, `generate_series(1, ${t.rows}) i WHERE i % 3 = ${r.int(3)}`, salt)
  if (kind === 12)
    return r.chance(0.3)
      ? `TRUNCATE ${t.label} ${r.pick(['', 'RESTART IDENTITY'])} ${r.pick(['', 'CASCADE'])}`
      : update(t, columns, '0', '')
  if (kind === 13) return exchange(r, t)
  if (kind === 14) return moveKey(r, t)
  // Equal to the type, and not the same.
  return update(
    t,
    columns.filter((c) => /numeric$|citext$/.test(c.definition)),
    `${salt}`,
    some(r, salt),
  )
}

function some(r: Random, salt: number): string {
  const most = r.pick([2, 5, 9, 20])
  return `WHERE (pg_catalog.hashtext(ctid::text || tableoid::regclass) & 65535) % ${most} = ${salt % most}`
}

function update(t: Table, columns: readonly Column[], salt: string, where: string): string {
  const settable = columns.filter(
    (c) => !/serial|ALWAYS/.test(c.definition) && !t.keyColumns.includes(c.name),
  )
  if (settable.length === 0) return 'SELECT 1'
  const number = '(pg_catalog.hashtext(ctid::text) & 127)'
  return `UPDATE ${t.label} SET ${settable.map((c) => `${ident(c.name)} = ${c.value(number, Number(salt))}`).join(', ')} ${where}`
}

/** Values of a unique column change hands: two rows swap, or all move on by one. */
function exchange(r: Random, t: Table): string {
  const columns = t.columns.filter((c) => ['code', 'place', 'word', 'slot', 'span'].includes(c.name))
  if (columns.length === 0) return 'SELECT 1'
  const c = r.pick(columns)
  const name = ident(c.name)
  const on = 'SET CONSTRAINTS ALL DEFERRED'
  const away = c.value('(100000 + row_number() OVER (ORDER BY ctid))::integer', 0)
  const by = r.pick(['reverse', 'on', 'half'])
  const order =
    {
      reverse: 'ORDER BY n DESC',
      on: 'ORDER BY n = (SELECT min(n) FROM o), n',
      half: 'ORDER BY n % 2 DESC, n',
    }[by] ?? ''
  const where = r.chance(0.5)
    ? `WHERE ${name} IS NOT NULL`
    : `WHERE ${name} IS NOT NULL ORDER BY ctid LIMIT 2`
  return `BEGIN; ${on}; CREATE TEMP TABLE o ON COMMIT DROP AS SELECT ctid AS place, ${name} AS v, row_number() OVER (ORDER BY ctid) AS n FROM ONLY ${t.label} ${where};
    CREATE TEMP TABLE m ON COMMIT DROP AS SELECT a.v AS was, b.v AS becomes FROM o a JOIN (SELECT v, row_number() OVER (${order}) AS n FROM o) b USING (n);
    CREATE TEMP TABLE w ON COMMIT DROP AS SELECT v, x FROM (SELECT v, ${away.replaceAll('ctid', 'place')} AS x FROM o) s;
    UPDATE ONLY ${t.label} t SET ${name} = w.x FROM w WHERE t.${name} = w.v;
    UPDATE ONLY ${t.label} t SET ${name} = m.becomes FROM m JOIN w ON w.v = m.was WHERE t.${name} = w.x; COMMIT`
}

function moveKey(r: Random, t: Table): string {
  const key = t.columns.find((c) => t.keyColumns.includes(c.name) && !/ALWAYS/.test(c.definition))
  if (key === undefined || key.role !== 'key') return 'SELECT 1'
  return `UPDATE ${t.label} SET ${ident(key.name)} = ${key.value(`(5000 + ${r.int(100)})`, 0)} WHERE ctid IN (SELECT min(ctid::text)::tid FROM ${t.label})`
}
