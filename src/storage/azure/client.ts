import { Readable } from 'node:stream'
import type * as Sdk from '@azure/storage-blob'
import type { Clock } from '../../lib/clock.ts'
import { openHttp, type HttpClient } from '../remote/http.ts'
import type { Timeouts } from '../remote/timeouts.ts'
import type { CallOptions } from '../storage.ts'
import { azureAccess, type AzureCredential, type Environment } from './access.ts'
import type { AzureLocation } from './address.ts'

export interface AzureOptions {
  readonly location: AzureLocation
  /** Where the credentials are. Microsoft's library, which is asked when there are none, looks into the real one besides. */
  readonly environment: Environment
  /** The machine's clock. */
  readonly clock: Clock
  readonly timeouts?: Timeouts | undefined
}

/** Clients for a container, and for the service that has it. */
export interface AzureConnection {
  readonly service: Sdk.BlobServiceClient
  readonly container: Sdk.ContainerClient
  /** As `HttpClient`'s. */
  clockAheadMs(): number | null
}

/** Sends nothing. Throws `usage`. */
export async function openClient(options: AzureOptions): Promise<AzureConnection> {
  const { location, environment, clock, timeouts } = options
  const { service, credential } = azureAccess(location, environment)
  const sdk = await import('@azure/storage-blob')
  const http = await openHttp({ location, clock, timeouts })
  const pipeline = sdk.newPipeline(await signer(sdk, credential), {
    httpClient: transport(http),
    // One attempt per request: what is tried again, and for how long, is decided by `retry.ts`.
    retryOptions: { maxTries: 1 },
  })
  const sas = credential.kind === 'sas' ? `?${credential.token}` : ''
  const client = new sdk.BlobServiceClient(service.href.replace(/\/$/, '') + sas, pipeline)
  const container = client.getContainerClient(location.container)
  return { service: client, container, clockAheadMs: http.clockAheadMs }
}

/** Options of the SDK's calls. */
export function sending(call: CallOptions | undefined): { abortSignal?: AbortSignal } {
  return call?.signal === undefined ? {} : { abortSignal: call.signal }
}

type Signer = Parameters<typeof Sdk.newPipeline>[0]

async function signer(sdk: typeof Sdk, credential: AzureCredential): Promise<Signer> {
  switch (credential.kind) {
    case 'key':
      return new sdk.StorageSharedKeyCredential(credential.account, credential.key)
    case 'sas':
      return new sdk.AnonymousCredential()
    case 'login': {
      const { DefaultAzureCredential } = await import('@azure/identity')
      return new DefaultAzureCredential()
    }
  }
}

/** The SDK's own client waits without end for a server that has fallen silent. */
function transport(http: HttpClient): Sdk.IHttpClient {
  return {
    async sendRequest(request) {
      const { method, abortSignal } = request
      const answer = await http.send({
        method,
        url: new URL(request.url),
        headers: request.headers.toJson({ preserveCase: true }),
        body: bodyOf(request.body),
        signal: abortSignal as AbortSignal | undefined,
      })
      const { status, body } = answer
      const streamed = request.streamResponseStatusCodes?.has(status) === true
      return {
        request,
        status,
        // Of the class that it asks for, the SDK uses only this.
        headers: { toJson: () => answer.headers } as unknown as Sdk.HttpHeaders,
        ...(streamed
          ? { readableStreamBody: Readable.from(body.length === 0 ? [] : [body]) }
          : { bodyAsText: Buffer.from(body).toString() }),
      }
    },
  }
}

function bodyOf(body: unknown): Uint8Array | undefined {
  if (body === undefined || body === null) return undefined
  if (typeof body === 'string') return Buffer.from(body)
  if (body instanceof Uint8Array) return body
  throw new TypeError('A body of this kind is never sent.')
}
