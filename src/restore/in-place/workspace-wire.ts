import { connectWire, type ServerAddress } from '../../postgres/connect.ts'
import type { Wire } from '../../postgres/wire.ts'

/** Memory for comparing: both sides of a table are hashed. */
const settings = { work_mem: '128MB', temp_buffers: '64MB' }

/** The session of a workspace. Text of the target's names is UTF-8 whatever its encoding; rows say their own. */
export async function openWorkspaceWire(target: ServerAddress, signal?: AbortSignal): Promise<Wire> {
  const wire = await connectWire({ address: target, signal, settings })
  await wire.query("SET client_encoding = 'UTF8'")
  return wire
}
