import { S3Client, CreateBucketCommand, type S3ClientConfig } from '@aws-sdk/client-s3'
import { steadyClock, systemClock } from '../../src/lib/clock.ts'
import { createRetry, retryingStorage } from '../../src/storage/retry.ts'
import { parseS3Address } from '../../src/storage/s3/address.ts'
import type { S3Credentials } from '../../src/storage/s3/client.ts'
import { openS3Storage, type S3Options, type S3Storage } from '../../src/storage/s3/s3.ts'
import type { Storage } from '../../src/storage/storage.ts'

/** A server that tests speak S3 to. */
export interface S3Place {
  readonly endpoint: string
  readonly credentials: S3Credentials
}

let serial = 0

/** The address of a prefix of its own in a bucket. */
export function freshAddress({ endpoint }: S3Place, bucket: string): string {
  serial += 1
  return `s3://${bucket}/${process.pid}/${serial}?endpoint=${endpoint}`
}

/** The storage at an address, one attempt per call. */
export function s3At(place: S3Place, address: string, more: Partial<S3Options> = {}): S3Storage {
  const { credentials } = place
  return openS3Storage({ location: parseS3Address(address), clock: systemClock, credentials, ...more })
}

/** The same, with further attempts, as the program opens it. */
export function retryingS3(place: S3Place, address: string, more: Partial<S3Options> = {}): Storage {
  const retry = createRetry({ clock: steadyClock, random: Math.random })
  return retryingStorage(s3At(place, address, { retry, ...more }), retry)
}

/** A client for what a storage does not do itself. */
export function adminClient({ endpoint, credentials }: S3Place): S3Client {
  const config: S3ClientConfig = {
    endpoint,
    credentials,
    region: 'us-east-1',
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
  }
  return new S3Client(config)
}

export async function makeBucket(place: S3Place, Bucket: string): Promise<void> {
  const client = adminClient(place)
  await client.send(new CreateBucketCommand({ Bucket }))
  client.destroy()
}
