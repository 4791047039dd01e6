import { defineCommand } from '../command.ts'
import { hostFile, ownerKey, repo, source } from '../options.ts'

export const command = defineCommand({
  name: 'list',
  summary: 'list the backups of a repository',
  description:
    'Lists the backups of a repository, newest first, when a drill of the whole of each was last made, which are locked, and which are pinned. Of several copies, in which of them each is complete. Needs no secret.',
  arguments: {},
  options: { repo, source, hostFile, ownerKey },
  examples: [
    { what: 'all backups', command: 'holdfast list --repo /mnt/backups/shop' },
    {
      what: 'the id of the newest',
      command: "holdfast list --repo /mnt/backups/shop --json | jq -r '.backups[0].id'",
    },
  ],
  async run(context, input) {
    const { completeIn, openEachCopy, readTogether } = await import('../copies.ts')
    const { tellBackups } = await import('../list-text.ts')
    const { listBackups, listedJson } = await import('../listed.ts')
    const { summaryStore } = await import('../summary-store.ts')
    const { out, signal } = context
    const opened = await openEachCopy(context, input)
    const repository = readTogether(context, opened)
    const several = opened.copies.length + opened.failed.length > 1
    const places = await completeIn(opened.copies, { signal })
    const copiesOf = (id: string): string[] => [...places].filter(([, ids]) => ids.has(id)).map(([address]) => address) // prettier-ignore
    // What is kept of manifests is of one storage.
    const store = several ? null : summaryStore(context.env, repository)
    const listed = await listBackups({ repository, store, signal })
    const { backups, refused, verified, damaged } = listed
    const rows = backups.map((backup) => ({
      ...backup,
      ...listedJson(listed, backup),
      copies: copiesOf(backup.id),
    }))
    tellBackups(context, rows, several ? [...places.keys()] : null)
    for (const { key, reason } of refused) out.warn(`${key} is not accepted as a backup: ${reason}`)
    if (backups.some(({ id }) => damaged.has(id)))
      out.warn(
        'Some backups are damaged: holdfast check says what is lost, and a new backup mends what it can.',
      )
    for (const { key, reason } of listed.refusedDamage) out.warn(`${key} is not accepted: ${reason}`)
    for (const { key, reason } of verified.refused)
      out.warn(`${key} is not accepted as a drill's mark: ${reason}`)
    out.result({
      repository: {
        id: repository.id,
        address: repository.storage.address,
        ownerConfirmed: repository.ownerConfirmed,
      },
      backups: backups.map((backup) => ({ ...listedJson(listed, backup), copies: copiesOf(backup.id) })),
      refused,
      refusedMarks: verified.refused,
    })
  },
  server: {
    takes: ['source', 'repo'],
    async run(context, client, input) {
      const { listAtServer } = await import('../server/list.ts')
      await listAtServer(context, client, input)
    },
  },
})
