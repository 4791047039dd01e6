import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** What one run of a command cost. */
export interface Measurement {
  /** Wall clock, from before the process was started until it had ended. */
  readonly seconds: number
  /** User and system time of the command and all it started, as last seen before it ended. */
  readonly clientCpu: number
  /** User and system time of the database server's processes meanwhile. */
  readonly serverCpu: number
  /** Largest peak of resident memory of any one process of the command, bytes. */
  readonly peakRss: number
  readonly stdout: string
}

/** Linux counts CPU time in these for every program, whatever the kernel's own tick is. */
const ticksPerSecond = 100
const pollMilliseconds = 20

/** Runs a command to its end. Throws with the end of its stderr if it fails. */
export async function measure({
  command,
  args,
  env = {},
  serverPid,
}: {
  command: string
  args: readonly string[]
  env?: Readonly<Record<string, string>>
  serverPid: number
}): Promise<Measurement> {
  const serverBefore = serverCpuSeconds(serverPid)
  const started = performance.now()
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-2000)))
  let peakRss = 0
  let clientCpu = 0
  const ended = new Promise<{ status: number | null; at: number }>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status) => resolve({ status, at: performance.now() }))
  })
  const watch = (): void => {
    if (child.pid === undefined) return
    const tree = processTree(child.pid)
    peakRss = Math.max(peakRss, ...tree.map((one) => peakRssOf(one.pid)))
    // Ended children are in the times of those that waited for them, so the sum only grows.
    clientCpu = Math.max(
      clientCpu,
      tree.reduce((sum, one) => sum + one.ticks + one.waitedTicks, 0) / ticksPerSecond,
    )
  }
  const timer = setInterval(watch, pollMilliseconds)
  const { status, at } = await ended.finally(() => clearInterval(timer))
  // The other arguments may hold a password.
  if (status !== 0)
    throw new Error(`${command} ${args[0]} ended with ${status}: ${stderr}${stdout.slice(-2000)}`)
  const serverCpu = serverCpuSeconds(serverPid) - serverBefore
  return { seconds: (at - started) / 1000, clientCpu, serverCpu, peakRss, stdout }
}

/** Bytes of all files under a directory. */
export async function bytesOnDisk(path: string): Promise<number> {
  let bytes = 0
  for (const entry of await readdir(path, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size
  }
  return bytes
}

interface ProcessTimes {
  readonly pid: number
  readonly ticks: number
  readonly waitedTicks: number
}

/** The postmaster waits for its children, so what ended ones used is in its own account. */
function serverCpuSeconds(pid: number): number {
  const tree = processTree(pid)
  return (
    tree.reduce((sum, one) => sum + one.ticks + (one.pid === pid ? one.waitedTicks : 0), 0) / ticksPerSecond
  )
}

/** The process and all below it. Synchronous and narrow: a look at all of /proc would disturb what is measured. */
function processTree(root: number): ProcessTimes[] {
  const tree: ProcessTimes[] = []
  const pids = [root]
  for (const pid of pids) {
    const times = timesOf(pid)
    if (times === null) continue
    tree.push(times)
    pids.push(...childrenOf(pid))
  }
  return tree
}

function childrenOf(pid: number): number[] {
  try {
    const lists = readdirSync(`/proc/${pid}/task`).map((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1'),
    )
    return lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number))
  } catch {
    return [] // It has ended meanwhile.
  }
}

function timesOf(pid: number): ProcessTimes | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The program's name is in parentheses and may hold spaces; what follows it starts with field 3.
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number)
    const field = (n: number) => fields[n - 3] ?? 0
    return { pid, ticks: field(14) + field(15), waitedTicks: field(16) + field(17) }
  } catch {
    return null // It has ended meanwhile.
  }
}

function peakRssOf(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'latin1')
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024
  } catch {
    return 0 // It has ended meanwhile.
  }
}
