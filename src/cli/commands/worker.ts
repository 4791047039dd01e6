import { defineCommand } from '../command.ts'
import { HoldfastError } from '../../lib/errors.ts'
import { catalogOptions, workerOf, workOptions } from '../service.ts'

export const command = defineCommand({
  name: 'worker',
  summary: 'run jobs of a service that is elsewhere',
  description:
    'Takes jobs from the catalog of a service and runs them here, until Ctrl-C or SIGTERM. Any number of workers share the work. It ' +
    'takes the address of the catalog and its key, and the storage of the repositories must be reachable from here.',
  arguments: {},
  options: { ...catalogOptions, ...workOptions },
  examples: [
    {
      what: 'on another machine, with a copy of the key',
      command:
        'holdfast worker --catalog postgres://holdfast@db.example.com/holdfast --catalog-key-file /etc/holdfast/catalog.key',
    },
  ],
  cancelled: 'The worker has ended. Jobs that it ran are put back.',
  async run(context, input) {
    if (input.catalog === undefined) {
      throw new HoldfastError('usage', '--catalog is missing: which catalog?', {
        hint: 'An embedded catalog belongs to holdfast serve, which has a worker of its own.',
      })
    }
    const { runWorker } = await import('../../main.ts')
    await runWorker(workerOf(context, input))
  },
})
