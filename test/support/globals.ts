import { connect, type Connection } from '../../src/postgres/connect.ts'
import { makeAddress } from '../../src/postgres/server-address.ts'

/** Opens a Connection to the `postgres://` address of a test database. */
export function open(url: string): Promise<Connection> {
  const { hostname, port, username, password, pathname } = new URL(url)
  return connect({
    address: makeAddress({
      host: hostname,
      port: Number(port),
      user: decodeURIComponent(username),
      password: decodeURIComponent(password),
      database: decodeURIComponent(pathname.slice(1)),
      tls: { mode: 'disable' },
    }),
  })
}

export async function runAll(connection: Connection, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await connection.query(statement)
}
