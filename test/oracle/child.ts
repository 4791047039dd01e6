import { backUp, restore, type BackupCall, type RestoreCall } from './engine.ts'

/*
 * A backup or a restore in a process of its own, so that it can be killed: the call as JSON on standard input, `started` on
 * standard output when it begins, and `done` when it has ended well.
 */
export type ChildCall =
  | { readonly action: 'backup'; readonly call: BackupCall }
  | { readonly action: 'restore'; readonly call: RestoreCall }

const parts: Buffer[] = []
for await (const part of process.stdin) parts.push(part as Buffer)
const job = JSON.parse(Buffer.concat(parts).toString('utf8')) as ChildCall
process.stdout.write('started\n')
if (job.action === 'backup') await backUp(job.call)
else await restore(job.call)
process.stdout.write('done\n')
