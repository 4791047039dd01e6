import { HoldfastError } from '../lib/errors.ts'
import { visitErasures } from '../repository/check-restores.ts'
import { readDamaged } from '../repository/damaged.ts'
import { manifestKey, manifestPrefix, restoreKey } from '../repository/format/fields.ts'
import type { Manifest } from '../repository/format/manifest.ts'
import { readBackups } from '../repository/listing.ts'
import { pinReason, readPins } from '../repository/pins.ts'
import { listRestores } from '../repository/restores.ts'
import { readUses } from '../repository/uses.ts'
import { planRetention } from '../retention/plan.ts'
import { locksOf } from './locked.ts'
import type { BackupDecision, Look, PruneRequest, Refused } from './types.ts'

/**
 * Reads what there is, and decides what goes. `now` is the storage's time. Throws `prune_refused` if there is anything that can't be
 * read and may need what would go, unless the request says otherwise.
 */
export async function look(request: PruneRequest & { readonly now: Date }): Promise<Look> {
  const { repository, policy, sources, now, signal } = request
  const { backups, refused, verified } = await readBackups({ repository, signal })
  requireReadable(request, refused)
  const pins = await readPins({ repository, signal })
  const damaged = await readDamaged(repository, { signal })
  const { used } = await readUses({ storage: repository.storage, now, signal })
  const decisions = planRetention({
    backups: backups.filter(({ source }) => sources?.includes(source) !== false),
    policy,
    now,
    pins: new Map([...pins].map(([id, list]) => [id, pinReason(list)])),
    verified: new Map([...verified.marks].map(([id, { result }]) => [id, result])),
    damaged: new Set(damaged.backups),
    used,
  })
  const others = backups
    .filter(({ source }) => sources?.includes(source) === false)
    .map((backup): BackupDecision => ({ backup, keep: true, reasons: [{ rule: 'other', text: 'of another source' }] })) // prettier-ignore
  const restores = await listRestores(repository, { signal })
  requireReadable(request, restores.refused)
  return {
    decisions: [...(await keepLocked(request, decisions)), ...others],
    oldRestores: await oldRestores(request, restores.restores.filter(({ safety, id }) => safety !== null && !used.has(id)).map(({ id }) => id)), // prettier-ignore
    refused: [...refused, ...restores.refused],
  }
}

/** What is locked stays, for it could not be removed; and the chunks that it needs stay with it. */
async function keepLocked(
  { repository, now, signal }: PruneRequest & { readonly now: Date },
  decisions: readonly BackupDecision[],
): Promise<BackupDecision[]> {
  const going = decisions.filter(({ keep }) => !keep).map(({ backup }) => manifestKey(backup.id))
  const locked = await locksOf(repository.storage, going, { now, signal })
  return decisions.map((decision) => {
    const until = locked.get(manifestKey(decision.backup.id))
    if (decision.keep || until === undefined) return decision
    const value = until.toISOString()
    const text = `locked until ${value.slice(0, 16).replace('T', ' ')} UTC`
    return { ...decision, keep: true, reasons: [{ rule: 'locked', text, value }] }
  })
}

/** By when the storage took the safety backup: whatever clock the restoring machine had, it can be undone for that long. */
async function oldRestores(
  { repository, restoresMs, now, signal }: PruneRequest & { readonly now: Date },
  ids: readonly string[],
): Promise<string[]> {
  const old: string[] = []
  for (const id of ids) {
    const info = await repository.storage.head(restoreKey(id, 'safety'), { signal })
    if (info !== null && now.getTime() - info.modified.getTime() > restoresMs) old.push(id)
  }
  const locked = await locksOf(repository.storage, old.map((id) => restoreKey(id, 'safety')), { now, signal }) // prettier-ignore
  return old.filter((id) => !locked.has(restoreKey(id, 'safety')))
}

/**
 * Calls `need` with the name of each chunk that what stays needs, more than once for some: every backup but these, every document of a
 * restore but the safety backups of these, and every erasure. Reads all of it anew. Throws as `look`.
 */
export async function visitNeeded(
  request: PruneRequest,
  going: { readonly backups: ReadonlySet<string>; readonly restores: ReadonlySet<string> },
  need: (name: string) => void,
): Promise<void> {
  const { repository, signal } = request
  const needAll = ({ chunks }: Pick<Manifest, 'chunks'>): void => {
    for (const [name] of chunks) need(name)
  }
  const visit = (manifest: Manifest): void => {
    if (!going.backups.has(manifest.id)) needAll(manifest)
  }
  const manifests = await repository.manifests({ signal, visit })
  requireReadable(request, manifests.refused)
  const restores = await listRestores(repository, {
    signal,
    visit(document, part) {
      if (part !== 'safety' || !going.restores.has(document.id)) needAll(document)
    },
  })
  requireReadable(request, restores.refused)
  const erasures = await visitErasures(repository, { signal })
  requireReadable(request, erasures.refused)
  erasures.documents.forEach(needAll)
}

/** What can't be read may name any chunk: nothing is deleted on the word of what is left. */
function requireReadable({ despiteRefused }: PruneRequest, refused: readonly Refused[]): void {
  const [first, ...more] = refused
  if (despiteRefused || first === undefined) return
  const others = more.length === 0 ? '' : ` And ${more.length} more.`
  throw new HoldfastError(
    'prune_refused',
    `${first.reason}.${others} What it needs can't be told, so nothing is removed.`.replace('..', '.'),
    {
      hint: first.key.startsWith(manifestPrefix)
        ? 'Bring the object back from another copy, or move it out of the storage. With --despite-refused, what only it needs goes.'
        : 'Bring the object back from another copy. With --despite-refused, what only it needs goes.',
      details: { refused },
    },
  )
}
