import type { Catalog } from '../catalog/catalog.ts'
import { HoldfastError } from '../lib/errors.ts'
import { placeOf, type RepositorySecrets, type SourceSecrets } from '../catalog/secrets.ts'
import type { HeldJob } from './attempt.ts'
import { readTask, type RestoreTask } from './restores/task.ts'

/** What a job works on, with the secrets it takes. */
export interface JobTarget {
  readonly repository: {
    readonly address: string
    /** Addresses of its other copies. */
    readonly copies: readonly string[]
    readonly secrets: RepositorySecrets
  }
  /** Address of the repository that is brought up to date; null: none is. */
  readonly to: string | null
  readonly source: {
    readonly name: string
    readonly address: string
    readonly settings: Readonly<Record<string, unknown>>
    readonly secrets: SourceSecrets
  } | null
  /** Id of the newest backup of the source that the catalog knows. */
  readonly newest: string | null
  /** Hashes that manifests have of it: more than one if the database has moved. */
  readonly hashes: readonly string[]
  /** Of jobs that are about a restore, what; null of others. */
  readonly restore: RestoreTask | null
}

/** What a job, or a download, is about. */
type About = Pick<HeldJob, 'id' | 'kind' | 'params' | 'sourceId' | 'repositoryId' | 'about'>

/** Throws `job_target_gone`, `catalog_key_wrong`, `preview_outdated`. */
export async function readTarget({ system, seal }: Catalog, job: About): Promise<JobTarget> {
  const [row] = await system.query<{
    address: string
    copies: string[]
    secrets: Buffer | null
    name: string | null
    source_address: string | null
    settings: Record<string, unknown> | null
    source_secrets: Buffer | null
    newest: string | null
    hashes: string[]
  }>(
    `SELECT r.address, r.copies, r.secrets, s.name, s.address AS source_address, s.settings, s.secrets AS source_secrets,
       (SELECT b.id FROM holdfast.backups AS b WHERE b.source_id = s.id AND b.repository_id = r.id
        ORDER BY b.sequence DESC, b.moment DESC LIMIT 1) AS newest,
       ARRAY(SELECT DISTINCT b.source_hash FROM holdfast.backups AS b
         WHERE b.source_id = s.id AND b.repository_id = r.id) AS hashes
     FROM holdfast.repositories AS r LEFT JOIN holdfast.sources AS s ON s.id = $2 WHERE r.id = $1`,
    [job.repositoryId, job.sourceId],
  )
  if (row === undefined) throw gone(job, 'repository')
  const open = (place: string, sealed: Buffer | null) => (sealed === null ? {} : seal.open(place, sealed))
  const source =
    job.sourceId === null || row.name === null
      ? null
      : {
          name: row.name,
          address: row.source_address ?? '',
          settings: row.settings ?? {},
          secrets: open(placeOf.source(job.sourceId, row.source_address ?? ''), row.source_secrets),
        }
  const own: RepositorySecrets = open(placeOf.repository(job.repositoryId ?? ''), row.secrets)
  const to = await readOther({ system, seal }, job)
  const restore = await readTask(system, { seal, id: job.id, sourceAddress: row.source_address })
  const secrets = { ...own, ...restore?.opens, env: bothOf(own.env ?? {}, to?.secrets.env ?? {}) }
  const repository = { address: row.address, copies: row.copies, secrets }
  return { repository, to: to?.address ?? null, source, newest: row.newest, hashes: row.hashes, restore }
}

/** The error of a job whose source or repository is not there any more. */
export function gone(job: Pick<HeldJob, 'about'>, what: 'source' | 'repository'): HoldfastError {
  return new HoldfastError('job_target_gone', `The ${what} of the job, ${job.about}, is not there any more.`)
}

/** The repository that is to be brought up to date. */
async function readOther(
  { system, seal }: Pick<Catalog, 'system' | 'seal'>,
  { params }: Pick<HeldJob, 'params'>,
): Promise<{ address: string; secrets: RepositorySecrets } | null> {
  const { to } = params
  if (typeof to !== 'string') return null
  const [row] = await system.query<{ id: string; address: string; secrets: Buffer | null }>(
    'SELECT id, address, secrets FROM holdfast.repositories WHERE name = $1',
    [to],
  )
  if (row === undefined)
    throw new HoldfastError('job_target_gone', `The repository ${to} is not there any more.`)
  const secrets = row.secrets === null ? {} : seal.open(placeOf.repository(row.id), row.secrets)
  return { address: row.address, secrets }
}

type Variables = Readonly<Record<string, string>>

/** Variables of both storages, as one command has them. Throws `usage` where they want different ones of a name. */
function bothOf(one: Variables, other: Variables): Variables {
  const wanted = Object.keys(one).find((name) => other[name] !== undefined && other[name] !== one[name])
  if (wanted === undefined) return { ...other, ...one }
  throw new HoldfastError(
    'usage',
    `The two repositories have different values of ${wanted}, and a command has one.`,
    {
      hint: 'Give both storages a credential of one kind that may use both, or run holdfast copy by hand.',
    },
  )
}
