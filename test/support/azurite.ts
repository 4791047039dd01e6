import { ContainerClient, StorageSharedKeyCredential } from '@azure/storage-blob'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { systemClock } from '../../src/lib/clock.ts'
import type { Environment } from '../../src/storage/azure/access.ts'
import { parseAzureAddress } from '../../src/storage/azure/address.ts'
import { openAzureStorage, type AzureStorage } from '../../src/storage/azure/azure.ts'

/** Azurite, Microsoft's own emulator of its blob storage, on loopback, with all it holds in memory. */
export interface Azurite {
  /** Of the account, which is in its path. */
  readonly endpoint: string
  readonly account: string
  readonly key: string
  /** With which its account is reached. */
  readonly environment: { readonly AZURE_STORAGE_ACCOUNT: string; readonly AZURE_STORAGE_KEY: string }
}

const main = createRequire(import.meta.url).resolve('azurite/dist/src/blob/main.js')
const account = 'holdfast'

/**
 * Starts one for the tests of this file, which ends when they have. It also ends if the process is killed: the shell that started it
 * reads a pipe from it to the end. `flags`: more for its command line.
 */
export async function azurite(flags: readonly string[] = []): Promise<Azurite> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-azurite-'))
  const key = randomBytes(32).toString('base64')
  const args = ['--blobPort', '0', '--inMemoryPersistence', '--extentMemoryLimit', '2048', '--silent']
  const more = ['--skipApiVersionCheck', '--disableTelemetry', ...flags]
  const script = 'exec 3<&0; "$@" </dev/null & pid=$!; { cat <&3 >/dev/null; kill -9 $pid; } & wait $pid'
  const server = spawn('sh', ['-c', script, 'sh', process.execPath, main, ...args, ...more], {
    cwd: directory,
    env: { PATH: process.env['PATH'], HOME: directory, AZURITE_ACCOUNTS: `${account}:${key}` },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()))
  after(async () => {
    server.stdin.end()
    await ended
    await rm(directory, { recursive: true, force: true })
  })
  const url = await new Promise<string>((resolve, reject) => {
    let said = ''
    const hear = (bytes: Buffer): void => {
      said += bytes.toString()
      const found = /listens on (https?:\/\/127\.0\.0\.1:\d+)\s/.exec(said)
      if (found?.[1] !== undefined) resolve(found[1])
    }
    server.stdout.on('data', hear)
    server.stderr.on('data', hear)
    void ended.then(() => reject(new Error(`Azurite did not start.\n${said}`)))
  })
  return {
    endpoint: `${url}/${account}`,
    account,
    key,
    environment: { AZURE_STORAGE_ACCOUNT: account, AZURE_STORAGE_KEY: key },
  }
}

let serial = 0

/** The address of a prefix of its own in a container. */
export function freshAzureAddress({ endpoint }: { readonly endpoint: string }, container: string): string {
  serial += 1
  return `azblob://${container}/${process.pid}/${serial}?endpoint=${endpoint}`
}

/** The storage at an address, one attempt per call. */
export function azureAt(
  environment: Environment,
  address: string,
  more: Partial<Parameters<typeof openAzureStorage>[0]> = {},
): AzureStorage {
  return openAzureStorage({ location: parseAzureAddress(address), clock: systemClock, environment, ...more })
}

/** A client for what a storage does not do itself, such as making the container. */
export function containerAt({ endpoint, key }: Azurite, name: string): ContainerClient {
  return new ContainerClient(`${endpoint}/${name}`, new StorageSharedKeyCredential(account, key))
}
