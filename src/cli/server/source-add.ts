import type { Client } from '../../client/client.ts'
import type { PasswordReference } from '../../config/password-shape.ts'
import { readPassword } from '../../config/password.ts'
import type { CommandContext } from '../command.ts'
import { repositoryNamed } from './names.ts'
import { targetAt } from './target.ts'

interface Input {
  readonly name: string
  readonly address: string
  readonly repository: readonly string[]
  readonly passwordEnv: string | undefined
  readonly passwordFile: string | undefined
  readonly passwordCommand: readonly string[] | undefined
  readonly schema: readonly string[]
  readonly table: readonly string[]
  readonly excludeTable: readonly string[]
  readonly excludeData: readonly string[]
  readonly proof: string | undefined
}

/** A source of the service. Its password is read here, and kept sealed there. */
export async function addSourceAtServer(
  context: CommandContext,
  client: Client,
  input: Input,
): Promise<void> {
  const { out, redactor } = context
  const { name } = input
  const { name: repository } = await repositoryNamed(client, { repo: input.repository })
  const { database: address, password: found } = targetAt(context, input.address)
  const password = (await passwordOf(context, input)) ?? found
  if (password !== undefined) redactor.add(password)
  const lists = {
    schemas: input.schema,
    tables: input.table,
    excludeTables: input.excludeTable,
    excludeData: input.excludeData,
  }
  const settings = {
    ...Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0)),
    ...(input.proof === undefined ? {} : { proof: input.proof }),
  }
  const source = await client.createSource({ name, address, password, repository, settings })
  out.line(`The service has the source ${name}. Try it: holdfast source test ${name}`)
  out.result({ source: { ...source, repository } })
}

async function passwordOf({ env, signal }: CommandContext, input: Input): Promise<string | undefined> {
  const reference = referenceIn(input)
  if (reference === null) return undefined
  const found = await readPassword({ reference, source: input.name, directory: process.cwd(), env, signal })
  return found.password
}

function referenceIn({ passwordEnv, passwordFile, passwordCommand }: Input): PasswordReference | null {
  if (passwordEnv !== undefined) return { env: passwordEnv }
  if (passwordFile !== undefined) return { file: passwordFile }
  return passwordCommand === undefined ? null : { command: passwordCommand }
}
