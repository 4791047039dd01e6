import { connect, createServer, type Socket } from 'node:net'

/** A door to a server on this machine that can be shut at any moment. */
export interface TcpProxy {
  readonly port: number
  /** Connections that are open now. */
  readonly connections: number
  /** The address with the proxy's port in place of its own. */
  url(address: string): string
  /** Breaks every connection at once, as a reset; new ones are still let in. */
  cut(): void
  /** Breaks every connection when this many more bytes have come from the server, on all connections together. */
  cutAfter(bytes: number): void
  /** How many of them are still to come. */
  readonly bytesLeft: number
  /** Holds back all bytes in both directions, also of new connections, without breaking anything. */
  pause(): void
  resume(): void
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Listens on loopback and passes every connection on to `port` of this machine. `change` makes for each connection what gets
 * the server's bytes, and gives those that are passed on in their place.
 */
export async function tcpProxy(port: number, change?: () => (bytes: Buffer) => Buffer): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  let paused = false
  let left = Infinity

  const cut = (): void => {
    left = Infinity
    for (const socket of sockets) {
      // Node never closes a socket that is reset while it is being shut down, and then spins when the process is to end.
      if (socket.writableEnded) socket.destroy()
      else socket.resetAndDestroy()
    }
  }
  const pass = (from: Socket, to: Socket, counted: boolean): void => {
    sockets.add(from)
    const changed = counted ? change?.() : undefined
    from.on('data', (received: Buffer) => {
      const bytes = changed?.(received) ?? received
      if (counted && bytes.length >= left) {
        to.write(bytes.subarray(0, left), () => cut())
        return
      }
      if (counted) left -= bytes.length
      if (to.write(bytes)) return
      from.pause()
      to.once('drain', () => {
        if (!paused) from.resume()
      })
    })
    from.on('end', () => to.end())
    from.on('error', () => undefined)
    from.on('close', () => {
      sockets.delete(from)
      to.destroy()
    })
    if (paused) from.pause()
  }

  const listener = createServer({ allowHalfOpen: true }, (client) => {
    const server = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
    pass(client, server, false)
    pass(server, client, true)
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const address = listener.address()
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port.')
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => listener.close(() => resolve()))
    cut()
    await closed
  }
  return {
    port: address.port,
    get connections() {
      return sockets.size / 2
    },
    get bytesLeft() {
      return left
    },
    url: (original) => {
      const url = new URL(original)
      url.port = String(address.port)
      return url.href
    },
    cut,
    cutAfter: (bytes) => {
      left = bytes
    },
    pause: () => {
      paused = true
      for (const socket of sockets) socket.pause()
    },
    resume: () => {
      paused = false
      for (const socket of sockets) socket.resume()
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
