/** How large objects go up. */
export interface PartSizes {
  /** Objects of this many bytes and more go up in parts. */
  readonly from: number
  /** Of each part but the last. */
  readonly size: number
}

export const usualParts: PartSizes = { from: 64 * 1024 ** 2, size: 16 * 1024 ** 2 }
export const partsAtOnce = 4
/** Amazon takes 10,000; other servers fewer. */
const mostParts = 1000

/** The size of the parts of an object. */
export function partSize(bytes: number, parts: PartSizes = usualParts): number {
  return Math.max(parts.size, Math.ceil(bytes / mostParts))
}
