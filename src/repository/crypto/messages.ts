import type { ErrorCode } from '../../lib/error-codes.ts'

/** What every worker is given when it starts. Keys are copied to its memory, nowhere else. */
export type WorkerSetup =
  | {
      readonly work: 'seal'
      readonly namingKey: Uint8Array
      readonly epochPublicKey: Uint8Array
      readonly level: number
    }
  | { readonly work: 'open'; readonly namingKey: Uint8Array; readonly identities: readonly Uint8Array[] }

/** Work for a worker thread. `job` ties the messages about one chunk together. */
export type WorkerRequest =
  | { readonly kind: 'name'; readonly job: number; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'seal'; readonly job: number }
  | { readonly kind: 'drop'; readonly job: number }
  | {
      readonly kind: 'open'
      readonly job: number
      readonly name: string
      readonly stored: Uint8Array<ArrayBuffer>
    }

/** The answer to `name`, `seal` or `open`; `drop` has none. */
export type WorkerReply =
  | { readonly kind: 'name'; readonly job: number; readonly name: string }
  | { readonly kind: 'bytes'; readonly job: number; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'error'; readonly job: number; readonly code: ErrorCode; readonly message: string }
