import { readAllPieces } from '../../src/repository/pieces.ts'
import { openUnlocked } from '../../src/repository/open.ts'
import { readContents, readerOf } from '../../src/repository/session.ts'
import { applyComponents } from '../../src/restore/component/apply.ts'
import {
  planComponents,
  type ComponentRequest,
  type PlannedComponents,
} from '../../src/restore/component/plan.ts'
import { undoScript } from '../../src/restore/component/script.ts'
import type { Component, ComponentOptions } from '../../src/restore/component/types.ts'
import { addressOf } from './address.ts'
import type { JourneyRepository } from './journey.ts'

/** What the command asks for, for the latest backup. */
export async function componentRequest(
  repository: JourneyRepository,
  url: string,
  options: Partial<ComponentOptions> & { components: readonly Component[] },
): Promise<ComponentRequest> {
  const opened = await openUnlocked({ storage: repository.storage, identity: repository.identity })
  const manifest = await opened.repository.find('latest')
  await using reader = readerOf(opened.repository, opened.vault, 1)
  const contents = await readContents(reader, manifest)
  const schemaText = await readAllPieces({ manifest, reader, pieces: contents.schema.pieces })
  const defaults = { tables: [], schemas: [], excludeTables: [], noOwner: false, noGrants: false }
  const actions = { create: true, update: false, delete: false }
  return {
    manifest,
    contents,
    schemaText,
    target: addressOf(url),
    options: { ...defaults, actions, roles: 'needed', lockTimeoutMs: 10_000, ...options },
  }
}

/** Plans and applies, as the command does; the SQL that takes it back. */
export async function restoreComponents(
  request: ComponentRequest,
): Promise<{ planned: PlannedComponents; undo: string }> {
  const planned = await planComponents(request)
  if (planned.preview.problems.length > 0) throw new Error(planned.preview.problems.join('\n'))
  await applyComponents({ ...request, planned })
  return { planned, undo: undoScript({ planned, manifest: request.manifest }) }
}

/** `make policy shop.orders own_rows`, and so on: what a plan does, and what it leaves alone. */
export function summaryOf({ preview }: PlannedComponents): string[] {
  return preview.changes.map((c) => `${c.action ?? `left (${c.found})`} ${c.object}`).sort()
}
