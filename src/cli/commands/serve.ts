import { HoldfastError } from '../../lib/errors.ts'
import { defineCommand } from '../command.ts'
import { flag, text } from '../option.ts'
import { catalogOptions, listen, publicUrl, uploadLimit, workerOf, workOptions } from '../service.ts'

export const command = defineCommand({
  name: 'serve',
  summary: 'run the service: sources, schedules and jobs, behind an HTTP API',
  description:
    'Runs the API, the scheduler and a worker in one process, until Ctrl-C or SIGTERM. What it knows is in a catalog, a Postgres ' +
    'database: an embedded one in the data directory, or any other. Backups are made by the same commands as by hand, each in a ' +
    'process of its own. The repositories do not need the service: with one and its key everything can be restored without it. ' +
    'At the very first start a link with which the first administrator chooses a password, and a key, are printed, once.',
  arguments: {},
  options: {
    ...catalogOptions,
    listen,
    publicUrl,
    uploadLimit,
    firstLogin: text({
      flags: '--first-login <email>',
      description:
        'at the very first start, make the account of the first administrator with this address and a password, which is printed once, rather than a link',
    }),
    ...workOptions,
    noWorker: flag({
      flags: '--no-worker',
      description: 'run no jobs here: holdfast worker does, elsewhere',
    }),
  },
  examples: [
    { what: 'everything in one process', command: 'holdfast serve --data /var/lib/holdfast' },
    {
      what: 'with a catalog of your own, and workers on other machines',
      command: 'holdfast serve --catalog postgres://holdfast@db.example.com/holdfast --no-worker',
    },
  ],
  cancelled: 'The service has ended. Jobs that were under way are put back.',
  async run(context, input) {
    if (input.noWorker && input.catalog === undefined) {
      throw new HoldfastError(
        'usage',
        '--no-worker needs --catalog: no other worker reaches an embedded catalog.',
      )
    }
    const { runService } = await import('../../main.ts')
    const { out } = context
    const { openConsole } = await import('../console.ts')
    const files = await openConsole(context)
    const worker = workerOf(context, input)
    await runService({
      ...worker,
      slots: input.noWorker ? 0 : input.slots,
      listen: input.listen,
      uploadBytes: input.uploadLimit,
      random: Math.random,
      clock: context.clock,
      ...(files === undefined ? {} : { console: files }),
      publicUrl: input.publicUrl,
      firstLogin: input.firstLogin ?? null,
      onReady({ url, firstKey, firstLink, firstLogin }) {
        const tell = (told: string): void => (out.json ? out.warn(told) : out.line(told))
        if (firstLink !== null)
          tell(`Choose the password of the first administrator, within 7 days: ${firstLink}`)
        if (firstLogin !== null)
          tell(`The first administrator is ${firstLogin.email}, with a password that is not shown again: ${firstLogin.password}`) // prettier-ignore
        if (firstKey !== null)
          tell(`The key of the first administrator, which is not shown again: ${firstKey}`)
        worker.log(`The API listens at ${url}/api/v1`)
        if (files !== undefined) worker.log(`The console is at ${url}`)
      },
    })
  },
})
