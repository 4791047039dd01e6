import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import { connect as connectSocket, type Socket } from 'node:net'
import type { ServerAddress } from './server-address.ts'

const TIMEOUT_MS = 5000

/** What identifies a session to the server for a cancel request. The key is a secret of the session. */
export interface BackendKey {
  readonly processId: number
  readonly secret: number
}

export interface CancelOptions {
  readonly address: ServerAddress
  readonly key: BackendKey
  /** Set if the session is encrypted: the request then is, too. */
  readonly tls: ConnectionOptions | undefined
}

/** A request that comes before the server has begun with the statement does nothing, so it is repeated. */
const PATIENCE_MS = [50, 200, 500, 1000, 1000]

/** Cancels what a session runs, and resolves when `work` has settled or the server does not obey. Never throws. */
export async function cancelUntilSettled(o: CancelOptions, work: Promise<unknown>): Promise<void> {
  let settled = false
  const end = work.then(
    () => (settled = true),
    () => (settled = true),
  )
  for (const patience of PATIENCE_MS) {
    if (settled) return
    await requestCancel(o)
    let timer: NodeJS.Timeout | undefined
    await Promise.race([end, new Promise((resolve) => (timer = setTimeout(resolve, patience)))])
    clearTimeout(timer)
  }
}

/**
 * Asks the server to cancel what a session runs, and resolves when the server has closed the request's connection,
 * which it does after it has passed the request on; or after 5 s. Never throws.
 */
export async function requestCancel(o: CancelOptions): Promise<void> {
  const request = Buffer.alloc(16)
  request.writeInt32BE(16, 0)
  request.writeInt32BE(80877102, 4)
  request.writeInt32BE(o.key.processId, 8)
  request.writeInt32BE(o.key.secret | 0, 12)

  await new Promise<void>((resolve) => {
    const { host, port } = o.address
    const socket: Socket = host.startsWith('/')
      ? connectSocket({ path: `${host}/.s.PGSQL.${port}` })
      : connectSocket({ host, port })
    const done = (): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve()
    }
    const timer = setTimeout(done, TIMEOUT_MS)
    socket.on('error', done)
    socket.on('close', done)
    socket.once('connect', () => {
      const { tls } = o
      if (tls === undefined) {
        socket.resume()
        socket.end(request)
        return
      }
      socket.write(Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]))
      socket.once('data', (answer) => {
        if (answer[0] !== 0x53) return done()
        const secure = connectTls({ ...tls, socket, host }, () => secure.end(request))
        secure.resume()
        secure.on('error', done)
        secure.on('close', done)
      })
    })
  })
}
