import { readAllPieces } from '../../src/repository/pieces.ts'
import type { SafetyContents } from '../../src/repository/format/restore-contents.ts'
import { openUnlocked } from '../../src/repository/open.ts'
import { readContents, readerOf } from '../../src/repository/session.ts'
import { applyComponents } from '../../src/restore/component/apply.ts'
import {
  planComponents,
  type ComponentRequest,
  type PlannedComponents,
} from '../../src/restore/component/plan.ts'
import { undoScript } from '../../src/restore/component/script.ts'
import { applySchemaUndo, planSchemaUndo } from '../../src/restore/component/undo.ts'
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
): Promise<{ planned: PlannedComponents; undo: string; safety: SafetyContents }> {
  const planned = await planComponents(request)
  if (planned.preview.problems.length > 0) throw new Error(planned.preview.problems.join('\n'))
  const safety = await applyPlanned({ ...request, planned })
  return { planned, undo: undoScript({ planned, manifest: request.manifest }), safety }
}

/** Applies a plan; what it stores for taking it back. */
export async function applyPlanned(
  request: ComponentRequest & { planned: PlannedComponents },
): Promise<SafetyContents> {
  let safety: SafetyContents | null = null
  await applyComponents({
    ...request,
    async commitSafety(contents) {
      safety = contents
    },
  })
  if (safety === null) throw new Error('nothing was stored')
  return safety
}

/** Takes a restore of components back; what that stores. */
export async function undoSchema(
  { target }: Pick<ComponentRequest, 'target'>,
  safety: SafetyContents,
): Promise<SafetyContents> {
  if (safety.schema === null) throw new Error('nothing to undo')
  const request = { restore: 'x', backup: null, safety, schema: safety.schema, target, lockTimeoutMs: 5000 }
  const planned = await planSchemaUndo(request)
  if (planned.preview.problems.length > 0) throw new Error(planned.preview.problems.join('\n'))
  let undone: SafetyContents | null = null
  await applySchemaUndo({
    ...request,
    planned,
    async commitSafety(contents) {
      undone = contents
    },
  })
  if (undone === null) throw new Error('nothing was stored')
  return undone
}

/** `make policy shop.orders own_rows`, and so on: what a plan does, and what it leaves alone. */
export function summaryOf({ preview }: PlannedComponents): string[] {
  return preview.changes.map((c) => `${c.action ?? `left (${c.found})`} ${c.object}`).sort()
}
