-- What a backup job has made, in columns: results are documents of any size, which sums over a year should not open.
ALTER TABLE holdfast.jobs ADD COLUMN plain_bytes bigint, ADD COLUMN stored_bytes bigint;
UPDATE holdfast.jobs SET plain_bytes = (result #>> '{backup,totals,plainBytes}')::bigint,
  stored_bytes = (result #>> '{backup,totals,newStoredBytes}')::bigint
WHERE kind = 'backup' AND status = 'completed';
CREATE INDEX jobs_ended ON holdfast.jobs (kind, ended_at) INCLUDE (source_id, status, started_at, plain_bytes, stored_bytes)
  WHERE ended_at IS NOT NULL;
CREATE INDEX jobs_source_ended ON holdfast.jobs (source_id, kind, ended_at DESC) WHERE ended_at IS NOT NULL;
CREATE INDEX jobs_unfinished ON holdfast.jobs (source_id) WHERE status IN ('pending', 'waiting', 'running');
-- Backups that a drill has looked at are few among many.
CREATE INDEX backups_drilled ON holdfast.backups (source_id) WHERE summary ? 'verified' AND summary -> 'verified' <> 'null';
