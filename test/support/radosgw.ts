import { spawn } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { chmod, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import type { S3Credentials } from '../../src/storage/s3/client.ts'

/** A real object storage on loopback: Ceph's, with all it holds in memory. */
export interface Radosgw {
  readonly endpoint: string
  readonly credentials: S3Credentials
  /** Those of a user `guest`, who has no rights but what a bucket gives. */
  readonly guest: S3Credentials
}

/** A cluster for the tests of this file, which ends when they have. */
export async function radosgw(): Promise<Radosgw> {
  const started = await startRadosgw()
  after(() => started.stop())
  return started
}

/**
 * Starts a cluster of one monitor, one in-memory object store and one gateway, as the user of this process. It takes two seconds,
 * on a busy machine ten. It also ends if the process is killed: the shell that started it reads a pipe from it to the end.
 */
export async function startRadosgw(): Promise<Radosgw & { stop(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-radosgw-'))
  await chmod(directory, 0o700)
  const [monitor, gateway] = await freePorts()
  const credentials = newCredentials()
  const guest = newCredentials()
  await writeFile(join(directory, 'ceph.conf'), configuration(directory, monitor, gateway))
  await writeFile(join(directory, 'keyring'), '')
  const cluster = spawn('sh', ['-c', script], {
    cwd: directory,
    env: {
      PATH: process.env['PATH'],
      MONITOR: String(monitor),
      OSD: randomUUID(),
      KEY: credentials.accessKeyId,
      SECRET: credentials.secretAccessKey,
      GUEST_KEY: guest.accessKeyId,
      GUEST_SECRET: guest.secretAccessKey,
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const ended = new Promise<void>((resolve) => cluster.once('exit', () => resolve()))
  const stop = async (): Promise<void> => {
    cluster.stdin.end()
    await ended
  }
  const ready = new Promise<boolean>((resolve) => cluster.stdout.once('data', () => resolve(true)))
  if (!(await Promise.race([ready, ended.then(() => false)]))) throw new Error(await explain(directory))
  const endpoint = `http://127.0.0.1:${gateway}`
  await answers(endpoint, ended)
  return { endpoint, credentials, guest, stop }
}

function newCredentials(): S3Credentials {
  return {
    accessKeyId: randomBytes(10).toString('hex'),
    secretAccessKey: randomBytes(20).toString('hex'),
  }
}

const script = `
set -e
pids=
end() {
  kill -9 $pids || :
  wait
  [ "$finished" != 1 ] || rm -rf "$PWD"
}
trap end EXIT
exec 2>log
ceph="-c $PWD/ceph.conf"
monmaptool --create --fsid 00000000-0000-4000-8000-000000000001 --addv a "[v2:127.0.0.1:$MONITOR]" monmap >&2
mkdir mon osd
ceph-mon $ceph -i a --mkfs --monmap monmap >&2
ceph-mon $ceph -i a -f >&2 & pids=$!
ceph $ceph --connect-timeout 60 osd new $OSD >&2
ceph-osd $ceph -i 0 --mkfs --osd-uuid $OSD >&2
ceph-osd $ceph -i 0 -f >&2 & pids="$pids $!"
radosgw-admin $ceph user create --uid holdfast --display-name holdfast --access-key $KEY --secret-key $SECRET >&2
radosgw-admin $ceph user create --uid guest --display-name guest --access-key $GUEST_KEY --secret-key $GUEST_SECRET >&2
radosgw $ceph -n client.admin -f >&2 & pids="$pids $!"
echo ready
cat >/dev/null
finished=1`

function configuration(directory: string, monitor: number, gateway: number): string {
  return `[global]
fsid = 00000000-0000-4000-8000-000000000001
mon host = v2:127.0.0.1:${monitor}
ms bind msgr1 = false
public addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
ms mon cluster mode = crc
ms mon service mode = crc
ms mon client mode = crc
ms cluster mode = crc
ms service mode = crc
ms client mode = crc
run dir = ${directory}
crash dir = ${directory}
admin socket =
pid file =
log to file = false
log to stderr = true
debug none = 0
keyring = ${directory}/keyring
mon data = ${directory}/mon
osd data = ${directory}/osd
rgw data = ${directory}/rgw
osd objectstore = memstore
memstore device bytes = 4294967296
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
osd class load list = *
osd class default list = *
mon allow pool size one = true
mon max pg per osd = 1000
paxos propose interval = 0.05
rgw rados pool pg num min = 1
rgw override bucket index max shards = 1
rgw frontends = beast endpoint=127.0.0.1:${gateway} tcp_nodelay=1
`
}

/** Two ports that nobody has. Both are asked for before either is given back. */
async function freePorts(): Promise<[number, number]> {
  const servers = await Promise.all(
    [0, 1].map(
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer().listen(0, '127.0.0.1', () => resolve(server))
        }),
    ),
  )
  const ports = servers.map((server) => {
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  })
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return [ports[0] ?? 0, ports[1] ?? 0]
}

async function answers(endpoint: string, ended: Promise<void>): Promise<void> {
  let gone = false
  void ended.then(() => (gone = true))
  for (;;) {
    const answer = await fetch(endpoint).catch(() => null)
    await answer?.arrayBuffer()
    if (answer?.ok === true) return
    if (gone) throw new Error('The cluster ended.')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function explain(directory: string): Promise<string> {
  const log = await readFile(join(directory, 'log'), 'utf8').catch(() => '')
  return `The cluster in ${directory} did not start. It needs ceph-mon, ceph-osd, ceph and radosgw.\n${log.slice(-3000)}`
}
