-- What went wrong and whether it still does (alarms), who hears of it and how (destinations, subscriptions), and what is on its
-- way to them (deliveries). src/alarms reads and writes it; who may see what follows at the end.

-- Whether the alarms know how it ended. What ended before there were alarms raises none.
ALTER TABLE holdfast.jobs ADD COLUMN judged boolean NOT NULL DEFAULT false;
UPDATE holdfast.jobs SET judged = true WHERE ended_at IS NOT NULL;
CREATE INDEX jobs_not_judged ON holdfast.jobs (ended_at) WHERE ended_at IS NOT NULL AND NOT judged;

CREATE TABLE holdfast.alarms (
  id uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
  -- A name of src/alarms/events.ts.
  event text NOT NULL,
  -- source:<id>, repository:<id>, schedule:<id>, destination:<id>, job:<id>
  subject text NOT NULL,
  -- Of what happens at a moment and does not last: which time it is. Null: it lasts until it is closed.
  occurrence text,
  source_id uuid REFERENCES holdfast.sources ON DELETE SET NULL,
  repository_id uuid REFERENCES holdfast.repositories ON DELETE SET NULL,
  -- What the subject is called, which outlives it.
  about text NOT NULL,
  severity text NOT NULL CHECK (severity IN ('info', 'warning', 'error', 'critical')),
  text text NOT NULL,
  facts jsonb NOT NULL DEFAULT '{}',
  -- What was told of it: a new one is told again while it is open.
  keys text[] NOT NULL DEFAULT '{}',
  -- How many jobs have said so while it was open.
  times integer NOT NULL DEFAULT 1,
  raised_at timestamptz NOT NULL,
  last_at timestamptz NOT NULL,
  closed_at timestamptz,
  -- Null: it was over by itself.
  closed_by text,
  closed_text text,
  CHECK ((occurrence IS NULL) OR (closed_at IS NOT NULL)),
  CHECK ((closed_by IS NULL) OR (closed_at IS NOT NULL))
);
CREATE UNIQUE INDEX alarms_open ON holdfast.alarms (event, subject) WHERE closed_at IS NULL;
CREATE UNIQUE INDEX alarms_occurrence ON holdfast.alarms (event, subject, occurrence) WHERE occurrence IS NOT NULL;
CREATE INDEX alarms_newest ON holdfast.alarms (raised_at DESC, id DESC);
CREATE INDEX alarms_source ON holdfast.alarms (source_id, raised_at DESC);
CREATE INDEX alarms_repository ON holdfast.alarms (repository_id);

CREATE TABLE holdfast.alarms_seen (
  alarm_id uuid NOT NULL REFERENCES holdfast.alarms ON DELETE CASCADE,
  -- As the claims call who asks.
  person text NOT NULL,
  seen_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
  PRIMARY KEY (alarm_id, person)
);

-- What is expected of a source, where it is not the usual.
CREATE TABLE holdfast.alarm_settings (
  id uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
  source_id uuid NOT NULL UNIQUE REFERENCES holdfast.sources ON DELETE CASCADE,
  -- Its newest backup is never older than that. Null: what its schedules say, or the service's own limit if it has none.
  max_age_seconds integer CHECK (max_age_seconds > 0),
  -- How long after its time a run may end. Null: the service's own.
  grace_seconds integer CHECK (grace_seconds >= 0),
  -- False: nothing that is absent is an alarm.
  expected boolean NOT NULL DEFAULT true
);

-- When what is was last compared with what should be: if that stands still, no alarm comes.
CREATE TABLE holdfast.alarms_look (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  at timestamptz NOT NULL
);

-- How full a storage was at what time.
CREATE TABLE holdfast.storage_points (
  repository_id uuid NOT NULL REFERENCES holdfast.repositories ON DELETE CASCADE,
  at timestamptz NOT NULL,
  used_bytes bigint NOT NULL CHECK (used_bytes >= 0),
  -- Null: there is no known end.
  capacity_bytes bigint CHECK (capacity_bytes > 0),
  PRIMARY KEY (repository_id, at)
);

CREATE TABLE holdfast.destinations (
  id uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
  name text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  kind text NOT NULL CHECK (kind IN ('email', 'webhook', 'slack', 'discord', 'teams', 'ping')),
  -- What of its address is no secret.
  settings jsonb NOT NULL DEFAULT '{}',
  -- URLs, keys and passwords, as one sealed JSON document.
  secrets bytea NOT NULL,
  -- Which addresses it may lead to: public ones, also private ones, or any.
  reach text NOT NULL DEFAULT 'public' CHECK (reach IN ('public', 'private', 'any')),
  enabled boolean NOT NULL DEFAULT true,
  -- Of a ping: whose jobs it follows, and of which kind.
  source_id uuid REFERENCES holdfast.sources ON DELETE CASCADE,
  schedule_id uuid REFERENCES holdfast.schedules ON DELETE CASCADE,
  job_kind text NOT NULL DEFAULT 'backup',
  -- Of all times: rows of deliveries go.
  sent bigint NOT NULL DEFAULT 0,
  failures bigint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
  changed_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
  CHECK ((kind = 'ping') = (pg_catalog.num_nonnulls(source_id, schedule_id) = 1)),
  CHECK (pg_catalog.num_nonnulls(source_id, schedule_id) < 2)
);
CREATE INDEX destinations_source ON holdfast.destinations (source_id);
CREATE INDEX destinations_schedule ON holdfast.destinations (schedule_id);

CREATE TABLE holdfast.subscriptions (
  id uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
  destination_id uuid NOT NULL REFERENCES holdfast.destinations ON DELETE CASCADE,
  -- Null: of all, and of what belongs to no source.
  source_id uuid REFERENCES holdfast.sources ON DELETE CASCADE,
  -- Null: all.
  events text[],
  min_severity text NOT NULL DEFAULT 'info' CHECK (min_severity IN ('info', 'warning', 'error', 'critical')),
  -- each: at once. daily, weekly: a summary.
  mode text NOT NULL DEFAULT 'each' CHECK (mode IN ('each', 'daily', 'weekly')),
  -- When the summary is sent: in this zone, at this hour; a weekly one on Mondays.
  zone text NOT NULL DEFAULT 'UTC',
  hour integer NOT NULL DEFAULT 8 CHECK (hour BETWEEN 0 AND 23),
  -- Null: not known yet.
  next_digest timestamptz,
  last_digest timestamptz,
  enabled boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT pg_catalog.now()
);
CREATE INDEX subscriptions_destination ON holdfast.subscriptions (destination_id);
CREATE INDEX subscriptions_source ON holdfast.subscriptions (source_id);

-- What the next summary tells.
CREATE TABLE holdfast.digest_items (
  subscription_id uuid NOT NULL REFERENCES holdfast.subscriptions ON DELETE CASCADE,
  alarm_id uuid NOT NULL REFERENCES holdfast.alarms ON DELETE CASCADE,
  phase text NOT NULL CHECK (phase IN ('raised', 'over')),
  PRIMARY KEY (subscription_id, alarm_id, phase)
);

-- The outbox: written in the transaction of what it tells, and sent after it, at least once.
CREATE TABLE holdfast.deliveries (
  -- What receivers tell a repetition by.
  id uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
  -- Their order: a destination gets one after the other.
  number bigint GENERATED ALWAYS AS IDENTITY,
  destination_id uuid NOT NULL REFERENCES holdfast.destinations ON DELETE CASCADE,
  -- What it tells: of that no second is made.
  key text NOT NULL,
  alarm_id uuid REFERENCES holdfast.alarms ON DELETE CASCADE,
  message jsonb NOT NULL,
  -- given_up: it failed too often. dropped: it was not news any more.
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'sent', 'given_up', 'dropped')),
  attempt integer NOT NULL DEFAULT 0,
  not_before timestamptz NOT NULL,
  -- Who is sending it is taken for dead after that.
  lease_until timestamptz,
  -- Why the last attempt failed.
  error text,
  created_at timestamptz NOT NULL,
  ended_at timestamptz,
  UNIQUE (destination_id, key),
  CHECK ((status = 'pending') = (ended_at IS NULL))
);
CREATE INDEX deliveries_due ON holdfast.deliveries (not_before) WHERE status = 'pending';
CREATE INDEX deliveries_ended ON holdfast.deliveries (ended_at);
CREATE INDEX deliveries_alarm ON holdfast.deliveries (alarm_id);
