import { alarms } from './codes/alarms.ts'
import { configuration } from './codes/configuration.ts'
import { general } from './codes/general.ts'
import { guards } from './codes/guards.ts'
import type { ErrorCodeInfo } from './codes/info.ts'
import { people } from './codes/people.ts'
import { proof } from './codes/proof.ts'
import { repository } from './codes/repository.ts'
import { restore } from './codes/restore.ts'
import { service } from './codes/service.ts'
import { source } from './codes/source.ts'
import { storage } from './codes/storage.ts'

/** By theme, in the order of docs/reference/errors.md. A code is in one of them. */
export const themes = [
  general,
  configuration,
  storage,
  repository,
  source,
  restore,
  proof,
  service,
  people,
  alarms,
  guards,
] as const

const table = {
  ...general,
  ...configuration,
  ...storage,
  ...repository,
  ...source,
  ...restore,
  ...proof,
  ...service,
  ...people,
  ...alarms,
  ...guards,
} as const

/** A stable, searchable name of one kind of failure. */
export type ErrorCode = keyof typeof table

export const codeNames = Object.keys(table) as ErrorCode[]

/** Every error code with its documentation: the one table behind `--json` errors, exit codes and docs/reference/errors.md. */
export const codes: Readonly<Record<ErrorCode, ErrorCodeInfo>> = table
