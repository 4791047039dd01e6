import type { Catalog } from '../catalog/catalog.ts'
import { HoldfastError } from '../lib/errors.ts'
import { placeOf, type RepositorySecrets, type SourceSecrets } from '../catalog/secrets.ts'
import type { HeldJob } from './attempt.ts'

/** What a job works on, with the secrets it takes. */
export interface JobTarget {
  readonly repository: { readonly address: string; readonly secrets: RepositorySecrets }
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
}

/** What a job, or a download, is about. */
type About = Pick<HeldJob, 'sourceId' | 'repositoryId' | 'about'>

/** Throws `job_target_gone`, `catalog_key_wrong`. */
export async function readTarget({ system, seal }: Catalog, job: About): Promise<JobTarget> {
  const [row] = await system.query<{
    address: string
    secrets: Buffer | null
    name: string | null
    source_address: string | null
    settings: Record<string, unknown> | null
    source_secrets: Buffer | null
    newest: string | null
    hashes: string[]
  }>(
    `SELECT r.address, r.secrets, s.name, s.address AS source_address, s.settings, s.secrets AS source_secrets,
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
  const secrets = open(placeOf.repository(job.repositoryId ?? ''), row.secrets)
  return { repository: { address: row.address, secrets }, source, newest: row.newest, hashes: row.hashes }
}

/** The error of a job whose source or repository is not there any more. */
export function gone(job: Pick<HeldJob, 'about'>, what: 'source' | 'repository'): HoldfastError {
  return new HoldfastError('job_target_gone', `The ${what} of the job, ${job.about}, is not there any more.`)
}
