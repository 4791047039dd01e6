import { s3Server } from '../../support/s3-server.ts'
import { freshAddress, retryingS3 } from '../../support/s3.ts'
import { storageConformance } from '../conformance.ts'

/* The contract against a strict server of our own. The same against a real one: conformance.radosgw.test.ts. */

const server = await s3Server({ page: 100 })
storageConformance('s3', async () => retryingS3(server, freshAddress(server, 'bucket')), { manyKeys: 1500 })
