import pg from 'pg'
import type { Random } from './random.ts'

/** Tables about which every committed state agrees in ways that a torn copy would not. */
export const ledgerSchema = [
  'CREATE SCHEMA ledger',
  'CREATE TABLE ledger.accounts (id integer PRIMARY KEY, balance bigint NOT NULL, note text)',
  'CREATE TABLE ledger.entries (id bigserial PRIMARY KEY, account integer REFERENCES ledger.accounts, amount bigint NOT NULL)',
  'INSERT INTO ledger.accounts SELECT g, 1000, repeat(md5(g::text), g % 40) FROM generate_series(1, 150) g',
  'CREATE TABLE ledger."left" (n bigint PRIMARY KEY)',
  'CREATE TABLE ledger."right" (n bigint PRIMARY KEY, filler text)',
  'CREATE SEQUENCE ledger.mark',
  'CREATE TABLE ledger.parent (id bigserial PRIMARY KEY, children integer NOT NULL)',
  'CREATE TABLE ledger.child (parent bigint NOT NULL REFERENCES ledger.parent ON DELETE CASCADE, n integer)',
  'CREATE TABLE ledger.counter (n bigint NOT NULL)',
  'INSERT INTO ledger.counter VALUES (0)',
  'CREATE TABLE ledger.ticks (n bigint NOT NULL)',
  'CREATE TABLE ledger.generation (n bigint NOT NULL)',
  'INSERT INTO ledger.generation VALUES (1)',
  'CREATE TABLE ledger.current AS SELECT 1::bigint AS n FROM generate_series(1, 50)',
  'CREATE TABLE ledger.parted (n bigint, place text) PARTITION BY LIST (place)',
  "CREATE TABLE ledger.parted_a PARTITION OF ledger.parted FOR VALUES IN ('a')",
  "CREATE TABLE ledger.parted_b PARTITION OF ledger.parted FOR VALUES IN ('b')",
  "INSERT INTO ledger.parted SELECT g, 'a' FROM generate_series(1, 200) g",
  'CREATE MATERIALIZED VIEW ledger.totals AS SELECT count(*) AS n, sum(balance) AS total FROM ledger.accounts',
  'CREATE UNIQUE INDEX ON ledger.totals (n)',
]

/** Each is one row whose columns are all true in every state that was ever committed. */
const invariants: Readonly<Record<string, string>> = {
  'the accounts add up': `SELECT (SELECT sum(balance) = 150000 AND count(*) = 150 FROM ledger.accounts)`,
  'the entries add up to the accounts': `SELECT NOT EXISTS (SELECT FROM ledger.accounts a
    WHERE balance <> 1000 + (SELECT coalesce(sum(amount), 0) FROM ledger.entries e WHERE e.account = a.id))`,
  'left and right are the same': `SELECT NOT EXISTS (SELECT n FROM ledger."left" EXCEPT SELECT n FROM ledger."right")
    AND NOT EXISTS (SELECT n FROM ledger."right" EXCEPT SELECT n FROM ledger."left")`,
  'no mark is above its sequence': `SELECT coalesce((SELECT max(n) FROM ledger."left"), 0) <= (SELECT last_value FROM ledger.mark)`,
  'no entry is above its sequence': `SELECT coalesce((SELECT max(id) FROM ledger.entries), 1) <= (SELECT last_value FROM ledger.entries_id_seq)`,
  'parents have their children': `SELECT NOT EXISTS (SELECT FROM ledger.parent p
    WHERE children <> (SELECT count(*) FROM ledger.child c WHERE c.parent = p.id))
    AND NOT EXISTS (SELECT FROM ledger.child c WHERE NOT EXISTS (SELECT FROM ledger.parent p WHERE p.id = c.parent))`,
  'the counter counts the ticks': `SELECT (SELECT n FROM ledger.counter) = (SELECT count(*) FROM ledger.ticks)`,
  'the current table is of the current generation': `SELECT count(*) = 50 AND bool_and(n = (SELECT n FROM ledger.generation)) FROM ledger.current`,
  'no row is in two partitions or none': `SELECT count(*) = 200 AND count(DISTINCT n) = 200 FROM ledger.parted`,
  'the view has the total': `SELECT total = 150000 FROM ledger.totals`,
}

/** Which invariants do not hold. */
export async function brokenInvariants(url: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const broken: string[] = []
    for (const [name, sql] of Object.entries(invariants)) {
      const { rows } = await client.query<Record<string, unknown>>(sql)
      if (Object.values(rows[0] ?? {})[0] !== true) broken.push(name)
    }
    return broken
  } finally {
    await client.end()
  }
}

type Step = (r: Random) => readonly string[]

/** Every step is one transaction that keeps the invariants. */
const steps: readonly (readonly [weight: number, Step])[] = [
  [10, (r) => transfer(1 + r.int(150), 1 + r.int(150), 1 + r.int(100))],
  [6, (r) => mark(1 + r.int(20))],
  [2, (r) => [`WITH gone AS (DELETE FROM ledger."left" WHERE n % 7 = ${r.int(7)} RETURNING n) DELETE FROM ledger."right" WHERE n IN (SELECT n FROM gone)`]], // prettier-ignore
  [2, () => ['TRUNCATE ledger."right"', 'SELECT pg_sleep(0.002)', 'TRUNCATE ledger."left"']],
  [5, (r) => [`WITH p AS (INSERT INTO ledger.parent (children) VALUES (${r.int(5)}) RETURNING *) INSERT INTO ledger.child SELECT id, g FROM p, generate_series(1, children) g`]], // prettier-ignore
  [2, (r) => [`DELETE FROM ledger.parent WHERE id % 5 = ${r.int(5)}`]],
  [6, () => ['UPDATE ledger.counter SET n = n + 1', 'INSERT INTO ledger.ticks SELECT n FROM ledger.counter']],
  [1, () => ['UPDATE ledger.counter SET n = 0', 'TRUNCATE ledger.ticks']],
  [1, () => newGeneration],
  [4, (r) => [`UPDATE ledger.parted SET place = CASE place WHEN 'a' THEN 'b' ELSE 'a' END WHERE n % 9 = ${r.int(9)}`]], // prettier-ignore
  [1, () => ['ALTER TABLE ledger.accounts ADD COLUMN extra integer DEFAULT 7']],
  [1, () => ['ALTER TABLE ledger.accounts DROP COLUMN IF EXISTS extra']],
  [1, (r) => [`ALTER TABLE ledger.entries ALTER COLUMN amount TYPE ${r.pick(['bigint', 'numeric'])}`]],
  [
    1,
    () => [
      'DROP TABLE IF EXISTS ledger.passing',
      'CREATE TABLE ledger.passing AS SELECT * FROM ledger.accounts',
    ],
  ],
  [1, () => ['DROP TABLE IF EXISTS ledger.passing']],
  [
    1,
    () => ['CREATE INDEX IF NOT EXISTS note_index ON ledger.accounts (note)', 'DROP INDEX ledger.note_index'],
  ],
  [1, () => ['ALTER TABLE ledger.parted DETACH PARTITION ledger.parted_b', "ALTER TABLE ledger.parted ATTACH PARTITION ledger.parted_b FOR VALUES IN ('b')"]], // prettier-ignore
  [1, () => ['REFRESH MATERIALIZED VIEW ledger.totals']],
]

const newGeneration = [
  'UPDATE ledger.generation SET n = n + 1',
  'CREATE TABLE ledger.next AS SELECT n FROM ledger.generation, generate_series(1, 50)',
  'DROP TABLE ledger.current',
  'ALTER TABLE ledger.next RENAME TO current',
]

function transfer(from: number, to: number, amount: number): string[] {
  return [
    `UPDATE ledger.accounts SET balance = balance - ${amount} WHERE id = ${from}`,
    `INSERT INTO ledger.entries (account, amount) VALUES (${from}, -${amount}), (${to}, ${amount})`,
    `UPDATE ledger.accounts SET balance = balance + ${amount} WHERE id = ${to}`,
  ]
}

function mark(count: number): string[] {
  return [
    `INSERT INTO ledger."left" SELECT nextval('ledger.mark') FROM generate_series(1, ${count})`,
    `INSERT INTO ledger."right" SELECT n, repeat('x', (n % 500)::int) FROM ledger."left" l WHERE NOT EXISTS (SELECT FROM ledger."right" r WHERE r.n = l.n)`,
  ]
}

const alone = ['VACUUM ledger.accounts', 'VACUUM FULL ledger."right"', 'REFRESH MATERIALIZED VIEW CONCURRENTLY ledger.totals', 'ANALYZE'] // prettier-ignore

/** Works on the ledger until it is told to stop; what conflicts with others is given up and counted as nothing. */
export async function workLedger(o: {
  url: string
  r: Random
  signal: AbortSignal
  /** Statements of the case's own tables, mixed in. */
  others: (r: Random) => readonly string[]
}): Promise<{ committed: number }> {
  const client = new pg.Client({ connectionString: o.url })
  client.on('error', () => undefined)
  await client.connect()
  const weighted = steps.flatMap(([weight, step]) => Array.from({ length: weight }, () => step))
  let committed = 0
  try {
    // Who finds a deadlock is who gives way: this session, or with the longer time the backup.
    await client.query(`SET deadlock_timeout = '${o.r.pick(['20ms', '10s'])}'; SET lock_timeout = '5s'`)
    while (!o.signal.aborted) {
      const kind = o.r.int(100)
      try {
        if (kind < 3) await client.query(o.r.pick(alone))
        else {
          const statements = kind < 20 ? o.others(o.r) : o.r.pick(weighted)(o.r)
          await client.query('BEGIN')
          for (const sql of statements) await client.query(sql)
          await client.query(o.r.chance(0.05) ? 'ROLLBACK' : 'COMMIT')
          committed++
        }
      } catch {
        await client.query('ROLLBACK')
      }
    }
    return { committed }
  } finally {
    await client.end()
  }
}
