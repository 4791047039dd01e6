import { test } from 'node:test'
import { testServer } from '../support/postgres.ts'
import { radosgw } from '../support/radosgw.ts'
import { makeBucket } from '../support/s3.ts'
import { runMachines } from './machines.ts'

test('machines with wrong clocks back up, prune, restore, drill and pin in object storage, some killed: what is there can be restored, and is what it was', async (t) => {
  const place = await radosgw()
  await makeBucket(place, 'machines')
  const s3 = { address: `s3://machines/shop?endpoint=${place.endpoint}`, credentials: place.credentials }
  // The server refuses whoever is off by more than a quarter of an hour.
  await runMachines(t, { server: await testServer(17), s3, clocks: [0, 9, -9] })
})
