/** Rows of a backup that are not given out, because they were erased. */
export interface HeldBack {
  readonly schema: string
  readonly name: string
  readonly rows: number
  /** Partitioned tables above it, nearest first. */
  readonly parents: readonly { readonly schema: string; readonly name: string }[]
}

/** `3 rows of shop.customers` */
export function heldBackRows({ schema, name, rows }: HeldBack): string {
  return `${rows} ${rows === 1 ? 'row' : 'rows'} of ${schema}.${name}`
}

export const heldBackReason = 'They were erased (holdfast erase), so no restore, drill or export brings them.'

/** As a sentence of its own. */
export function heldBackText(held: HeldBack): string {
  return `${heldBackRows(held)} held back. ${heldBackReason}`
}

/** What is held back of tables that are among these, or that are partitions of one of them. */
export function heldBackOf(
  heldBack: readonly HeldBack[],
  tables: readonly { readonly schema: string; readonly name: string }[],
): HeldBack[] {
  const names = new Set(tables.map(({ schema, name }) => JSON.stringify([schema, name])))
  return heldBack.filter((held) =>
    [held, ...held.parents].some(({ schema, name }) => names.has(JSON.stringify([schema, name]))),
  )
}
