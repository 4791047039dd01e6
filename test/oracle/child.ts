import { backUp, restore, type BackupCall, type RestoreCall } from './engine.ts'

/*
 * A backup or a restore in a process of its own, so that it can be killed: the call as JSON on standard input, `started` on
 * standard output when it begins, `step` now and then, and `done` when it has ended well.
 */
export type ChildCall =
  | { readonly action: 'backup'; readonly call: BackupCall }
  | { readonly action: 'restore'; readonly call: RestoreCall }

const parts: Buffer[] = []
for await (const part of process.stdin) parts.push(part as Buffer)
const job = JSON.parse(Buffer.concat(parts).toString('utf8')) as ChildCall
process.stdout.write('started\n')
const onStep = (): void => void process.stdout.write('step\n')
if (job.action === 'backup') await backUp({ ...job.call, onStep })
else await restore({ ...job.call, onStep })
process.stdout.write('done\n')
