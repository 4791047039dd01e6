import { readFile } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import { createClient, HoldfastClientError } from '../../client/client.ts'
import { codes, type ErrorCode } from '../../lib/error-codes.ts'
import { HoldfastError, messageOf } from '../../lib/errors.ts'
import type { Command, CommandContext } from '../command.ts'
import { longName } from '../option.ts'
import { everywhere, serverOptions } from '../options.ts'

type Input = Readonly<Record<string, unknown>>

/** Does at a service what the command would do here. Throws `usage` if that makes no sense, and what the service says. */
export async function runAtServer(
  context: CommandContext,
  command: Command,
  input: Input,
  url: string,
): Promise<void> {
  const { server } = command
  if (server === null) throw new HoldfastError('usage', `holdfast ${command.name} takes no --server.`)
  const taken = takenOf(context, command, input)
  if (!/^https?:\/\/[^/@]+(\/|$)/.test(url))
    throw new HoldfastError('usage', '--server is an address such as https://backups.example.com.')
  const key = await keyOf(context, input['keyFile'])
  context.redactor.add(key)
  try {
    await server.run(context, createClient({ url, key }), {
      ...taken,
      detach: input['detach'] === true,
      url: url.replace(/\/+$/, ''),
    })
  } catch (error) {
    throw asHoldfastError(error)
  }
}

/**
 * The input without what the environment says of this machine, such as a repository's address. An option that is given and is about
 * this machine would be passed over without a word: it is refused.
 */
function takenOf({ env }: CommandContext, command: Command, input: Input): Input {
  const taken = [...(command.server?.takes ?? []), ...Object.keys({ ...everywhere, ...serverOptions })]
  const kept: Record<string, unknown> = { ...input }
  for (const [name, spec] of Object.entries(command.options)) {
    const set = spec.env === undefined ? undefined : env[spec.env]
    if (set !== undefined && isDeepStrictEqual(spec.read(set), input[name])) kept[name] = spec.read(undefined)
    if (taken.includes(name) || isDeepStrictEqual(spec.read(undefined), kept[name])) continue
    throw new HoldfastError(
      'usage',
      `${longName(spec)} is about this machine, and makes no sense with --server.`,
      { hint: 'Leave it out: the service has its own.' },
    )
  }
  return kept
}

async function keyOf({ env }: CommandContext, file: unknown): Promise<string> {
  if (typeof file === 'string') {
    const text = await readFile(file, 'utf8').catch((cause: unknown) => {
      throw new HoldfastError('usage', `The file of the key can't be read: ${messageOf(cause)}`, { cause })
    })
    return text.trim()
  }
  const key = env['HOLDFAST_KEY']
  if (key !== undefined && key !== '') return key
  throw new HoldfastError('not_signed_in', '--server takes a key, and there is none.', {
    hint: 'Set HOLDFAST_KEY, or name a file that holds the key with --key-file.',
  })
}

/** What the service says in its codes; that it says nothing is an error of our own. */
function asHoldfastError(error: unknown): unknown {
  if (!(error instanceof HoldfastClientError)) return error
  const { code, message, hint } = error
  if (code in codes) return new HoldfastError(code as ErrorCode, message, { cause: error, hint })
  const own = error.status === 0 ? 'service_unreachable' : 'service_unlike'
  return new HoldfastError(own, message, { cause: error })
}
