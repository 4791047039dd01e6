import { systemClock } from '../../src/lib/clock.ts'
import type { Wire } from '../../src/postgres/wire.ts'
import { openUnlocked } from '../../src/repository/open.ts'
import { createChunkCache, readAllPieces } from '../../src/repository/pieces.ts'
import { readContents, readerOf } from '../../src/repository/session.ts'
import type { BackupContents } from '../../src/repository/format/contents.ts'
import type { Manifest } from '../../src/repository/format/manifest.ts'
import type { SafetyContents } from '../../src/repository/format/restore-contents.ts'
import { openBackupWorkspace } from '../../src/restore/in-place/backup-workspace.ts'
import {
  applyInPlace,
  previewInPlace,
  type AppliedChanges,
  type ApplyRequest,
  type MadeFrom,
  type PreviewedChanges,
} from '../../src/restore/in-place/run.ts'
import { recoverDeleted, type InPlaceOptions, type Preview } from '../../src/restore/in-place/types.ts'
import { openUndoWorkspace } from '../../src/restore/in-place/undo-workspace.ts'
import type { Workspace } from '../../src/restore/in-place/workspace.ts'
import type { ChunkReader } from '../../src/repository/types.ts'
import { addressOf } from './address.ts'
import type { JourneyRepository } from './journey.ts'
import { requireParts } from './parts.ts'

export interface InPlaceChoice extends Partial<InPlaceOptions> {
  readonly backup?: string
  readonly skipConflicts?: boolean
  /** Called between the preview and the applying. */
  readonly meanwhile?: () => Promise<unknown>
}

export interface Done {
  readonly preview: Preview
  readonly applied: AppliedChanges
  readonly safety: SafetyContents | null
  readonly stored: Uint8Array<ArrayBuffer>[]
  /** Where the backup is that it was of. */
  readonly from: { readonly repository: JourneyRepository; readonly backup: string }
}

/** A restore in place that is under way. */
export interface OpenInPlace {
  readonly workspace: Workspace
  preview(): Promise<PreviewedChanges>
  /** `o`: in place of what a repository does with the safety backup. */
  apply(digest: string | null, o?: Partial<ApplyRequest>): Promise<Done>
  [Symbol.asyncDispose](): Promise<void>
}

/** Previews, then applies, as the command line does. */
export async function restoreInPlace(
  repository: JourneyRepository,
  url: string,
  choice: InPlaceChoice = {},
): Promise<Done> {
  await using open = await openInPlace(repository, url, choice)
  const { digest } = await open.preview()
  await choice.meanwhile?.()
  return await open.apply(digest)
}

export async function openInPlace(
  repository: JourneyRepository,
  url: string,
  choice: InPlaceChoice = {},
): Promise<OpenInPlace> {
  await using opening = new AsyncDisposableStack()
  const { repository: opened, vault } = await openUnlocked(repository)
  const manifest = await opened.find(choice.backup ?? 'latest')
  const reader = opening.use(readerOf(opened, vault, 2))
  const contents = await readContents(reader, manifest)
  const options: InPlaceOptions = {
    tables: [],
    schemas: [],
    excludeTables: [],
    where: null,
    actions: recoverDeleted,
    newIds: false,
    keepNewer: null,
    missingReferences: null,
    lockTimeoutMs: 5000,
    ...choice,
  }
  const workspace = opening.use(
    await openBackupWorkspace({ manifest, contents, reader, target: addressOf(url), options }),
  )
  const make = await madeFrom({ manifest, contents, reader })
  const from = { repository, backup: manifest.id }
  const kept = opening.move()
  return {
    workspace,
    preview: async () => {
      const previewed = await previewInPlace(workspace, { clock: systemClock })
      requireParts(saidIn(previewed.preview), previewed.preview.parts)
      return previewed
    },
    apply: (digest, o) =>
      applyTo({
        workspace,
        expected: digest,
        skipConflicts: choice.skipConflicts ?? false,
        make,
        from,
        ...o,
      }),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

function saidIn({ problems, questions, warnings, tables }: Preview): string[] {
  return [
    ...problems,
    ...warnings,
    ...questions.map(({ text }) => text),
    ...tables.flatMap(({ notes, samples }) => [...notes, ...samples.flatMap(({ why }) => why ?? [])]),
  ]
}

async function madeFrom(o: {
  manifest: Manifest
  contents: BackupContents
  reader: ChunkReader
}): Promise<MadeFrom> {
  const { contents, reader } = o
  return {
    source: { ...o, cache: createChunkCache({ reader }), encoding: contents.server.encoding },
    text: await readAllPieces({ ...o, pieces: contents.schema.pieces }),
    noOwner: false,
    sequences: contents.sequences,
  }
}

async function applyTo(
  o: Pick<ApplyRequest, 'workspace' | 'expected' | 'skipConflicts' | 'make'> &
    Pick<Done, 'from'> &
    Partial<ApplyRequest>,
): Promise<Done> {
  let safety: SafetyContents | null = null
  const stored: Uint8Array<ArrayBuffer>[] = []
  const applied = await applyInPlace({
    clock: systemClock,
    store: async (bytes) => stored.push(bytes) - 1,
    commitSafety: async (made) => {
      safety = made
    },
    ...o,
  })
  if (applied === null) throw new Error('nothing bounds what may be brought')
  return { preview: applied.preview, applied, safety, stored, from: o.from }
}

/** Puts back what was done, as the command line does. */
export async function undo(
  url: string,
  done: Done,
  {
    overwrite = false,
    skipConflicts = false,
    onWorkspace,
  }: {
    overwrite?: boolean
    skipConflicts?: boolean
    onWorkspace?: (workspace: Workspace) => void
  } = {},
): Promise<Done> {
  if (done.safety === null) throw new Error('nothing to undo')
  const reader: ChunkReader = {
    read: async (name) => done.stored[Number(name)]?.slice() ?? new Uint8Array(),
    [Symbol.asyncDispose]: async () => undefined,
  }
  const { from } = done
  const { repository: opened, vault } = await openUnlocked(from.repository)
  const manifest = await opened.find(from.backup)
  await using ofBackup = readerOf(opened, vault, 2)
  const contents = await readContents(ofBackup, manifest)
  await using workspace = await openUndoWorkspace({
    restore: 'x',
    backup: { id: manifest.id, contents },
    safety: done.safety,
    chunks: done.stored.map((bytes, n) => [String(n), bytes.length, bytes.length]),
    reader,
    target: addressOf(url),
    overwrite,
    lockTimeoutMs: 5000,
  })
  onWorkspace?.(workspace)
  const { digest } = await previewInPlace(workspace, { clock: systemClock })
  const makes = workspace.making.entries.length > 0
  const make = makes ? await madeFrom({ manifest, contents, reader: ofBackup }) : null
  return await applyTo({ workspace, expected: digest, skipConflicts, make, from })
}

/** Calls `before` before each statement that goes over the wire from now on. Returns what ends that. */
export function onStatement(wire: Wire, before: () => Promise<void>): () => void {
  const hook =
    <A extends unknown[], T>(call: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      await before()
      return await call(...args)
    }
  const { query, copyIn, copyOut } = wire
  Object.assign(wire, { query: hook(query), copyIn: hook(copyIn), copyOut: hook(copyOut) })
  return () => void Object.assign(wire, { query, copyIn, copyOut })
}
