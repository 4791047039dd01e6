import { systemClock } from '../../src/lib/clock.ts'
import type { Wire } from '../../src/postgres/wire.ts'
import { openUnlocked } from '../../src/repository/open.ts'
import { createChunkCache, readAllPieces } from '../../src/repository/pieces.ts'
import { readContents, readerOf } from '../../src/repository/session.ts'
import type { SafetyContents } from '../../src/repository/format/restore-contents.ts'
import { openBackupWorkspace } from '../../src/restore/in-place/backup-workspace.ts'
import {
  applyInPlace,
  previewInPlace,
  type AppliedChanges,
  type ApplyRequest,
  type PreviewedChanges,
} from '../../src/restore/in-place/run.ts'
import { recoverDeleted, type InPlaceOptions, type Preview } from '../../src/restore/in-place/types.ts'
import { openUndoWorkspace } from '../../src/restore/in-place/undo-workspace.ts'
import type { Workspace } from '../../src/restore/in-place/workspace.ts'
import type { ChunkReader } from '../../src/repository/types.ts'
import { addressOf } from './address.ts'
import type { JourneyRepository } from './journey.ts'

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
}

/** A restore in place that is under way. */
export interface OpenInPlace {
  readonly workspace: Workspace
  preview(): Promise<PreviewedChanges>
  /** `o`: in place of what a repository does with the safety backup. */
  apply(digest: string | null, o?: Partial<Pick<ApplyRequest, 'store' | 'commitSafety'>>): Promise<Done>
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
  const schemaText = await readAllPieces({ manifest, reader, pieces: contents.schema.pieces })
  const options: InPlaceOptions = {
    tables: [],
    schemas: [],
    excludeTables: [],
    where: null,
    actions: recoverDeleted,
    keepNewer: null,
    missingReferences: null,
    lockTimeoutMs: 5000,
    ...choice,
  }
  const workspace = opening.use(
    await openBackupWorkspace({ manifest, contents, reader, target: addressOf(url), options }),
  )
  const make = {
    source: { manifest, reader, cache: createChunkCache({ reader }), encoding: contents.server.encoding },
    text: schemaText,
    noOwner: false,
    sequences: contents.sequences,
  }
  const kept = opening.move()
  return {
    workspace,
    preview: () => previewInPlace(workspace, { clock: systemClock }),
    apply: (digest, o) =>
      applyTo({ workspace, expected: digest, skipConflicts: choice.skipConflicts ?? false, make, ...o }),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

async function applyTo(
  o: Pick<ApplyRequest, 'workspace' | 'expected' | 'skipConflicts' | 'make'> & Partial<ApplyRequest>,
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
  return { preview: applied.preview, applied, safety, stored }
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
  await using workspace = await openUndoWorkspace({
    restore: 'x',
    backup: null,
    safety: done.safety,
    chunks: done.stored.map((bytes, n) => [String(n), bytes.length, bytes.length]),
    reader,
    target: addressOf(url),
    overwrite,
    lockTimeoutMs: 5000,
  })
  onWorkspace?.(workspace)
  const { digest } = await previewInPlace(workspace, { clock: systemClock })
  return await applyTo({ workspace, expected: digest, skipConflicts, make: null })
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
