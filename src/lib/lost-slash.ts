/** The scheme of a storage's address that lacks a slash or both, as in `s3:bucket`; null: it is a path, or lacks none. Directories are seldom called so. */
export function schemeWithoutSlashes(address: string): string | null {
  return (
    /^(s3a?|gs|gcs|az|azure|azblob|abfss?|wasbs|file):(?!\/\/)/i.exec(address)?.[1]?.toLowerCase() ?? null
  )
}
