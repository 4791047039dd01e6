import { HoldfastError } from '../../lib/errors.ts'
import type { MadeLink } from '../../main.ts'
import { defineCommand, requiredArgument, type CommandContext } from '../command.ts'
import { choice, text, texts } from '../option.ts'
import { catalogOf, catalogOptions, publicUrl } from '../service.ts'

const roles = ['super_admin', 'platform_operator', 'read_only_admin', 'tenant_admin'] as const
const email = requiredArgument('EMAIL', 'the address with which they sign in')
const usualUrl = 'http://127.0.0.1:7380'
const alone =
  'The service must not run on an embedded catalog meanwhile. Whoever can run this on the machine of the service can do everything anyway.'

const add = defineCommand({
  name: 'add',
  summary: 'add somebody, and print a link with which they choose a password',
  description: `Adds an account to the catalog of a service, and prints a link that is good once, within 7 days. ${alone}`,
  arguments: { email },
  options: {
    ...catalogOptions,
    publicUrl,
    role: choice({
      flags: '--role <role>',
      description: 'what they may do',
      choices: roles,
      default: 'super_admin',
    }),
    name: text({ flags: '--name <text>', description: 'what they are called', default: 'the address' }),
    sourceName: texts({
      flags: '--source-name <name>',
      description: 'a source that a tenant_admin is bound to (repeatable)',
    }),
  },
  examples: [
    {
      what: 'another administrator',
      command: 'holdfast people add amina@example.com --role super_admin --data /var/lib/holdfast',
    },
  ],
  async run(context, input) {
    const { addAccount } = await import('../../main.ts')
    const base = input.publicUrl ?? usualUrl
    const { name = null, role, sourceName: sources } = input
    const made = await addAccount({ ...catalogOf(context, input), email: input.email, name, role, sources, publicUrl: base }) // prettier-ignore
    tell(context, made)
  },
})

const reset = defineCommand({
  name: 'reset',
  summary: 'print a link with which somebody chooses another password, whatever they have lost',
  description: `For who has lost the password, and the phone, and whom nobody else can help. The link is good once, within an hour; with it, codes are not asked for any more. An account that was disabled stays so. ${alone}`,
  arguments: { email },
  options: { ...catalogOptions, publicUrl },
  examples: [
    {
      what: 'the only administrator can not sign in',
      command: 'holdfast people reset amina@example.com --data /var/lib/holdfast',
    },
  ],
  async run(context, input) {
    const { recoverAccount } = await import('../../main.ts')
    const base = input.publicUrl ?? usualUrl
    tell(context, await recoverAccount({ ...catalogOf(context, input), email: input.email, publicUrl: base }))
  },
})

function tell({ out }: CommandContext, { link, expiresAt }: MadeLink): void {
  out.line(`Open it once, until ${expiresAt}: ${link}`)
  out.result({ link, expiresAt })
}

export const command = defineCommand({
  name: 'people',
  summary: 'let people into a service, from its machine',
  description:
    'People sign in to a service with accounts, which administrators make in its console or API. Where nobody can, this does.',
  arguments: {},
  options: {},
  examples: [
    { what: 'the only administrator can not sign in', command: 'holdfast people reset amina@example.com' },
  ],
  subcommands: [add, reset],
  async run() {
    throw new HoldfastError('usage', 'people is to be followed by what to do.', {
      hint: 'Run holdfast people add EMAIL, or holdfast people reset EMAIL.',
    })
  },
})
