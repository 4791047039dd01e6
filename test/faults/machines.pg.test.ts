import { test } from 'node:test'
import { testServer } from '../support/postgres.ts'
import { runMachines } from './machines.ts'

test('machines with wrong clocks back up, prune, restore, drill and pin in one directory, some killed: what is there can be restored, and is what it was', async (t) => {
  await runMachines(t, { server: await testServer(17), s3: null, clocks: [0, 180, -240] })
})
