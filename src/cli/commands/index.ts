import type { Command } from '../command.ts'

/** Every command, in the order of the help. Loaded when needed, because loading all of them takes longer. */
const loaders: Readonly<Record<string, () => Promise<{ command: Command }>>> = {
  demo: () => import('./demo.ts'),
  tour: () => import('./tour.ts'),
  init: () => import('./init.ts'),
  backup: () => import('./backup.ts'),
  list: () => import('./list.ts'),
  show: () => import('./show.ts'),
  check: () => import('./check.ts'),
  drill: () => import('./drill.ts'),
  restore: () => import('./restore.ts'),
  undo: () => import('./undo.ts'),
  restores: () => import('./restores.ts'),
  release: () => import('./release.ts'),
  erase: () => import('./erase.ts'),
  export: () => import('./export.ts'),
  source: () => import('./source.ts'),
  prune: () => import('./prune.ts'),
  remove: () => import('./remove.ts'),
  copy: () => import('./copy.ts'),
  stats: () => import('./stats.ts'),
  pin: () => import('./pin.ts'),
  unpin: () => import('./unpin.ts'),
  storage: () => import('./storage.ts'),
  keys: () => import('./keys.ts'),
  serve: () => import('./serve.ts'),
  worker: () => import('./worker.ts'),
  people: () => import('./people.ts'),
  approvals: () => import('./approvals.ts'),
  catalog: () => import('./catalog.ts'),
  audit: () => import('./audit.ts'),
}

/** The command that these arguments are for, or all of them if they name none. */
export async function loadCommands(args: readonly string[]): Promise<Command[]> {
  const wanted = Object.hasOwn(loaders, args[0] ?? '') ? loaders[args[0] ?? ''] : undefined
  const chosen = wanted === undefined ? Object.values(loaders) : [wanted]
  return Promise.all(chosen.map(async (load) => (await load()).command))
}
