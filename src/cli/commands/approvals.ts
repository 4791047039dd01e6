import { HoldfastError } from '../../lib/errors.ts'
import { defineCommand, requiredArgument } from '../command.ts'
import { flag } from '../option.ts'

const approval = requiredArgument('APPROVAL', 'its id, or a unique beginning of it')
const undecided = 'Nothing was decided, unless the last line says otherwise.'

/** There is no second person on one machine. */
const run = (): Promise<never> => {
  const hint = 'Give --server and a key, or set HOLDFAST_SERVER and HOLDFAST_KEY.'
  throw new HoldfastError('usage', 'Approvals are of a service.', { hint })
}

const approve = defineCommand({
  name: 'approve',
  summary: 'agree to what somebody else wants to do',
  description:
    'Shows the wish, and agrees to it. Whoever asked can then do that very thing, once, within the day. It takes the key of another ' +
    'super_admin, with the scope to change.',
  arguments: { approval },
  options: { yes: flag({ flags: '-y, --yes', description: 'do not ask' }) },
  examples: [{ what: 'after having asked why', command: 'holdfast approvals approve 1f0c2b9e' }],
  cancelled: undecided,
  run,
  server: {
    takes: ['approval', 'yes'],
    async run(context, client, input) {
      const { decideAtServer } = await import('../server/approvals.ts')
      await decideAtServer(context, client, input, 'approve')
    },
  },
})

const refuse = defineCommand({
  name: 'refuse',
  summary: 'refuse what somebody else wants to do',
  description: 'Shows the wish, and refuses it. Whoever asked may ask anew.',
  arguments: { approval },
  options: {},
  examples: [{ what: 'it is the wrong backup', command: 'holdfast approvals refuse 1f0c2b9e' }],
  cancelled: undecided,
  run,
  server: {
    takes: ['approval'],
    async run(context, client, input) {
      const { decideAtServer } = await import('../server/approvals.ts')
      await decideAtServer(context, client, { ...input, yes: true }, 'refuse')
    },
  },
})

export const command = defineCommand({
  name: 'approvals',
  summary: 'see and decide what waits for a second person at a service',
  description:
    'Where a service asks for a second person, what destroys waits until another super_admin agrees. This lists what waits: what is to be ' +
    'done, to what, who wants it, and until when it can be agreed to.',
  arguments: {},
  options: { all: flag({ flags: '--all', description: 'also what was decided on, done or has expired' }) },
  examples: [
    { what: 'what waits?', command: 'holdfast approvals --server https://backups.example.com' },
    { what: 'agree to it', command: 'holdfast approvals approve 1f0c2b9e' },
  ],
  subcommands: [approve, refuse],
  run,
  server: {
    takes: ['all'],
    async run(context, client, input) {
      const { listApprovalsAtServer } = await import('../server/approvals.ts')
      await listApprovalsAtServer(context, client, input)
    },
  },
})
