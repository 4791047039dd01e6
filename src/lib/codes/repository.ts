import type { ErrorCodeInfo } from './info.ts'

/** Of a repository, what is in it and who may open it. */
export const repository = {
  repository_missing: {
    exit: 3,
    meaning: 'There is no Holdfast repository at this address.',
    hint: 'Check the address, or create one with holdfast init.',
  },
  repository_exists: {
    exit: 7,
    meaning: 'There is a repository at this address already.',
    hint: 'Choose another address; nothing was changed.',
  },
  repository_too_new: {
    exit: 2,
    meaning: 'The repository or an object in it was written by a newer Holdfast.',
    hint: 'Upgrade Holdfast on this machine.',
  },
  backup_not_found: {
    exit: 3,
    meaning: 'No backup has this id.',
    hint: 'holdfast list shows the backups.',
  },
  backup_ambiguous: {
    exit: 2,
    meaning: 'More than one backup begins like this.',
    hint: 'Give more characters of the id.',
  },
  restore_not_found: {
    exit: 3,
    meaning: 'The repository knows of no restore with this id.',
    hint: 'holdfast restores shows those it knows of.',
  },
  restore_ambiguous: {
    exit: 2,
    meaning: 'More than one restore begins like this.',
    hint: 'Give more characters of the id.',
  },
  erasure_not_found: {
    exit: 3,
    meaning: 'The repository knows of no erasure with this id.',
    hint: 'holdfast erase --list shows those it knows of.',
  },
  erasure_ambiguous: {
    exit: 2,
    meaning: 'More than one erasure begins like this.',
    hint: 'Give more characters of the id.',
  },
  erasure_unclear: {
    exit: 7,
    meaning: 'Which rows of a table were erased can not be told, so none of its backup is given out.',
    hint: 'Erase the rows anew by columns that the backup has, or withdraw the erasure: holdfast erase --list shows it.',
  },
  object_missing: {
    exit: 4,
    meaning: 'An object that a backup needs is gone from the storage.',
    hint: 'holdfast check says what is lost, and the next backup stores anew what the source still holds; use another backup meanwhile, or another copy.',
  },
  object_damaged: {
    exit: 4,
    meaning: 'An object is not what was stored: truncated, changed or swapped.',
    hint: 'holdfast check --read-data all says what is lost, and the next backup stores anew what the source still holds; use another backup meanwhile, or another copy.',
  },
  manifest_forged: {
    exit: 4,
    meaning:
      'A manifest, a key set or a document of a restore is not signed by anyone this repository trusts.',
    hint: 'Treat the storage as tampered with; do not restore from it before you know why.',
  },
  identity_missing: {
    exit: 2,
    meaning: 'This needs the private identity, and none was given.',
    hint: 'Pass --identity FILE, set HOLDFAST_IDENTITY_FILE, or give the passphrase.',
  },
  identity_wrong: {
    exit: 5,
    meaning: 'The identity or passphrase does not open this repository.',
    hint: 'holdfast keys shows which recipients can.',
  },
  owner_not_confirmed: {
    exit: 5,
    meaning: 'Nothing proves that the repository still belongs to its owner.',
    hint: 'Ask the owner for the owner key that holdfast keys shows, and pass --owner-key KEY.',
  },
  secret_file_exists: {
    exit: 7,
    meaning: 'A file that would hold a secret exists already, and may be the only key to a repository.',
    hint: 'Choose another path, or move the file away; nothing was overwritten.',
  },
  writer_overtaken: {
    exit: 1,
    meaning:
      'A prune took this run for dead, which had shown no sign of life for a day, and may have removed what it had stored.',
    hint: 'Run it again: what is still stored is used. A machine that sleeps should not back up meanwhile.',
  },
  backup_going: {
    exit: 7,
    meaning: 'The backup is being removed by a prune, or by one that was broken off.',
    hint: 'holdfast list shows whether it is still there. If it is, run it again when no prune is running.',
  },
  backup_kept: {
    exit: 7,
    meaning: 'A backup that was to be removed is pinned, in use, locked, or the last of its kind.',
    hint: 'See why. A pin is taken away by holdfast unpin; a lock ends by itself.',
  },
  prune_refused: {
    exit: 7,
    meaning:
      'The repository holds something that pruning can not read, and which may need what it would remove.',
    hint: 'See the message; nothing was removed.',
  },
  copy_behind: {
    exit: 7,
    meaning: 'A copy of the repository lacks something that another copy has.',
    hint: 'Bring it up to date: holdfast copy FROM TO.',
  },
  copies_differ: {
    exit: 7,
    meaning: 'What were to be copies of one repository are not.',
    hint: 'See the message, and check the addresses; nothing was changed.',
  },
  copies_incomplete: {
    exit: 8,
    meaning: 'It was done in at least one copy of the repository, and not in all.',
    hint: 'See why, and bring the others up to date: holdfast copy FROM TO.',
  },
  keys_changed: {
    exit: 1,
    meaning: 'Someone else changed the keys of the repository at the same time.',
    hint: 'Run it again; nothing was changed by this run.',
  },
  host_not_admitted: {
    exit: 5,
    meaning: 'This machine may not write to the repository.',
    hint: 'The owner admits a machine with holdfast keys admit NAME --out FILE; pass it as --host-file.',
  },
} as const satisfies Record<string, ErrorCodeInfo>
