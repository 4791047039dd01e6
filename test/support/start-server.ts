/** Run as a program: starts a server, prints where it is as JSON, and stops it when standard input ends. */
import { startServer } from '../../src/postgres/server/server.ts'

const { pid, dataDirectory, socketDirectory, stop } = await startServer({ major: 17 })
process.stdout.write(`${JSON.stringify({ pid, dataDirectory, socketDirectory })}\n`)
process.stdin.resume().once('end', () => void stop())
