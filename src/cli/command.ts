import type { Client } from '../client/client.ts'
import type { Clock } from '../lib/clock.ts'
import type { Limits } from '../storage/limited.ts'
import type { OptionSpec } from './option.ts'
import type { Output } from './output.ts'
import type { Redactor } from './redact.ts'
import type { Results } from './results.ts'

/** What a command gets from the program: everything it may know of the world outside. */
export interface CommandContext {
  readonly out: Output
  /** Where bytes go that are the result themselves: stdout. Nothing else is to be written there then. */
  readonly stdout: Pick<Results, 'bytes' | 'isTTY'>
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly env: Environment
  readonly redactor: Redactor
  /** The configuration file that was named, by option or environment. */
  readonly config: string | undefined
  /** What the storage of a repository may be asked for at once, and how fast. */
  readonly limits: Limits
  /** Asks for a passphrase on the terminal, without showing it; null where there is no terminal. */
  readonly ask: ((question: string) => Promise<string>) | null
  /** Asks for a text, which is shown while it is typed; null where there is no terminal. */
  readonly askText: ((question: string) => Promise<string>) | null
}

export type Environment = Readonly<Record<string, string | undefined>>

export interface ArgumentSpec<T extends string | undefined> {
  /** As the help shows it: `SOURCE`. */
  readonly name: string
  readonly description: string
  readonly required: boolean
  /** Never set: carries the type only. */
  readonly type?: T
}

export interface Example {
  /** What it does, in a few words. */
  readonly what: string
  readonly command: string
}

/** A command as data: parser, help and reference are made from it. */
export interface Command {
  readonly name: string
  /** One line, for the list of commands. */
  readonly summary: string
  /** A paragraph or two. */
  readonly description: string
  readonly arguments: Readonly<Record<string, ArgumentSpec<string | undefined>>>
  readonly options: Readonly<Record<string, OptionSpec<unknown>>>
  readonly examples: readonly Example[]
  /** The state that things are in after Ctrl-C, and what to do. */
  readonly cancelled: string
  readonly subcommands: readonly Command[]
  run(context: CommandContext, input: Readonly<Record<string, unknown>>): Promise<void>
  readonly server: AtServer<Readonly<Record<string, unknown>>> | null
}

/** What a command does where --server names a service, in place of `run`. */
export interface AtServer<I> {
  /** Arguments and options that it takes there: all others are about this machine. */
  readonly takes: readonly (keyof I & string)[]
  run(context: CommandContext, client: Client, input: I & ServerInput): Promise<void>
}

/** Options that go with --server. */
export interface ServerInput {
  readonly detach: boolean
  /** Where the service is, without a slash at its end. */
  readonly url: string
}

type ArgumentValues<A> = { [K in keyof A]: A[K] extends ArgumentSpec<infer T> ? T : never }
type OptionValues<O> = { [K in keyof O]: O[K] extends OptionSpec<infer T> ? T : never }

export interface CommandSpec<
  A extends Readonly<Record<string, ArgumentSpec<string | undefined>>>,
  O extends Readonly<Record<string, OptionSpec<unknown>>>,
> {
  readonly name: string
  readonly summary: string
  readonly description: string
  readonly arguments: A
  readonly options: O
  readonly examples: readonly Example[]
  readonly cancelled?: string
  readonly subcommands?: readonly Command[]
  run(context: CommandContext, input: ArgumentValues<A> & OptionValues<O>): Promise<void>
  readonly server?: AtServer<ArgumentValues<A> & OptionValues<O>>
}

/** Declares a command. `run` gets arguments and options in one object, whose types follow from their declarations. */
export function defineCommand<
  A extends Readonly<Record<string, ArgumentSpec<string | undefined>>>,
  O extends Readonly<Record<string, OptionSpec<unknown>>>,
>(spec: CommandSpec<A, O>): Command {
  return {
    ...spec,
    cancelled: spec.cancelled ?? 'Nothing was changed.',
    subcommands: spec.subcommands ?? [],
    server: (spec.server as AtServer<Readonly<Record<string, unknown>>> | undefined) ?? null,
    // Sound because program.ts fills in exactly the declared names, each by its own declaration's `read`.
    run: (context, input) => spec.run(context, input as ArgumentValues<A> & OptionValues<O>),
  }
}

/** An argument that must be given. */
export function requiredArgument(name: string, description: string): ArgumentSpec<string> {
  return { name, description, required: true }
}

/** An argument that may be left out. */
export function optionalArgument(name: string, description: string): ArgumentSpec<string | undefined> {
  return { name, description, required: false }
}
