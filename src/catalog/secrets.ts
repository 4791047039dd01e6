/** What opens a repository. */
export interface RepositorySecrets {
  /** The text of a host file: it lets a backup be written, and decrypts nothing. */
  readonly hostFile?: string | undefined
  /** The text of an identity file: for drills, and for checks that read. */
  readonly identity?: string | undefined
  readonly passphrase?: string | undefined
  /** Variables of its storage, such as AWS_ACCESS_KEY_ID. */
  readonly env?: Readonly<Record<string, string>> | undefined
}

export interface SourceSecrets {
  readonly password?: string | undefined
}

/** What one restore was given. */
export interface RestoreSecrets {
  /** Of the role that restores into the target. */
  readonly password?: string | undefined
  /** What opens the repository for this restore, in place of what the repository has. */
  readonly identity?: string | undefined
  readonly passphrase?: string | undefined
}

/** Where secrets of a row belong: what they are bound to when they are sealed. */
export const placeOf = {
  repository: (id: string) => `repositories/${id}`,
  /** With the address: whoever can only change that must not have the password sent to a server of theirs. */
  source: (id: string, address: string) => `sources/${id} at ${address}`,
  answer: (subject: string, key: string) => `answers to ${subject}: ${key}`,
  approval: (subject: string) => `approvals by ${subject}`,
  /** As above, with the role. */
  restore: (id: string, target: string, user: string | null) =>
    `restores/${id} at ${target} as ${user ?? ''}`,
} as const
