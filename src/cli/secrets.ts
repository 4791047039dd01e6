import { readFile, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { HoldfastError, messageOf } from '../lib/errors.ts'
import type { CommandContext, Environment } from './command.ts'

/** What opens a repository: the content of an identity file, a passphrase, or both (then it may protect the file). */
export interface Secrets {
  readonly identity?: Uint8Array | undefined
  readonly passphrase?: string | undefined
}

export interface CredentialOptions {
  readonly identity: string | undefined
  readonly passphraseFile: string | undefined
}

/** Where a user's identities and host files are: `$XDG_CONFIG_HOME/holdfast`, or `~/.config/holdfast`. */
export function configurationDirectory(env: Environment): string {
  const base = env['XDG_CONFIG_HOME']
  // The specification says that a relative path is to be ignored.
  if (base?.startsWith('/') === true) return join(base, 'holdfast')
  return join(env['HOME'] ?? homedir(), '.config', 'holdfast')
}

/** Where init puts the identity of a repository, and where the other commands look for it. */
export function defaultIdentityPath(env: Environment, repository: string): string {
  return join(configurationDirectory(env), repository, 'identity.txt')
}

/** Where init puts what lets this machine write to the repository. */
export function defaultHostPath(env: Environment, repository: string): string {
  return join(configurationDirectory(env), repository, 'host.json')
}

/**
 * Finds what opens the repository: --identity, HOLDFAST_PASSPHRASE or --passphrase-file, the identity that init
 * left on this machine, and at last, if the repository has a passphrase, a question on the terminal.
 * Throws `identity_missing`.
 */
export async function findSecrets(
  context: CommandContext,
  options: CredentialOptions & { repository: string; takesPassphrase: boolean },
): Promise<Secrets> {
  const passphrase = await givenPassphrase(context, options.passphraseFile)
  const usual = defaultIdentityPath(context.env, options.repository)
  const path = options.identity ?? ((await exists(usual)) ? usual : undefined)
  // A passphrase that was given is meant, unless the repository has none that it could be.
  const wantsFile = options.identity !== undefined || passphrase === undefined || !options.takesPassphrase
  if (path !== undefined && wantsFile) return readIdentity(context, path, passphrase)
  if (passphrase !== undefined) return { passphrase }
  if (options.takesPassphrase && context.ask !== null) {
    return { passphrase: keep(context, await context.ask('Passphrase: ')) }
  }
  throw new HoldfastError(
    'identity_missing',
    `This needs the private identity, and there is none at ${usual}.`,
  )
}

/** A new passphrase, typed twice where it is asked for. Throws `identity_missing` where it can't be asked for. */
export async function newPassphrase(context: CommandContext, file: string | undefined): Promise<string> {
  const given = await givenPassphrase(context, file, 'HOLDFAST_NEW_PASSPHRASE')
  if (given !== undefined) return given
  if (context.ask === null) {
    throw new HoldfastError(
      'identity_missing',
      'A passphrase is needed, and there is no terminal to ask on.',
      {
        hint: 'Set HOLDFAST_NEW_PASSPHRASE, or pass --new-passphrase-file FILE.',
      },
    )
  }
  const first = keep(context, await context.ask('New passphrase: '))
  const second = keep(context, await context.ask('The same again: '))
  if (first !== second) throw new HoldfastError('usage', 'The two passphrases differ.')
  return requirePassphrase(first, 'What was typed')
}

/** The passphrase that the environment or a file holds; undefined if neither is there. Throws `usage`, `identity_missing`. */
export async function givenPassphrase(
  context: CommandContext,
  file: string | undefined,
  name = 'HOLDFAST_PASSPHRASE',
): Promise<string | undefined> {
  const variable = context.env[name]
  if (variable !== undefined && variable !== '') return keep(context, variable)
  if (file === undefined) return undefined
  const text = (await readSecret(file, 'The passphrase file')).toString('utf8')
  return keep(context, requirePassphrase(text.split(/\r?\n/, 1)[0] ?? '', file))
}

function requirePassphrase(passphrase: string, where: string): string {
  if (passphrase === '')
    throw new HoldfastError('usage', `${where} holds no passphrase: its first line is empty.`)
  return passphrase
}

function keep(context: CommandContext, secret: string): string {
  context.redactor.add(secret)
  return secret
}

async function readIdentity(
  context: CommandContext,
  path: string,
  passphrase: string | undefined,
): Promise<Secrets> {
  const identity = await readSecret(path, 'The identity file')
  const { mode } = await stat(path)
  if ((mode & 0o077) !== 0) {
    context.out.warn(`${path} can be read by other users of this machine; chmod 600 it.`)
  }
  if (passphrase === undefined && isAgeFile(identity) && context.ask !== null) {
    return { identity, passphrase: keep(context, await context.ask(`Passphrase of ${path}: `)) }
  }
  return { identity, passphrase }
}

/** An identity file may itself be an age file, encrypted with a passphrase. */
function isAgeFile(content: Buffer): boolean {
  const start = content.subarray(0, 100).toString('latin1').trimStart()
  return start.startsWith('age-encryption.org/') || start.startsWith('-----BEGIN AGE ENCRYPTED FILE-----')
}

/** The content of a file the user named. Throws `identity_missing`. */
export async function readSecret(path: string, what: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    throw new HoldfastError(
      'identity_missing',
      `${what} ${resolve(path)} can't be read: ${messageOf(error)}`,
      {
        cause: error,
        hint: 'Check the path and its permissions.',
      },
    )
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
