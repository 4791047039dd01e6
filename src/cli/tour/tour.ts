import { HoldfastError } from '../../lib/errors.ts'
import { throwIfCancelled } from '../../lib/abort.ts'
import type { ServerMajor } from '../../postgres/server/server.ts'
import { sampleName } from '../../sample/sample.ts'
import type { CommandContext } from '../command.ts'
import { formatCount, formatCountOf, formatDuration, formatBytes } from '../format.ts'
import { secondsOf, summaryOf } from '../summary.ts'
import { countSeen, haveBadDay, lookAtCustomers } from './bad-day.ts'
import { createGuide, type Guide } from './guide.ts'
import { createKeeper, type Keeper } from './keeper.ts'
import type { Place } from './place.ts'
import { lookInside } from './sealed.ts'
import { doBusiness, fillShop, openShop, type Shop } from './shop.ts'
import { countOf, differences, readState, type DatabaseState } from './state.ts'
import * as steps from './steps.ts'

/** What the steps share. */
interface Tour {
  readonly context: CommandContext
  readonly guide: Guide
  readonly shop: Shop
  readonly keeper: Keeper
}

const restoredName = `${sampleName}_restored`
const source = `postgres://localhost/${sampleName}`
const target = `postgres://localhost/${restoredName}`

/** Goes through all of it. The figures are what `--json` prints. Throws `restore_differs` if any comparison does. */
export async function giveTour(
  context: CommandContext,
  o: { major: ServerMajor; place: Place },
): Promise<Record<string, unknown>> {
  const { signal, clock } = context
  const began = clock.now().getTime()
  const guide = createGuide(context.out, () => performance.now())
  welcome(guide)

  guide.step('A database to protect')
  guide.say(
    `A Postgres ${o.major} server of our own, with Bazaar in it: a shop and CRM that small companies share.`,
  )
  guide.line()
  const filling = clock.now().getTime()
  await using shop = await openShop({ major: o.major, signal })
  const sample = await guide.working((onProgress) => fillShop({ shop, signal, onProgress }))
  steps.tellShop(guide, sample, (clock.now().getTime() - filling) / 1000)

  guide.step('A place for backups')
  guide.command('bin/holdfast init ./backups')
  guide.line()
  guide.say(
    'A repository is a folder that anyone may hold for you: without the identity file that is made with it, no row and no name in it can be read.',
  )
  const keeper = await createKeeper({ place: o.place, clock, signal })

  const tour = { context, guide, shop, keeper }
  const backups = await backUpTwice(tour)
  const sealed = await look(tour)
  const before = await guide.working((onProgress) => readState({ address: shop.address, signal, onProgress }))
  const badDay = await suffer(tour)
  const wayBack = await recover(tour, before)
  const drill = await rehearse(tour)
  throwIfCancelled(signal)
  o.place.finish()

  const seconds = (clock.now().getTime() - began) / 1000
  sumUp(guide, { ...backups, badDay, restored: wayBack.restore.seconds, drilled: drill.seconds, seconds })
  goOn(guide, o.place)
  return {
    server: { version: shop.server.version },
    sample,
    backups: [summaryOf(backups.first), summaryOf(backups.second)],
    sealed,
    badDay,
    ...wayBack,
    drill,
    seconds,
    kept: o.place.kept,
  }
}

function welcome(guide: Guide): void {
  guide.title('Holdfast, a guided tour')
  guide.line()
  guide.say(
    'A real Postgres server with a sample application in it, a backup, a bad day, and the way back. It takes half a minute, and nothing else on this machine is touched. Lines that begin with $ are the commands that do the same by hand.',
  )
}

async function backUpTwice({ context, guide, shop, keeper }: Tour) {
  const { signal } = context
  guide.step('The first backup')
  guide.command(`bin/holdfast backup ${source} --repo ./backups --proof full`)
  guide.line()
  const one = await guide.working((onProgress) => keeper.backUp(shop.address, onProgress))
  steps.tellBackup(guide, one.manifest, secondsOf(one.manifest) * 1000)

  guide.step('What is in it')
  guide.command('bin/holdfast show latest --repo ./backups')
  guide.line()
  steps.tellContents(guide, one.manifest, one.contents)

  guide.step('The second backup stores only what changed')
  guide.command(`bin/holdfast backup ${source} --repo ./backups --proof full`)
  guide.line()
  const orders = await doBusiness({ address: shop.address, signal })
  const two = await guide.working((onProgress) => keeper.backUp(shop.address, onProgress))
  steps.tellSecond(guide, one.manifest, two.manifest, orders)
  return { first: one.manifest, second: two.manifest }
}

async function look({ context, guide, shop, keeper }: Tour) {
  guide.step('Whoever steals the backups can read nothing')
  const found = await lookInside({ keeper, source: shop.address, signal: context.signal })
  steps.tellFindings(guide, found)
  if (found.foundInStorage > 0 || found.foundWhenOpened < found.lookedFor) {
    throw new HoldfastError('internal', 'What is stored is not what it should be: see the figures above.', {
      details: { ...found },
    })
  }
  return found
}

async function suffer({ context, guide, shop }: Tour) {
  const at = { address: shop.address, signal: context.signal }
  guide.step('A bad day')
  const before = await lookAtCustomers(at)
  guide.say(`Three customers of ${before.tenant}, one of the companies, while all is well:`)
  guide.line()
  steps.tellCustomers(guide, before.customers)
  guide.line()
  guide.say('Then somebody runs a clean-up script, against the wrong database:')
  guide.line()
  const damage = await haveBadDay(at)
  const after = await lookAtCustomers(at)
  steps.tellDamage(guide, damage)
  guide.line()
  steps.tellCustomers(guide, after.customers)
  return { ...damage, tenant: before.tenant, before: before.customers, after: after.customers }
}

async function recover(tour: Tour, before: DatabaseState) {
  const { context, guide, shop, keeper } = tour
  const { signal } = context
  const address = shop.beside(restoredName)
  guide.step('The way back')
  guide.command(`bin/holdfast restore latest --to ${target} --create-database --repo ./backups`)
  guide.line()
  const report = await guide.working((onProgress) => keeper.restore(address, onProgress))
  steps.tellRestore(guide, report)
  const { customers } = await lookAtCustomers({ address, signal })
  guide.line()
  steps.tellCustomers(guide, customers)

  guide.step('Is it really the same?')
  guide.say(
    'No need to take its word for it. Plain SQL has made an MD5 of all rows of each table, and pg_dump has written the schema, before the bad day; now the same of the restored database, and of the damaged one.',
  )
  guide.line()
  const comparison = await compare(tour, before)
  return { restore: report, restoredCustomers: customers, comparison }
}

async function compare({ context, guide, shop }: Tour, before: DatabaseState) {
  const { signal } = context
  const restored = shop.beside(restoredName)
  const { damaged, after } = await guide.working(async (onProgress) => ({
    after: await readState({ address: restored, signal, onProgress }),
    damaged: await readState({ address: shop.address, signal, onProgress }),
  }))
  const differing = differences(before, after)
  const broken = differences(before, damaged)
  const things = new Set([...before.digests.keys(), ...after.digests.keys()])
  const access = await countSeen({ address: restored, signal })
  const accessThere = await countSeen({ address: shop.address, signal })
  if (access.seen !== accessThere.seen || access.seen >= access.all) differing.push('access of one tenant')
  guide.facts([
    [
      'restored',
      [
        `${countOf(after, 'table')} tables, ${countOf(after, 'view')} materialized views, ${countOf(after, 'sequence')} sequences, large objects, ${formatCount(after.schemaLines)} lines of schema: `,
        differing.length === 0 ? steps.good('all equal') : steps.bad(`${differing.length} differ`),
      ],
    ],
    ['damaged', [steps.bad(`${broken.length} differ`), `: ${brokenText(broken)}`]],
    [
      'access',
      `the application's role, working for one company, sees ${formatCount(access.seen)} of ${formatCount(access.all)} customers, as before`,
    ],
  ])
  if (differing.length > 0 || broken.length === 0) {
    throw new HoldfastError(
      'restore_differs',
      differing.length > 0
        ? `The restored database differs from the one before the bad day: ${differing.slice(0, 5).join(', ')}.`
        : 'The comparison finds no difference where there must be some.',
      { details: { differing, broken } },
    )
  }
  return {
    compared: things.size,
    tables: countOf(after, 'table'),
    views: countOf(after, 'view'),
    sequences: countOf(after, 'sequence'),
    schemaLines: after.schemaLines,
    differing,
    damaged: broken,
    access,
  }
}

/** Tables first: what people look for. */
function brokenText(broken: readonly string[]): string {
  const tables = broken.filter((name) => name.startsWith('table ')).map((name) => name.slice('table '.length))
  const rest = broken.length - tables.length
  return [...tables, ...(rest > 0 ? [`${rest} more`] : [])].join(', ')
}

async function rehearse({ guide, keeper }: Tour) {
  guide.step('A drill proves that a backup restores, every night if you like')
  guide.command('bin/holdfast drill latest --repo ./backups')
  guide.line()
  const report = await guide.working((onProgress) => keeper.drill(onProgress))
  steps.tellDrill(guide, report)
  return report
}

function sumUp(
  guide: Guide,
  o: Awaited<ReturnType<typeof backUpTwice>> & {
    badDay: Awaited<ReturnType<typeof suffer>>
    restored: number
    drilled: number
    seconds: number
  },
): void {
  guide.line()
  guide.title(`All of it in ${formatDuration(o.seconds * 1000)}`)
  guide.line()
  const stored = o.first.totals.newStoredBytes + o.second.totals.newStoredBytes
  guide.facts([
    [
      'two backups',
      `of ${formatBytes(o.first.totals.plainBytes)} each, ${formatBytes(stored)} stored for both`,
    ],
    [
      'lost',
      `${formatCountOf(o.badDay.ordersLost, 'order')} and the names of ${formatCountOf(o.badDay.customersOverwritten, 'customer')}`,
    ],
    ['brought back', [`in ${formatDuration(o.restored * 1000)}, `, steps.good('every row equal')]],
    ['rehearsed', `in ${formatDuration(o.drilled * 1000)}, on a server of its own`],
  ])
}

function goOn(guide: Guide, place: Place): void {
  guide.line()
  guide.title('Your own database')
  guide.line()
  guide.command('bin/holdfast init ~/backups')
  guide.command('bin/holdfast backup postgres://user@host/database --repo ~/backups')
  guide.command('bin/holdfast drill latest --repo ~/backups')
  if (place.kept === null) return
  const directory = quoted(place.kept)
  guide.line()
  guide.title('What the tour made is still here')
  guide.line()
  guide.command(`export HOLDFAST_REPO=${directory}/repository`)
  guide.command(`export HOLDFAST_IDENTITY_FILE=${directory}/identity.txt`)
  guide.command('bin/holdfast list')
  guide.command('bin/holdfast show latest')
  guide.command('bin/holdfast drill latest')
  guide.command('bin/holdfast export latest --format csv --table crm.customers --out customers')
  guide.command(`rm -r ${directory}`)
}

/** As a POSIX shell reads it back. */
function quoted(path: string): string {
  return /^[\w./@%+=:,-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}
