import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { newBrowser } from '../support/browser.ts'
import { runDocument, type Block } from '../support/document.ts'
import { catalogRows, makeOld, requireKept, type CatalogRows } from '../support/old-catalog.ts'
import { newOperator } from '../support/operator.ts'
import { testServer } from '../support/postgres.ts'
import { newReceiver } from '../support/receiver.ts'

/* Runs the part of docs/OPERATIONS.md that is about the service, as it is written: against a real service, and a real server of Postgres. */

const server = await testServer(17)
await server.query('CREATE DATABASE shop')
await server.query(
  `CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL);
   INSERT INTO customers SELECT i, 'customer ' || i FROM generate_series(1, 1000) AS i;
   CREATE TABLE orders (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customers, total numeric NOT NULL);
   INSERT INTO orders SELECT i, 1 + i % 1000, i % 90 FROM generate_series(1, 2000) AS i`,
  'shop',
)
const database = [
  ['db.example.com', `127.0.0.1:${server.port}`],
  ['admin@', 'postgres@'],
  ['the password of admin', server.password],
] as const
const own = 'A catalog of yours, and several processes'

/** Half a day from now: what is scheduled in the document does not begin while it is run. */
const far = new Date(Date.now() + 12 * 3_600_000).toISOString().slice(11, 13)
const times = [
  ['"02:30"', `"${far}:30"`],
  ['"05:00"', `"${far}:45"`],
  ['"0 4 * * *"', `"0 ${far} * * *"`],
] as const

/** CREATE DATABASE takes a request of its own. */
async function administer({ body }: Block): Promise<void> {
  for (const statement of body.split(/;\n/)) await server.query(statement)
}

test('a service is installed, taken into use, upgraded, lost and moved as the document says', async () => {
  const alerts = await newReceiver()
  const operator = await newOperator({
    means: [...database, ...times, ['http://alerts.internal:8080', alerts.url]],
  })
  const browser = newBrowser(operator.url, fetch)
  let comes = 0

  /** The first administrator chooses a password, of each catalog that begins. */
  async function choosePassword(): Promise<void> {
    const link = operator
      .journal()
      .match(/invitation#(\S+)/g)
      ?.at(comes++)
      ?.split('#')[1]
    const login = { email: 'amina@example.com', password: 'seven green camels' }
    const { status, text } = await browser.call('POST /invitation', { ...login, link })
    assert.equal(status, 201, text)
  }

  const screens = await runDocument({
    name: 'OPERATIONS.md',
    takes: ({ headings }) => headings.includes('Running the service') && !headings.includes(own),
    async run(block) {
      if (block.kind === 'sql') await administer(block)
      if (block.kind !== 'sh') return null
      if (block.body.startsWith('tar -C / -x')) operator.moveAway()
      const printed = await operator.type(block)
      if (block.body.startsWith('journalctl') || block.body.includes('| tail')) await choosePassword()
      return printed
    },
  })
  assert.ok(screens > 20)
  assert.equal((await browser.call('GET /session')).status, 200, 'sessions stay good when the service moves')
  const asked = alerts.requests.map(({ path }) => path)
  assert.ok(asked.includes('/holdfast') && asked.includes('/ping'), asked.join())
})

test('a catalog of an older version is upgraded with all that is in it, and goes back', async () => {
  const url = (name: string) =>
    `postgres://holdfast:another%20long%20password@127.0.0.1:${server.port}/${name}`
  let old: CatalogRows | null = null
  const operator = await newOperator({
    means: database,
    async onStopped() {
      if (old === null) {
        const keyText = readFileSync(operator.real('/var/lib/holdfast/catalog.key'), 'utf8')
        const [apiKey = ''] = /hfk_[\w-]+/.exec(operator.journal()) ?? []
        await makeOld({ url: url('holdfast'), keyText, apiKey })
        old = await catalogRows(url('holdfast'))
        return
      }
      requireKept(old, await catalogRows(url('holdfast')))
      const restored = await catalogRows(url('holdfast_before'))
      assert.deepEqual([...restored.keys()].sort(), [...old.keys()].sort())
      requireKept(old, restored)
    },
  })
  // What the operator's shell has from the first chapter is needed here, too.
  let keyFile: Block | null = null
  const screens = await runDocument({
    name: 'OPERATIONS.md',
    takes: ({ body, headings }) => headings.includes(own) || body.includes('holdfast.curl) <<') || body.startsWith('export SERVER'), // prettier-ignore
    async run(block) {
      if (block.kind === 'sql') await administer(block)
      if (block.kind !== 'sh') return null
      if (block.body.startsWith('export SERVER')) {
        await operator.type({ ...block, body: block.body.split('\n')[0] ?? '' })
        return null
      }
      const printed = await operator.type(block)
      // Before the service has started there is no key.
      if (block.body.includes('holdfast.curl) <<')) keyFile = block
      else if (keyFile !== null) await operator.type(keyFile)
      return printed
    },
  })
  assert.ok(screens >= 3)
  assert.ok(old !== null)
})
