const bytes = new TextEncoder().encode('holdfast abandoned 1\n')

/**
 * What lies in the place of a document that will never be: whoever was to write it was given up, and its chunks may be gone. It takes
 * the key, so that a writer that was only slow can't store the document any more. docs/FORMAT.md "Writers".
 */
export const abandoned: Uint8Array = bytes

/** No document is as small as this: a listing tells them apart by size alone. */
export const abandonedSize = bytes.length

export function isAbandoned(data: Uint8Array): boolean {
  return data.length === bytes.length && Buffer.from(data).equals(bytes)
}
