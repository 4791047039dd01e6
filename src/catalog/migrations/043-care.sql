-- Jobs that may use the storage of a repository at once, and what tidying up needs to find what is old without looking at all of it.
ALTER TABLE holdfast.repositories ADD COLUMN max_jobs integer NOT NULL DEFAULT 2 CHECK (max_jobs BETWEEN 1 AND 100);
GRANT SELECT (max_jobs) ON holdfast.repositories TO holdfast_api;
CREATE INDEX jobs_running_at ON holdfast.jobs (repository_id) WHERE status = 'running';

ALTER TABLE holdfast.jobs ADD COLUMN log_removed boolean NOT NULL DEFAULT false;
CREATE INDEX jobs_with_log ON holdfast.jobs (ended_at) WHERE ended_at IS NOT NULL AND NOT log_removed;
CREATE INDEX jobs_without_log ON holdfast.jobs (ended_at) WHERE ended_at IS NOT NULL AND log_removed;
CREATE INDEX jobs_measuring ON holdfast.jobs (repository_id, created_at DESC) WHERE kind = 'measure';
