-- What was done, by whom and from where: a chain of entries to which can only be added. Each has a number without gaps and the hash
-- of the one before. docs/AUDIT.md has the encoding, which src/audit/entry.ts repeats.

CREATE TABLE holdfast.audit (
  number bigint PRIMARY KEY CHECK (number > 0),
  at timestamptz NOT NULL,
  -- The subject of the claims; worker:<name>, schedule:<id>, database:<role> of what no caller has asked for.
  who text NOT NULL,
  role text,
  -- Where the request came from, as far as its connection tells.
  address text,
  agent text,
  request text,
  -- <resource>.<what was done to it>
  action text NOT NULL,
  -- What it was called, which outlives it.
  about text NOT NULL,
  -- No foreign key: the entry outlives it.
  source_id uuid,
  result text NOT NULL CHECK (result IN ('done', 'refused', 'failed')),
  code text,
  -- json and not jsonb: the very text is hashed.
  before json,
  after json,
  previous bytea NOT NULL CHECK (pg_catalog.octet_length(previous) = 32),
  hash bytea NOT NULL UNIQUE CHECK (pg_catalog.octet_length(hash) = 32)
);
CREATE INDEX audit_at ON holdfast.audit (at);
CREATE INDEX audit_who ON holdfast.audit (who, number DESC);
CREATE INDEX audit_about ON holdfast.audit (about, number DESC);

-- Entries of transactions that are not committed yet: empty for everybody but them.
CREATE TABLE holdfast.audit_pending (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  who text NOT NULL,
  role text,
  address text,
  agent text,
  request text,
  action text NOT NULL,
  about text NOT NULL,
  source_id uuid,
  result text NOT NULL,
  code text,
  before json,
  after json
);

-- A field as it is hashed: its length in bytes, a colon, its bytes and a newline; nothing at all is a minus.
CREATE FUNCTION holdfast.audit_field(value text) RETURNS bytea
  LANGUAGE sql STABLE SET search_path = ''
  RETURN pg_catalog.convert_to(coalesce(pg_catalog.octet_length(pg_catalog.convert_to(value, 'UTF8')) || ':' || value, '-') || E'\n', 'UTF8');

-- Called once for each entry when everything else of its transaction is done. The lock makes one order of all; who holds it waits for
-- nothing more, so nobody waits in a circle, and a transaction that fails has taken no number.
CREATE FUNCTION holdfast.audit_chain() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  last record;
  next bigint;
BEGIN
  PERFORM pg_catalog.pg_advisory_xact_lock(4846170306);
  SELECT a.number, a.hash INTO last FROM holdfast.audit AS a ORDER BY a.number DESC LIMIT 1;
  next := coalesce(last.number, 0) + 1;
  last.hash := coalesce(last.hash, pg_catalog.decode(pg_catalog.repeat('00', 32), 'hex'));
  INSERT INTO holdfast.audit (number, at, who, role, address, agent, request, action, about, source_id, result, code, before, after,
    previous, hash)
  VALUES (next, NEW.at, NEW.who, NEW.role, NEW.address, NEW.agent, NEW.request, NEW.action, NEW.about, NEW.source_id, NEW.result,
    NEW.code, NEW.before, NEW.after, last.hash, pg_catalog.sha256(
      holdfast.audit_field('holdfast-audit-1')
      || holdfast.audit_field(pg_catalog.encode(last.hash, 'hex'))
      || holdfast.audit_field(next::text)
      || holdfast.audit_field(pg_catalog.to_char(NEW.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
      || holdfast.audit_field(NEW.who)
      || holdfast.audit_field(NEW.role)
      || holdfast.audit_field(NEW.address)
      || holdfast.audit_field(NEW.agent)
      || holdfast.audit_field(NEW.request)
      || holdfast.audit_field(NEW.action)
      || holdfast.audit_field(NEW.about)
      || holdfast.audit_field(NEW.source_id::text)
      || holdfast.audit_field(NEW.result)
      || holdfast.audit_field(NEW.code)
      || holdfast.audit_field(NEW.before::text)
      || holdfast.audit_field(NEW.after::text)
    ));
  DELETE FROM holdfast.audit_pending WHERE id = NEW.id;
  RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER chain AFTER INSERT ON holdfast.audit_pending
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION holdfast.audit_chain();
ALTER TABLE holdfast.audit_pending ENABLE ALWAYS TRIGGER chain;

CREATE FUNCTION holdfast.audit_refuse() RETURNS trigger
  LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  RAISE EXCEPTION 'The audit trail can only be added to.' USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON holdfast.audit
  FOR EACH STATEMENT EXECUTE FUNCTION holdfast.audit_refuse();
ALTER TABLE holdfast.audit ENABLE ALWAYS TRIGGER append_only;

-- A row as it is told: without what is nothing, and with a word in place of what is secret.
CREATE FUNCTION holdfast.audit_told(one jsonb, secret text[], word text) RETURNS jsonb
  LANGUAGE sql IMMUTABLE SET search_path = ''
  RETURN (
    SELECT pg_catalog.jsonb_object_agg(e.key, CASE WHEN e.key = ANY (secret) THEN pg_catalog.to_jsonb(word) ELSE e.value END)
    FROM pg_catalog.jsonb_each(one) AS e WHERE e.value <> 'null'
  );

-- Of a watched table. Arguments: 'always', or 'claims' for what only callers are recorded for; then columns that change by themselves.
CREATE FUNCTION holdfast.audit_change() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  c CONSTANT jsonb := holdfast.claims();
  old_row jsonb := CASE WHEN TG_OP <> 'INSERT' THEN pg_catalog.to_jsonb(OLD) END;
  new_row jsonb := CASE WHEN TG_OP <> 'DELETE' THEN pg_catalog.to_jsonb(NEW) END;
  one jsonb := coalesce(new_row, old_row);
  same text[];
  secret text[];
BEGIN
  IF c = '{}' AND TG_ARGV[0] <> 'always' THEN
    RETURN NULL;
  END IF;
  IF TG_OP = 'UPDATE' THEN
    SELECT pg_catalog.array_agg(o.key) INTO same FROM pg_catalog.jsonb_each(old_row) AS o
    WHERE o.value = new_row -> o.key OR o.key = ANY (TG_ARGV) OR o.key = 'changed_at';
    old_row := old_row - coalesce(same, '{}');
    new_row := new_row - coalesce(same, '{}');
    IF new_row = '{}' THEN
      RETURN NULL;
    END IF;
  END IF;
  -- Sealed bytes and hashes tell nothing, and passwords too much: by type, and by name for whoever forgets.
  SELECT pg_catalog.array_agg(a.attname) INTO secret FROM pg_catalog.pg_attribute AS a
  WHERE a.attrelid = TG_RELID AND a.attnum > 0 AND NOT a.attisdropped
    AND (a.atttypid = 'pg_catalog.bytea'::pg_catalog.regtype OR a.attname ~ '(secret|password|hash|token|sealed|recovery)');
  INSERT INTO holdfast.audit_pending (who, role, address, agent, request, action, about, source_id, result, before, after)
  VALUES (
    -- Who signs in has no claims yet.
    coalesce(c ->> 'subject', CASE WHEN TG_TABLE_NAME = 'sessions' AND TG_OP = 'INSERT' THEN 'person:' || (one ->> 'person_id') END,
      'database:' || session_user), c ->> 'role',
    c -> 'from' ->> 'address', c -> 'from' ->> 'agent', c -> 'from' ->> 'request',
    TG_TABLE_NAME || CASE TG_OP WHEN 'INSERT' THEN '.create' WHEN 'UPDATE' THEN '.change' ELSE '.remove' END,
    coalesce(one ->> 'email', one ->> 'name', one ->> 'about', one ->> 'person_id', one ->> 'id', ''),
    CASE WHEN TG_TABLE_NAME = 'sources' THEN (one ->> 'id')::uuid ELSE (one ->> 'source_id')::uuid END,
    'done', holdfast.audit_told(old_row, coalesce(secret, '{}'), '(secret)'),
    holdfast.audit_told(new_row, coalesce(secret, '{}'), CASE TG_OP WHEN 'UPDATE' THEN '(another secret)' ELSE '(secret)' END)
  );
  RETURN NULL;
END
$$;

-- Watches a table: for migrations to come.
CREATE FUNCTION holdfast.audit_watch(name text, whose text, VARIADIC by_itself text[] DEFAULT '{}') RETURNS void
  LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  EXECUTE pg_catalog.format('CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON holdfast.%I '
    'FOR EACH ROW EXECUTE FUNCTION holdfast.audit_change(%s)', name,
    (SELECT pg_catalog.string_agg(pg_catalog.quote_literal(a), ', ' ORDER BY n)
     FROM pg_catalog.unnest(whose || by_itself) WITH ORDINALITY AS u (a, n)));
  EXECUTE pg_catalog.format('ALTER TABLE holdfast.%I ENABLE ALWAYS TRIGGER audit', name);
END
$$;

SELECT holdfast.audit_watch('repositories', 'always', 'repository');
SELECT holdfast.audit_watch('sources', 'always');
SELECT holdfast.audit_watch('api_keys', 'always');
SELECT holdfast.audit_watch('schedules', 'claims', 'next_run', 'due');
SELECT holdfast.audit_watch('alarms', 'claims');
SELECT holdfast.audit_watch('alarm_settings', 'claims');
SELECT holdfast.audit_watch('destinations', 'claims', 'sent', 'failures');
SELECT holdfast.audit_watch('subscriptions', 'claims', 'next_digest', 'last_digest');

-- A job is recorded when it is made, when it is agreed to or to be cancelled, and when it is over, whoever does that.
CREATE FUNCTION holdfast.audit_job() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  c CONSTANT jsonb := holdfast.claims();
  ended CONSTANT boolean := NEW.status IN ('completed', 'failed', 'cancelled');
  facts jsonb := pg_catalog.jsonb_build_object('id', NEW.id, 'kind', NEW.kind, 'status', NEW.status);
BEGIN
  IF TG_OP = 'INSERT' THEN
    facts := facts || pg_catalog.jsonb_build_object('params', NEW.params, 'requestedBy', NEW.requested_by);
  END IF;
  INSERT INTO holdfast.audit_pending (who, role, address, agent, request, action, about, source_id, result, code, after)
  VALUES (
    coalesce(c ->> 'subject', CASE WHEN TG_OP = 'INSERT' THEN NEW.requested_by ELSE 'worker:' || NEW.worker END, 'service'),
    c ->> 'role', c -> 'from' ->> 'address', c -> 'from' ->> 'agent', c -> 'from' ->> 'request',
    CASE
      WHEN TG_OP = 'INSERT' THEN 'jobs.create'
      WHEN ended THEN 'jobs.end'
      WHEN NEW.cancel_requested_at IS NOT NULL AND OLD.cancel_requested_at IS NULL THEN 'jobs.cancel'
      ELSE 'jobs.confirm'
    END,
    NEW.about, NEW.source_id, CASE WHEN NEW.status = 'failed' THEN 'failed' ELSE 'done' END,
    CASE WHEN NEW.status = 'failed' THEN NEW.error ->> 'code' END, facts
  );
  RETURN NULL;
END
$$;
CREATE TRIGGER audit_made AFTER INSERT ON holdfast.jobs FOR EACH ROW EXECUTE FUNCTION holdfast.audit_job();
CREATE TRIGGER audit_changed AFTER UPDATE OF status, cancel_requested_at ON holdfast.jobs FOR EACH ROW
  WHEN (
    NEW.ended_at IS NOT NULL AND OLD.ended_at IS NULL OR OLD.status = 'waiting' AND NEW.status <> 'waiting'
    OR NEW.cancel_requested_at IS NOT NULL AND OLD.cancel_requested_at IS NULL
  )
  EXECUTE FUNCTION holdfast.audit_job();
ALTER TABLE holdfast.jobs ENABLE ALWAYS TRIGGER audit_made;
ALTER TABLE holdfast.jobs ENABLE ALWAYS TRIGGER audit_changed;

-- The same as src/catalog/permissions.ts, which a test compares.
INSERT INTO holdfast.permissions (role, resource, action, scope)
VALUES ('super_admin', 'audit', 'read', 'all'), ('read_only_admin', 'audit', 'read', 'all');

ALTER TABLE holdfast.audit ENABLE ROW LEVEL SECURITY;
ALTER TABLE holdfast.audit_pending ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON holdfast.audit TO holdfast_api;
CREATE POLICY read ON holdfast.audit FOR SELECT TO holdfast_api
  USING ((SELECT holdfast.scope_of('audit', 'read')) = 'all');
