import type { OnProgress } from '../../lib/progress.ts'
import { localFiles, parseAddress } from '../../postgres/address.ts'
import { connect, connectWire, type ServerAddress } from '../../postgres/connect.ts'
import { ident } from '../../postgres/quote.ts'
import { startServer } from '../../postgres/server/server.ts'
import { createSample, sampleName } from '../../sample/sample.ts'

/** The shop's server, which the demo keeps from start to start. */
export interface DemoShop {
  readonly address: ServerAddress
  /** Without the password: for the service and for files. */
  readonly url: string
  /** New at each start. */
  readonly password: string
  [Symbol.asyncDispose](): Promise<void>
}

/** Starts it; `fill`: and makes the sample in it, which is not there yet. */
export async function openShop(o: {
  directory: string
  fill: boolean
  signal: AbortSignal
  onProgress: OnProgress
}): Promise<DemoShop> {
  const { signal } = o
  // Nobody needs what a crash of the machine would take of it.
  const server = await startServer({
    major: 18,
    directory: o.directory,
    durable: false,
    settings: { max_wal_size: '1GB' },
    signal,
  })
  try {
    const at = (database: string): ServerAddress => parseAddress(server.url(database), {}, localFiles)
    const address = at(sampleName)
    if (o.fill) {
      {
        await using connection = await connect({ address: at('postgres'), signal })
        await connection.query(`CREATE DATABASE ${ident(sampleName)} TEMPLATE template0 ENCODING 'UTF8'`)
      }
      await using wire = await connectWire({ address, signal })
      await createSample({ wire, onProgress: o.onProgress })
    }
    const url = new URL(server.url(sampleName))
    url.password = ''
    return {
      address,
      url: url.href,
      password: server.password,
      [Symbol.asyncDispose]: () => server.stop(),
    }
  } catch (error) {
    await server.stop('immediate')
    throw error
  }
}
