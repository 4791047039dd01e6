/**
 * The wire protocol on a connection that `pg` has opened and authenticated, for the work where bytes count: COPY in
 * both directions without touching rows one by one more than the protocol forces us to, and raw messages for pg_dump.
 * A connection is used by one call at a time. Whatever happens to it, the call that runs is rejected: with
 * `connection_lost` if the socket ends, with `cancelled` if the signal aborts, else with the server's error, after
 * which the connection can be used again.
 */
export interface Wire {
  /** The connection's parameters as the server reported them at start-up and since, e.g. `server_version`. */
  readonly parameters: ReadonlyMap<string, string>
  /** For cancel requests and messages. */
  readonly processId: number

  /** Runs one or several statements without parameters. Resolves to the rows of the last that returned some, as text. */
  query(sql: string): Promise<(string | null)[][]>

  /**
   * Runs a `COPY ... TO STDOUT`. `sink` gets the rows' bytes, frames stripped: a view that is valid only until it
   * returns (or until its promise settles, for which the socket is paused). `rowEnds` is how many rows end
   * in `bytes`. Resolves to the number of rows the server says it sent; throws `source_mismatch` if that is not
   * the number of rows received. If `sink` throws, the server is stopped, the wire ended, and the error thrown on.
   */
  copyOut(sql: string, sink: CopySink): Promise<number>

  /**
   * Runs a `COPY ... FROM STDIN` with the bytes of `source`, cut anywhere. The next slab is asked for when the kernel
   * has the one before, so a source may use its buffer again. Resolves to the rows the server says it took. If
   * `source` throws, the COPY is failed on the server and the error thrown on; the wire can be used again.
   */
  copyIn(sql: string, source: AsyncIterable<Uint8Array>): Promise<number>

  /**
   * Sends whole raw frontend messages, and resolves to all bytes that came back up to and including the last
   * ReadyForQuery they lead to; at once, to nothing, if they lead to none. Errors of the server are in the bytes.
   */
  exchange(messages: Uint8Array): Promise<Uint8Array>

  /** Asks the server, over a connection of its own, to cancel what runs. Never throws. */
  cancel(): Promise<void>

  /** Ends the connection, politely if it is idle, at once if it is busy. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export interface CopySink {
  /** Bytes of one or more rows, or of part of one. `endsRow`: the last byte given is the last of a row. */
  write(bytes: Uint8Array, rowEnds: number, endsRow: boolean): void | Promise<void>
}
