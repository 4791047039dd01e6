-- What people have decided (repositories, sources, schedules), what was done (jobs), and a cache of what repositories
-- know (backups). Secrets are sealed columns: nothing in this database opens them.

-- One row: what tells whether the key at hand is the one that secrets were sealed with.
CREATE TABLE holdfast.catalog (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  id uuid NOT NULL DEFAULT pg_catalog.gen_random_uuid(),
  created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
  sealed bytea NOT NULL
);

CREATE TABLE holdfast.repositories (
  id uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
  name text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  -- As --repo takes it; never with a secret in it.
  address text NOT NULL CHECK (address <> ''),
  -- The repository's own id, once it has been opened.
  repository text,
  -- Host file, identity, passphrase and variables, as one sealed JSON document.
  secrets bytea,
  created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
  changed_at timestamptz NOT NULL DEFAULT pg_catalog.now()
);

CREATE TABLE holdfast.sources (
  id uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
  name text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  -- Without a password, as in holdfast.json.
  address text NOT NULL CHECK (address <> ''),
  -- Scope, modules, proof and drill, in the words of holdfast.json.
  settings jsonb NOT NULL DEFAULT '{}',
  repository_id uuid NOT NULL REFERENCES holdfast.repositories,
  -- The password, as one sealed JSON document.
  secrets bytea,
  created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
  changed_at timestamptz NOT NULL DEFAULT pg_catalog.now()
);
CREATE INDEX sources_repository ON holdfast.sources (repository_id);

CREATE TABLE holdfast.schedules (
  id uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
  name text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  kind text NOT NULL,
  source_id uuid REFERENCES holdfast.sources ON DELETE CASCADE,
  repository_id uuid REFERENCES holdfast.repositories ON DELETE CASCADE,
  -- {"cron": ...} or {"every": ...}: src/jobs/schedule-rule.ts
  rule jsonb NOT NULL,
  zone text NOT NULL,
  jitter_seconds integer NOT NULL DEFAULT 0 CHECK (jitter_seconds BETWEEN 0 AND 86400),
  enabled boolean NOT NULL DEFAULT true,
  overlap text NOT NULL DEFAULT 'skip' CHECK (overlap IN ('skip', 'queue')),
  params jsonb NOT NULL DEFAULT '{}',
  -- Which backups stay, in the words of "keep" of holdfast.json.
  keep jsonb,
  -- When the rule says; null: never again.
  next_run timestamptz,
  -- next_run and the jitter of this time: when it is begun.
  due timestamptz,
  last_run timestamptz,
  -- When it last did not run, because the run before was still there.
  last_skipped timestamptz,
  -- Why it was switched off, if nobody has done that.
  problem text,
  created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
  changed_at timestamptz NOT NULL DEFAULT pg_catalog.now()
);
CREATE INDEX schedules_due ON holdfast.schedules (due) WHERE enabled;
CREATE INDEX schedules_source ON holdfast.schedules (source_id);
CREATE INDEX schedules_repository ON holdfast.schedules (repository_id);

CREATE TABLE holdfast.jobs (
  id uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
  kind text NOT NULL,
  source_id uuid REFERENCES holdfast.sources ON DELETE SET NULL,
  repository_id uuid REFERENCES holdfast.repositories ON DELETE SET NULL,
  -- What it was about, which outlives it.
  about text NOT NULL,
  status text NOT NULL DEFAULT 'pending'
    CHECK (status IN ('pending', 'waiting', 'running', 'completed', 'failed', 'cancelled')),
  params jsonb NOT NULL DEFAULT '{}',
  requested_by text NOT NULL,
  schedule_id uuid REFERENCES holdfast.schedules ON DELETE SET NULL,
  -- The time of the schedule that it is for: with it, no run of a schedule comes twice.
  scheduled_for timestamptz,
  -- Of jobs with one key only one is not over: the others were never made.
  dedupe_key text,
  -- Of jobs with one key only one runs at a time: the others wait.
  exclusive_key text,
  max_attempts integer NOT NULL DEFAULT 3 CHECK (max_attempts BETWEEN 1 AND 100),
  -- How often it was begun, which is also the token without which nobody changes it while it runs.
  attempt integer NOT NULL DEFAULT 0,
  worker text,
  -- By this server's clock. Whoever runs it is taken for dead after that.
  lease_until timestamptz,
  cancel_requested_at timestamptz,
  cancel_requested_by text,
  progress jsonb,
  result jsonb,
  error jsonb,
  created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
  -- A job that failed and is tried again is not begun before.
  not_before timestamptz,
  started_at timestamptz,
  ended_at timestamptz,
  UNIQUE (schedule_id, scheduled_for),
  CHECK ((status = 'running') = (lease_until IS NOT NULL)),
  CHECK ((status IN ('completed', 'failed', 'cancelled')) = (ended_at IS NOT NULL)),
  CHECK ((status = 'failed') <= (error IS NOT NULL))
);
CREATE UNIQUE INDEX jobs_dedupe ON holdfast.jobs (dedupe_key)
  WHERE status IN ('pending', 'waiting', 'running');
CREATE UNIQUE INDEX jobs_exclusive ON holdfast.jobs (exclusive_key) WHERE status = 'running';
CREATE INDEX jobs_newest ON holdfast.jobs (created_at DESC, id DESC);
CREATE INDEX jobs_source ON holdfast.jobs (source_id, created_at DESC);
CREATE INDEX jobs_repository ON holdfast.jobs (repository_id);
CREATE INDEX jobs_lease ON holdfast.jobs (lease_until) WHERE status = 'running';

CREATE TABLE holdfast.job_log (
  job_id uuid NOT NULL REFERENCES holdfast.jobs ON DELETE CASCADE,
  number integer NOT NULL,
  at timestamptz NOT NULL DEFAULT pg_catalog.now(),
  attempt integer NOT NULL,
  level text NOT NULL CHECK (level IN ('info', 'warning', 'error')),
  text text NOT NULL,
  PRIMARY KEY (job_id, number)
);

CREATE TABLE holdfast.backups (
  repository_id uuid NOT NULL REFERENCES holdfast.repositories ON DELETE CASCADE,
  id text NOT NULL,
  source_id uuid REFERENCES holdfast.sources ON DELETE SET NULL,
  -- Manifest.source: tells backups of one source from others in a repository.
  source_hash text NOT NULL,
  sequence bigint NOT NULL,
  moment timestamptz NOT NULL,
  -- The manifest without its list of chunks.
  summary jsonb NOT NULL,
  seen_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
  PRIMARY KEY (repository_id, id)
);
CREATE INDEX backups_newest ON holdfast.backups (moment DESC, id DESC);
CREATE INDEX backups_source ON holdfast.backups (source_id, moment DESC);

CREATE TABLE holdfast.api_keys (
  id uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
  name text NOT NULL UNIQUE,
  role text NOT NULL,
  -- Of a tenant_admin: what it may see.
  sources uuid[] NOT NULL DEFAULT '{}',
  -- SHA-256 of the key, which is 32 random bytes and is stored nowhere.
  hash bytea NOT NULL UNIQUE,
  created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
  expires_at timestamptz,
  revoked_at timestamptz
);
