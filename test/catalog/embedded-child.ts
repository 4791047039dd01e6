/** Run as a program: starts the catalog below the directory in its first argument, commits something, says so, and stays. */
import { startEmbeddedCatalog } from '../../src/catalog/embedded.ts'
import { connect } from '../../src/postgres/connect.ts'

const catalog = await startEmbeddedCatalog({ data: process.argv[2] ?? '', signal: undefined })
const connection = await connect({ address: catalog.address })
await connection.query('CREATE TABLE public.child AS SELECT 2 AS i')
process.stdout.write('ready\n')
setInterval(() => undefined, 1000)
