import { HoldfastError } from '../lib/errors.ts'
import { shellWord } from '../lib/shell-word.ts'
import type { CommandContext } from './command.ts'
import { repositoryAddresses } from './config.ts'
import { resultOf, type Place } from './copies.ts'
import { formatCount } from './format.ts'

/**
 * Does `check` for each copy by itself, where there are several: that another one has what it lacks makes none of them whole. False if there is only one, and
 * nothing was done. Throws the first failure, with those of all copies in `details`.
 */
export async function checkedEach(
  context: CommandContext,
  place: Pick<Place, 'repo' | 'source'>,
  check: (context: CommandContext, repo: readonly string[]) => Promise<void>,
): Promise<boolean> {
  const addresses = await repositoryAddresses(context, place)
  if (addresses.length === 1) return false
  const copies: Record<string, unknown>[] = []
  const whole: string[] = []
  const errors: HoldfastError[] = []
  for (const address of addresses) {
    context.out.line(`Copy ${address}`)
    let found: Readonly<Record<string, unknown>> = {}
    const out = { ...context.out, result: (value: typeof found) => void (found = value) }
    const { error } = await resultOf(address, check({ ...context, out }, [address]), (one) => {
      errors.push(one)
      found = one.details
    })
    copies.push({ address, error, ...found })
    if (error === null) whole.push(address)
    else context.out.warn(error.message)
  }
  const [first] = errors
  if (first === undefined) {
    context.out.result({ copies })
    return true
  }
  const message = `Of ${addresses.length} copies ${formatCount(errors.length)} can't be relied on: ${first.message}`
  throw new HoldfastError(first.code, message, {
    hint: `What is missing is brought by holdfast copy ${shellWord(whole[0] ?? 'FROM')} TO; what is damaged, with --repair.`,
    details: { copies },
  })
}
