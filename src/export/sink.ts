/** Where bytes go, one after the other. */
export interface ByteSink {
  /** Text is written as UTF-8. Resolves when more may be written; bytes may be reused then. */
  write(data: Uint8Array | string): Promise<void>
}

/** Several files that belong together: a folder, or what will be one. */
export interface FileSet {
  /** Begins a file; the one before must have ended. `name`: its path below the folder, at most one folder deep. */
  create(
    name: string,
    options?: { readonly executable?: boolean },
  ): Promise<ByteSink & { end(): Promise<void> } & AsyncDisposable>
  /** Makes all of it durable, or ends the file that holds them. */
  end(): Promise<void>
}

/** Writes a file with this text. */
export async function writeText(
  files: FileSet,
  name: string,
  text: string,
  options: { readonly executable?: boolean } = {},
): Promise<void> {
  await using file = await files.create(name, options)
  await file.write(text)
  await file.end()
}
