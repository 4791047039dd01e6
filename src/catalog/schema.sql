--
-- PostgreSQL database dump
--

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: holdfast; Type: SCHEMA; Schema: -; Owner: postgres
--

CREATE SCHEMA holdfast;


ALTER SCHEMA holdfast OWNER TO postgres;

--
-- Name: audit_chain(); Type: FUNCTION; Schema: holdfast; Owner: postgres
--

CREATE FUNCTION holdfast.audit_chain() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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


ALTER FUNCTION holdfast.audit_chain() OWNER TO postgres;

--
-- Name: audit_change(); Type: FUNCTION; Schema: holdfast; Owner: postgres
--

CREATE FUNCTION holdfast.audit_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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


ALTER FUNCTION holdfast.audit_change() OWNER TO postgres;

--
-- Name: audit_field(text); Type: FUNCTION; Schema: holdfast; Owner: postgres
--

CREATE FUNCTION holdfast.audit_field(value text) RETURNS bytea
    LANGUAGE sql STABLE
    SET search_path TO ''
    RETURN convert_to((COALESCE(((octet_length(convert_to(value, 'UTF8'::name)) || ':'::text) || value), '-'::text) || '
'::text), 'UTF8'::name);


ALTER FUNCTION holdfast.audit_field(value text) OWNER TO postgres;

--
-- Name: audit_job(); Type: FUNCTION; Schema: holdfast; Owner: postgres
--

CREATE FUNCTION holdfast.audit_job() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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


ALTER FUNCTION holdfast.audit_job() OWNER TO postgres;

--
-- Name: audit_refuse(); Type: FUNCTION; Schema: holdfast; Owner: postgres
--

CREATE FUNCTION holdfast.audit_refuse() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
BEGIN
  RAISE EXCEPTION 'The audit trail can only be added to.' USING ERRCODE = 'insufficient_privilege';
END
$$;


ALTER FUNCTION holdfast.audit_refuse() OWNER TO postgres;

--
-- Name: audit_told(jsonb, text[], text); Type: FUNCTION; Schema: holdfast; Owner: postgres
--

CREATE FUNCTION holdfast.audit_told(one jsonb, secret text[], word text) RETURNS jsonb
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    RETURN (SELECT jsonb_object_agg(e.key, CASE WHEN (e.key = ANY (audit_told.secret)) THEN to_jsonb(audit_told.word) ELSE e.value END) AS jsonb_object_agg FROM jsonb_each(audit_told.one) e(key, value) WHERE (e.value <> 'null'::jsonb));


ALTER FUNCTION holdfast.audit_told(one jsonb, secret text[], word text) OWNER TO postgres;

--
-- Name: audit_watch(text, text, text[]); Type: FUNCTION; Schema: holdfast; Owner: postgres
--

CREATE FUNCTION holdfast.audit_watch(name text, whose text, VARIADIC by_itself text[] DEFAULT '{}'::text[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
BEGIN
  EXECUTE pg_catalog.format('CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON holdfast.%I '
    'FOR EACH ROW EXECUTE FUNCTION holdfast.audit_change(%s)', name,
    (SELECT pg_catalog.string_agg(pg_catalog.quote_literal(a), ', ' ORDER BY n)
     FROM pg_catalog.unnest(whose || by_itself) WITH ORDINALITY AS u (a, n)));
  EXECUTE pg_catalog.format('ALTER TABLE holdfast.%I ENABLE ALWAYS TRIGGER audit', name);
END
$$;


ALTER FUNCTION holdfast.audit_watch(name text, whose text, VARIADIC by_itself text[]) OWNER TO postgres;

--
-- Name: claims(); Type: FUNCTION; Schema: holdfast; Owner: postgres
--

CREATE FUNCTION holdfast.claims() RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO ''
    RETURN (COALESCE(NULLIF(current_setting('holdfast.claims'::text, true), ''::text), '{}'::text))::jsonb;


ALTER FUNCTION holdfast.claims() OWNER TO postgres;

--
-- Name: end_restore(); Type: FUNCTION; Schema: holdfast; Owner: postgres
--

CREATE FUNCTION holdfast.end_restore() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
BEGIN
  UPDATE holdfast.restores SET step = 'over', secrets = NULL WHERE id = NEW.id;
  RETURN NULL;
END
$$;


ALTER FUNCTION holdfast.end_restore() OWNER TO postgres;

--
-- Name: end_sessions(); Type: FUNCTION; Schema: holdfast; Owner: postgres
--

CREATE FUNCTION holdfast.end_sessions() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
BEGIN
  DELETE FROM holdfast.sessions AS s WHERE s.person_id = NEW.id;
  DELETE FROM holdfast.links AS l WHERE l.person_id = NEW.id;
  RETURN NULL;
END
$$;


ALTER FUNCTION holdfast.end_sessions() OWNER TO postgres;

--
-- Name: keep_administrator(); Type: FUNCTION; Schema: holdfast; Owner: postgres
--

CREATE FUNCTION holdfast.keep_administrator() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
BEGIN
  PERFORM pg_catalog.pg_advisory_xact_lock(4846170307);
  IF NOT EXISTS (
    SELECT FROM holdfast.people AS p WHERE p.role = 'super_admin' AND p.active AND p.password IS NOT NULL
  ) THEN
    RAISE EXCEPTION 'there must be an administrator' USING ERRCODE = 'HF001';
  END IF;
  RETURN NULL;
END
$$;


ALTER FUNCTION holdfast.keep_administrator() OWNER TO postgres;

--
-- Name: key_scope_of(text, text); Type: FUNCTION; Schema: holdfast; Owner: postgres
--

CREATE FUNCTION holdfast.key_scope_of(resource text, action text) RETURNS text
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    RETURN CASE WHEN (action = 'read'::text) THEN 'read'::text WHEN (action = 'remove'::text) THEN 'destroy'::text WHEN (resource = 'jobs'::text) THEN 'run'::text ELSE 'change'::text END;


ALTER FUNCTION holdfast.key_scope_of(resource text, action text) OWNER TO postgres;

--
-- Name: note_change(); Type: FUNCTION; Schema: holdfast; Owner: postgres
--

CREATE FUNCTION holdfast.note_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
DECLARE
  changed record;
BEGIN
  IF TG_OP = 'DELETE' THEN changed := OLD; ELSE changed := NEW; END IF;
  INSERT INTO holdfast.changes (kind, id, repository_id, source_id)
  VALUES (TG_TABLE_NAME, changed.id::text, changed.repository_id, changed.source_id);
  PERFORM pg_catalog.pg_notify('holdfast_changes', '');
  RETURN NULL;
END
$$;


ALTER FUNCTION holdfast.note_change() OWNER TO postgres;

--
-- Name: own_sources(); Type: FUNCTION; Schema: holdfast; Owner: postgres
--

CREATE FUNCTION holdfast.own_sources() RETURNS uuid[]
    LANGUAGE sql STABLE
    SET search_path TO ''
    RETURN ARRAY(SELECT (s.id)::uuid AS id FROM jsonb_array_elements_text(COALESCE((holdfast.claims() -> 'sources'::text), '[]'::jsonb)) s(id));


ALTER FUNCTION holdfast.own_sources() OWNER TO postgres;

--
-- Name: owner_of(text); Type: FUNCTION; Schema: holdfast; Owner: postgres
--

CREATE FUNCTION holdfast.owner_of(subject text) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  WITH RECURSIVE makers (maker, far) AS (
    SELECT subject, 0
    UNION ALL
    SELECT k.created_by, m.far + 1 FROM makers AS m JOIN holdfast.api_keys AS k ON m.maker = 'key:' || k.id::text
    WHERE k.created_by IS NOT NULL
  ) SELECT maker FROM makers ORDER BY far DESC LIMIT 1
$$;


ALTER FUNCTION holdfast.owner_of(subject text) OWNER TO postgres;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: permissions; Type: TABLE; Schema: holdfast; Owner: postgres
--

CREATE TABLE holdfast.permissions (
    role text NOT NULL,
    resource text NOT NULL,
    action text NOT NULL,
    scope text NOT NULL,
    CONSTRAINT permissions_action_check CHECK ((action = ANY (ARRAY['read'::text, 'create'::text, 'change'::text, 'remove'::text]))),
    CONSTRAINT permissions_scope_check CHECK ((scope = ANY (ARRAY['all'::text, 'own'::text])))
);


ALTER TABLE holdfast.permissions OWNER TO postgres;

--
-- Name: scope_of(text, text); Type: FUNCTION; Schema: holdfast; Owner: postgres
--

CREATE FUNCTION holdfast.scope_of(resource text, action text) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO ''
    RETURN (SELECT p.scope FROM holdfast.permissions p WHERE ((p.role = (holdfast.claims() ->> 'role'::text)) AND (p.resource = scope_of.resource) AND (p.action = scope_of.action) AND ((NOT jsonb_exists(holdfast.claims(), 'scopes'::text)) OR jsonb_exists((holdfast.claims() -> 'scopes'::text), holdfast.key_scope_of(scope_of.resource, scope_of.action)))));


ALTER FUNCTION holdfast.scope_of(resource text, action text) OWNER TO postgres;

--
-- Name: alarm_settings; Type: TABLE; Schema: holdfast; Owner: postgres
--

CREATE TABLE holdfast.alarm_settings (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    source_id uuid NOT NULL,
    max_age_seconds integer,
    grace_seconds integer,
    expected boolean DEFAULT true NOT NULL,
    CONSTRAINT alarm_settings_grace_seconds_check CHECK ((grace_seconds >= 0)),
    CONSTRAINT alarm_settings_max_age_seconds_check CHECK ((max_age_seconds > 0))
);


ALTER TABLE holdfast.alarm_settings OWNER TO postgres;

--
-- Name: alarms; Type: TABLE; Schema: holdfast; Owner: postgres
--

CREATE TABLE holdfast.alarms (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    event text NOT NULL,
    subject text NOT NULL,
    occurrence text,
    source_id uuid,
    repository_id uuid,
    about text NOT NULL,
    severity text NOT NULL,
    text text NOT NULL,
    facts jsonb DEFAULT '{}'::jsonb NOT NULL,
    keys text[] DEFAULT '{}'::text[] NOT NULL,
    times integer DEFAULT 1 NOT NULL,
    raised_at timestamp with time zone NOT NULL,
    last_at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone,
    closed_by text,
    closed_text text,
    CONSTRAINT alarms_check CHECK (((occurrence IS NULL) OR (closed_at IS NOT NULL))),
    CONSTRAINT alarms_check1 CHECK (((closed_by IS NULL) OR (closed_at IS NOT NULL))),
    CONSTRAINT alarms_severity_check CHECK ((severity = ANY (ARRAY['info'::text, 'warning'::text, 'error'::text, 'critical'::text])))
);


ALTER TABLE holdfast.alarms OWNER TO postgres;

--
-- Name: alarms_look; Type: TABLE; Schema: holdfast; Owner: postgres
--

CREATE TABLE holdfast.alarms_look (
    one boolean DEFAULT true NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT alarms_look_one_check CHECK (one)
);


ALTER TABLE holdfast.alarms_look OWNER TO postgres;

--
-- Name: alarms_seen; Type: TABLE; Schema: holdfast; Owner: postgres
--

CREATE TABLE holdfast.alarms_seen (
    alarm_id uuid NOT NULL,
    person text NOT NULL,
    seen_at timestamp with time zone DEFAULT now() NOT NULL
);


ALTER TABLE holdfast.alarms_seen OWNER TO postgres;

--
-- Name: answers; Type: TABLE; Schema: holdfast; Owner: postgres
--

CREATE TABLE holdfast.answers (
    subject text NOT NULL,
    key text NOT NULL,
    request bytea NOT NULL,
    answer bytea,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);


ALTER TABLE holdfast.answers OWNER TO postgres;

--
-- Name: api_keys; Type: TABLE; Schema: holdfast; Owner: postgres
--

CREATE TABLE holdfast.api_keys (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    sources uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    hash bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    scopes text[] DEFAULT '{read,run,change,destroy}'::text[] NOT NULL,
    created_by text,
    last_used_at timestamp with time zone,
    CONSTRAINT api_keys_role_check CHECK ((role = ANY (ARRAY['super_admin'::text, 'platform_operator'::text, 'read_only_admin'::text, 'tenant_admin'::text]))),
    CONSTRAINT api_keys_scopes_check CHECK (((scopes <@ '{read,run,change,destroy}'::text[]) AND ('read'::text = ANY (scopes))))
);


ALTER TABLE holdfast.api_keys OWNER TO postgres;

--
-- Name: approvals; Type: TABLE; Schema: holdfast; Owner: postgres
--

CREATE TABLE holdfast.approvals (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    operation text NOT NULL,
    about text NOT NULL,
    request bytea NOT NULL,
    reason text,
    requested_by text NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    decided_by text,
    decided_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT approvals_check CHECK ((decided_by <> requested_by)),
    CONSTRAINT approvals_check1 CHECK (((status = 'pending'::text) = (decided_by IS NULL))),
    CONSTRAINT approvals_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'approved'::text, 'refused'::text, 'used'::text])))
);


ALTER TABLE holdfast.approvals OWNER TO postgres;

--
-- Name: attempts; Type: TABLE; Schema: holdfast; Owner: postgres
--

CREATE TABLE holdfast.attempts (
    key text NOT NULL,
    failures integer NOT NULL,
    last_at timestamp with time zone NOT NULL,
    not_before timestamp with time zone NOT NULL
);


ALTER TABLE holdfast.attempts OWNER TO postgres;

--
-- Name: audit; Type: TABLE; Schema: holdfast; Owner: postgres
--

CREATE TABLE holdfast.audit (
    number bigint NOT NULL,
    at timestamp with time zone NOT NULL,
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
    after json,
    previous bytea NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT audit_hash_check CHECK ((octet_length(hash) = 32)),
    CONSTRAINT audit_number_check CHECK ((number > 0)),
    CONSTRAINT audit_previous_check CHECK ((octet_length(previous) = 32)),
    CONSTRAINT audit_result_check CHECK ((result = ANY (ARRAY['done'::text, 'refused'::text, 'failed'::text])))
);


ALTER TABLE holdfast.audit OWNER TO postgres;

--
-- Name: audit_pending; Type: TABLE; Schema: holdfast; Owner: postgres
--

CREATE TABLE holdfast.audit_pending (
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
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


ALTER TABLE holdfast.audit_pending OWNER TO postgres;

--
-- Name: audit_pending_id_seq; Type: SEQUENCE; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.audit_pending ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME holdfast.audit_pending_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: backup_details; Type: TABLE; Schema: holdfast; Owner: postgres
--

CREATE TABLE holdfast.backup_details (
    repository_id uuid NOT NULL,
    backup_id text NOT NULL,
    details jsonb NOT NULL,
    read_at timestamp with time zone DEFAULT now() NOT NULL
);


ALTER TABLE holdfast.backup_details OWNER TO postgres;

--
-- Name: backups; Type: TABLE; Schema: holdfast; Owner: postgres
--

CREATE TABLE holdfast.backups (
    repository_id uuid NOT NULL,
    id text NOT NULL,
    source_id uuid,
    source_hash text NOT NULL,
    sequence bigint NOT NULL,
    moment timestamp with time zone NOT NULL,
    summary jsonb NOT NULL,
    seen_at timestamp with time zone DEFAULT now() NOT NULL
);


ALTER TABLE holdfast.backups OWNER TO postgres;

--
-- Name: catalog; Type: TABLE; Schema: holdfast; Owner: postgres
--

CREATE TABLE holdfast.catalog (
    only_one boolean DEFAULT true NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    sealed bytea NOT NULL,
    CONSTRAINT catalog_only_one_check CHECK (only_one)
);


ALTER TABLE holdfast.catalog OWNER TO postgres;

--
-- Name: changes; Type: TABLE; Schema: holdfast; Owner: postgres
--

CREATE TABLE holdfast.changes (
    number bigint NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    kind text NOT NULL,
    id text NOT NULL,
    repository_id uuid,
    source_id uuid,
    CONSTRAINT changes_kind_check CHECK ((kind = ANY (ARRAY['jobs'::text, 'alarms'::text, 'backups'::text])))
);


ALTER TABLE holdfast.changes OWNER TO postgres;

--
-- Name: changes_number_seq; Type: SEQUENCE; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.changes ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME holdfast.changes_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: changes_removed; Type: TABLE; Schema: holdfast; Owner: postgres
--

CREATE TABLE holdfast.changes_removed (
    one boolean DEFAULT true NOT NULL,
    xid xid8 NOT NULL,
    CONSTRAINT changes_removed_one_check CHECK (one)
);


ALTER TABLE holdfast.changes_removed OWNER TO postgres;

--
-- Name: deliveries; Type: TABLE; Schema: holdfast; Owner: postgres
--

CREATE TABLE holdfast.deliveries (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    number bigint NOT NULL,
    destination_id uuid NOT NULL,
    key text NOT NULL,
    alarm_id uuid,
    message jsonb NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    attempt integer DEFAULT 0 NOT NULL,
    not_before timestamp with time zone NOT NULL,
    lease_until timestamp with time zone,
    error text,
    created_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT deliveries_check CHECK (((status = 'pending'::text) = (ended_at IS NULL))),
    CONSTRAINT deliveries_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'sent'::text, 'given_up'::text, 'dropped'::text])))
);


ALTER TABLE holdfast.deliveries OWNER TO postgres;

--
-- Name: deliveries_number_seq; Type: SEQUENCE; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.deliveries ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME holdfast.deliveries_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: destinations; Type: TABLE; Schema: holdfast; Owner: postgres
--

CREATE TABLE holdfast.destinations (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    settings jsonb DEFAULT '{}'::jsonb NOT NULL,
    secrets bytea NOT NULL,
    reach text DEFAULT 'public'::text NOT NULL,
    enabled boolean DEFAULT true NOT NULL,
    source_id uuid,
    schedule_id uuid,
    job_kind text DEFAULT 'backup'::text NOT NULL,
    sent bigint DEFAULT 0 NOT NULL,
    failures bigint DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT destinations_check CHECK (((kind = 'ping'::text) = (num_nonnulls(source_id, schedule_id) = 1))),
    CONSTRAINT destinations_check1 CHECK ((num_nonnulls(source_id, schedule_id) < 2)),
    CONSTRAINT destinations_kind_check CHECK ((kind = ANY (ARRAY['email'::text, 'webhook'::text, 'slack'::text, 'discord'::text, 'teams'::text, 'ping'::text]))),
    CONSTRAINT destinations_name_check CHECK ((name ~ '^[a-z0-9][a-z0-9_-]{0,62}$'::text)),
    CONSTRAINT destinations_reach_check CHECK ((reach = ANY (ARRAY['public'::text, 'private'::text, 'any'::text])))
);


ALTER TABLE holdfast.destinations OWNER TO postgres;

--
-- Name: digest_items; Type: TABLE; Schema: holdfast; Owner: postgres
--

CREATE TABLE holdfast.digest_items (
    subscription_id uuid NOT NULL,
    alarm_id uuid NOT NULL,
    phase text NOT NULL,
    CONSTRAINT digest_items_phase_check CHECK ((phase = ANY (ARRAY['raised'::text, 'over'::text])))
);


ALTER TABLE holdfast.digest_items OWNER TO postgres;

--
-- Name: download_uses; Type: TABLE; Schema: holdfast; Owner: postgres
--

CREATE TABLE holdfast.download_uses (
    id uuid NOT NULL,
    expires_at timestamp with time zone NOT NULL
);


ALTER TABLE holdfast.download_uses OWNER TO postgres;

--
-- Name: job_log; Type: TABLE; Schema: holdfast; Owner: postgres
--

CREATE TABLE holdfast.job_log (
    job_id uuid NOT NULL,
    number integer NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    attempt integer NOT NULL,
    level text NOT NULL,
    text text NOT NULL,
    CONSTRAINT job_log_level_check CHECK ((level = ANY (ARRAY['info'::text, 'warning'::text, 'error'::text])))
);


ALTER TABLE holdfast.job_log OWNER TO postgres;

--
-- Name: jobs; Type: TABLE; Schema: holdfast; Owner: postgres
--

CREATE TABLE holdfast.jobs (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    kind text NOT NULL,
    source_id uuid,
    repository_id uuid,
    about text NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    params jsonb DEFAULT '{}'::jsonb NOT NULL,
    requested_by text NOT NULL,
    schedule_id uuid,
    scheduled_for timestamp with time zone,
    dedupe_key text,
    exclusive_key text,
    max_attempts integer DEFAULT 3 NOT NULL,
    attempt integer DEFAULT 0 NOT NULL,
    worker text,
    lease_until timestamp with time zone,
    cancel_requested_at timestamp with time zone,
    cancel_requested_by text,
    progress jsonb,
    result jsonb,
    error jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    not_before timestamp with time zone,
    started_at timestamp with time zone,
    ended_at timestamp with time zone,
    judged boolean DEFAULT false NOT NULL,
    attempts_before integer DEFAULT 0 NOT NULL,
    plain_bytes bigint,
    stored_bytes bigint,
    log_removed boolean DEFAULT false NOT NULL,
    CONSTRAINT jobs_check CHECK (((status = 'running'::text) = (lease_until IS NOT NULL))),
    CONSTRAINT jobs_check1 CHECK (((status = ANY (ARRAY['completed'::text, 'failed'::text, 'cancelled'::text])) = (ended_at IS NOT NULL))),
    CONSTRAINT jobs_check2 CHECK (((status = 'failed'::text) <= (error IS NOT NULL))),
    CONSTRAINT jobs_max_attempts_check CHECK (((max_attempts >= 1) AND (max_attempts <= 100))),
    CONSTRAINT jobs_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'waiting'::text, 'running'::text, 'completed'::text, 'failed'::text, 'cancelled'::text])))
);


ALTER TABLE holdfast.jobs OWNER TO postgres;

--
-- Name: links; Type: TABLE; Schema: holdfast; Owner: postgres
--

CREATE TABLE holdfast.links (
    hash bytea NOT NULL,
    purpose text NOT NULL,
    person_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT links_check CHECK (((purpose = 'first'::text) = (person_id IS NULL))),
    CONSTRAINT links_purpose_check CHECK ((purpose = ANY (ARRAY['first'::text, 'invitation'::text, 'reset'::text, 'recovery'::text])))
);


ALTER TABLE holdfast.links OWNER TO postgres;

--
-- Name: migrations; Type: TABLE; Schema: holdfast; Owner: postgres
--

CREATE TABLE holdfast.migrations (
    number integer NOT NULL,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);


ALTER TABLE holdfast.migrations OWNER TO postgres;

--
-- Name: people; Type: TABLE; Schema: holdfast; Owner: postgres
--

CREATE TABLE holdfast.people (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    email text NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    sources uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    active boolean DEFAULT true NOT NULL,
    password text,
    password_at timestamp with time zone,
    language text DEFAULT 'en'::text NOT NULL,
    theme text DEFAULT 'system'::text NOT NULL,
    totp bytea,
    totp_on boolean DEFAULT false NOT NULL,
    totp_step bigint,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    signed_in_at timestamp with time zone,
    wished boolean DEFAULT false NOT NULL,
    CONSTRAINT people_check CHECK (((password IS NULL) = (password_at IS NULL))),
    CONSTRAINT people_check1 CHECK (((NOT totp_on) OR (totp IS NOT NULL))),
    CONSTRAINT people_email_check CHECK (((email ~ '^[!-~]+@[!-~]+$'::text) AND (email = lower(email)) AND (length(email) <= 320))),
    CONSTRAINT people_language_check CHECK ((language = ANY (ARRAY['en'::text, 'ar'::text]))),
    CONSTRAINT people_name_check CHECK ((name <> ''::text)),
    CONSTRAINT people_role_check CHECK ((role = ANY (ARRAY['super_admin'::text, 'platform_operator'::text, 'read_only_admin'::text, 'tenant_admin'::text]))),
    CONSTRAINT people_theme_check CHECK ((theme = ANY (ARRAY['system'::text, 'light'::text, 'dark'::text])))
);


ALTER TABLE holdfast.people OWNER TO postgres;

--
-- Name: providers; Type: TABLE; Schema: holdfast; Owner: postgres
--

CREATE TABLE holdfast.providers (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    issuer text NOT NULL,
    audience text NOT NULL,
    jwks_url text,
    algorithms text[] NOT NULL,
    email_claim text DEFAULT 'email'::text NOT NULL,
    email_verified text DEFAULT 'if_stated'::text NOT NULL,
    client_id text,
    enabled boolean DEFAULT true NOT NULL,
    secrets bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT providers_algorithms_check CHECK ((cardinality(algorithms) > 0)),
    CONSTRAINT providers_audience_check CHECK ((audience <> ''::text)),
    CONSTRAINT providers_check CHECK (
CASE
    WHEN (jwks_url IS NULL) THEN (algorithms <@ '{HS256,HS384,HS512}'::text[])
    ELSE (algorithms <@ '{RS256,RS384,RS512,PS256,PS384,PS512,ES256,ES384,ES512,EdDSA}'::text[])
END),
    CONSTRAINT providers_check1 CHECK (((client_id IS NULL) OR (jwks_url IS NOT NULL))),
    CONSTRAINT providers_email_verified_check CHECK ((email_verified = ANY (ARRAY['if_stated'::text, 'always'::text]))),
    CONSTRAINT providers_issuer_check CHECK ((issuer <> ''::text)),
    CONSTRAINT providers_name_check CHECK ((name ~ '^[a-z0-9][a-z0-9_-]{0,62}$'::text))
);


ALTER TABLE holdfast.providers OWNER TO postgres;

--
-- Name: recovery_codes; Type: TABLE; Schema: holdfast; Owner: postgres
--

CREATE TABLE holdfast.recovery_codes (
    person_id uuid NOT NULL,
    hash bytea NOT NULL
);


ALTER TABLE holdfast.recovery_codes OWNER TO postgres;

--
-- Name: repositories; Type: TABLE; Schema: holdfast; Owner: postgres
--

CREATE TABLE holdfast.repositories (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    address text NOT NULL,
    repository text,
    secrets bytea,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    copies text[] DEFAULT '{}'::text[] NOT NULL,
    max_jobs integer DEFAULT 2 NOT NULL,
    kind text DEFAULT 'ordinary'::text NOT NULL,
    owner_key text,
    CONSTRAINT repositories_address_check CHECK ((address <> ''::text)),
    CONSTRAINT repositories_kind_check CHECK ((kind = ANY (ARRAY['ordinary'::text, 'upload'::text]))),
    CONSTRAINT repositories_max_jobs_check CHECK (((max_jobs >= 1) AND (max_jobs <= 100))),
    CONSTRAINT repositories_name_check CHECK ((name ~ '^[a-z0-9][a-z0-9_-]{0,62}$'::text))
);


ALTER TABLE holdfast.repositories OWNER TO postgres;

--
-- Name: restores; Type: TABLE; Schema: holdfast; Owner: postgres
--

CREATE TABLE holdfast.restores (
    id uuid NOT NULL,
    place text NOT NULL,
    target text NOT NULL,
    as_user text,
    database text,
    step text NOT NULL,
    restore text,
    undoes text,
    preview jsonb,
    preview_cut text,
    digest text,
    expires_at timestamp with time zone,
    confirmed_at timestamp with time zone,
    confirmed_by text,
    changed boolean,
    why jsonb,
    report jsonb,
    secrets bytea,
    CONSTRAINT restores_check CHECK (((step = 'agreement'::text) <= (expires_at IS NOT NULL))),
    CONSTRAINT restores_check1 CHECK (((step = 'over'::text) <= (secrets IS NULL))),
    CONSTRAINT restores_place_check CHECK ((place = ANY (ARRAY['new'::text, 'in place'::text]))),
    CONSTRAINT restores_step_check CHECK ((step = ANY (ARRAY['run'::text, 'preview'::text, 'agreement'::text, 'change'::text, 'inquiry'::text, 'over'::text])))
);


ALTER TABLE holdfast.restores OWNER TO postgres;

--
-- Name: schedules; Type: TABLE; Schema: holdfast; Owner: postgres
--

CREATE TABLE holdfast.schedules (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    source_id uuid,
    repository_id uuid,
    rule jsonb NOT NULL,
    zone text NOT NULL,
    jitter_seconds integer DEFAULT 0 NOT NULL,
    enabled boolean DEFAULT true NOT NULL,
    overlap text DEFAULT 'skip'::text NOT NULL,
    params jsonb DEFAULT '{}'::jsonb NOT NULL,
    keep jsonb,
    next_run timestamp with time zone,
    due timestamp with time zone,
    last_run timestamp with time zone,
    last_skipped timestamp with time zone,
    problem text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT schedules_jitter_seconds_check CHECK (((jitter_seconds >= 0) AND (jitter_seconds <= 86400))),
    CONSTRAINT schedules_name_check CHECK ((name ~ '^[a-z0-9][a-z0-9_-]{0,62}$'::text)),
    CONSTRAINT schedules_overlap_check CHECK ((overlap = ANY (ARRAY['skip'::text, 'queue'::text])))
);


ALTER TABLE holdfast.schedules OWNER TO postgres;

--
-- Name: sessions; Type: TABLE; Schema: holdfast; Owner: postgres
--

CREATE TABLE holdfast.sessions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    person_id uuid NOT NULL,
    hash bytea NOT NULL,
    how text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    last_seen_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    recent_at timestamp with time zone NOT NULL,
    address text NOT NULL,
    agent text NOT NULL
);


ALTER TABLE holdfast.sessions OWNER TO postgres;

--
-- Name: settings; Type: TABLE; Schema: holdfast; Owner: postgres
--

CREATE TABLE holdfast.settings (
    name text NOT NULL,
    value jsonb NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL
);


ALTER TABLE holdfast.settings OWNER TO postgres;

--
-- Name: sources; Type: TABLE; Schema: holdfast; Owner: postgres
--

CREATE TABLE holdfast.sources (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    address text NOT NULL,
    settings jsonb DEFAULT '{}'::jsonb NOT NULL,
    repository_id uuid NOT NULL,
    secrets bytea,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT sources_address_check CHECK ((address <> ''::text)),
    CONSTRAINT sources_name_check CHECK ((name ~ '^[a-z0-9][a-z0-9_-]{0,62}$'::text))
);


ALTER TABLE holdfast.sources OWNER TO postgres;

--
-- Name: storage_points; Type: TABLE; Schema: holdfast; Owner: postgres
--

CREATE TABLE holdfast.storage_points (
    repository_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    used_bytes bigint NOT NULL,
    capacity_bytes bigint,
    CONSTRAINT storage_points_capacity_bytes_check CHECK ((capacity_bytes > 0)),
    CONSTRAINT storage_points_used_bytes_check CHECK ((used_bytes >= 0))
);


ALTER TABLE holdfast.storage_points OWNER TO postgres;

--
-- Name: subscriptions; Type: TABLE; Schema: holdfast; Owner: postgres
--

CREATE TABLE holdfast.subscriptions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    destination_id uuid NOT NULL,
    source_id uuid,
    events text[],
    min_severity text DEFAULT 'info'::text NOT NULL,
    mode text DEFAULT 'each'::text NOT NULL,
    zone text DEFAULT 'UTC'::text NOT NULL,
    hour integer DEFAULT 8 NOT NULL,
    next_digest timestamp with time zone,
    last_digest timestamp with time zone,
    enabled boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT subscriptions_hour_check CHECK (((hour >= 0) AND (hour <= 23))),
    CONSTRAINT subscriptions_min_severity_check CHECK ((min_severity = ANY (ARRAY['info'::text, 'warning'::text, 'error'::text, 'critical'::text]))),
    CONSTRAINT subscriptions_mode_check CHECK ((mode = ANY (ARRAY['each'::text, 'daily'::text, 'weekly'::text])))
);


ALTER TABLE holdfast.subscriptions OWNER TO postgres;

--
-- Name: alarm_settings alarm_settings_pkey; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.alarm_settings
    ADD CONSTRAINT alarm_settings_pkey PRIMARY KEY (id);


--
-- Name: alarm_settings alarm_settings_source_id_key; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.alarm_settings
    ADD CONSTRAINT alarm_settings_source_id_key UNIQUE (source_id);


--
-- Name: alarms_look alarms_look_pkey; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.alarms_look
    ADD CONSTRAINT alarms_look_pkey PRIMARY KEY (one);


--
-- Name: alarms alarms_pkey; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.alarms
    ADD CONSTRAINT alarms_pkey PRIMARY KEY (id);


--
-- Name: alarms_seen alarms_seen_pkey; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.alarms_seen
    ADD CONSTRAINT alarms_seen_pkey PRIMARY KEY (alarm_id, person);


--
-- Name: answers answers_pkey; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.answers
    ADD CONSTRAINT answers_pkey PRIMARY KEY (subject, key);


--
-- Name: api_keys api_keys_hash_key; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.api_keys
    ADD CONSTRAINT api_keys_hash_key UNIQUE (hash);


--
-- Name: api_keys api_keys_name_key; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.api_keys
    ADD CONSTRAINT api_keys_name_key UNIQUE (name);


--
-- Name: api_keys api_keys_pkey; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (id);


--
-- Name: approvals approvals_pkey; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.approvals
    ADD CONSTRAINT approvals_pkey PRIMARY KEY (id);


--
-- Name: attempts attempts_pkey; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.attempts
    ADD CONSTRAINT attempts_pkey PRIMARY KEY (key);


--
-- Name: audit audit_hash_key; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.audit
    ADD CONSTRAINT audit_hash_key UNIQUE (hash);


--
-- Name: audit_pending audit_pending_pkey; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.audit_pending
    ADD CONSTRAINT audit_pending_pkey PRIMARY KEY (id);


--
-- Name: audit audit_pkey; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (number);


--
-- Name: backup_details backup_details_pkey; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.backup_details
    ADD CONSTRAINT backup_details_pkey PRIMARY KEY (repository_id, backup_id);


--
-- Name: backups backups_pkey; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.backups
    ADD CONSTRAINT backups_pkey PRIMARY KEY (repository_id, id);


--
-- Name: catalog catalog_pkey; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.catalog
    ADD CONSTRAINT catalog_pkey PRIMARY KEY (only_one);


--
-- Name: changes changes_pkey; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.changes
    ADD CONSTRAINT changes_pkey PRIMARY KEY (number);


--
-- Name: changes_removed changes_removed_pkey; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.changes_removed
    ADD CONSTRAINT changes_removed_pkey PRIMARY KEY (one);


--
-- Name: deliveries deliveries_destination_id_key_key; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.deliveries
    ADD CONSTRAINT deliveries_destination_id_key_key UNIQUE (destination_id, key);


--
-- Name: deliveries deliveries_pkey; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.deliveries
    ADD CONSTRAINT deliveries_pkey PRIMARY KEY (id);


--
-- Name: destinations destinations_name_key; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.destinations
    ADD CONSTRAINT destinations_name_key UNIQUE (name);


--
-- Name: destinations destinations_pkey; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.destinations
    ADD CONSTRAINT destinations_pkey PRIMARY KEY (id);


--
-- Name: digest_items digest_items_pkey; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.digest_items
    ADD CONSTRAINT digest_items_pkey PRIMARY KEY (subscription_id, alarm_id, phase);


--
-- Name: download_uses download_uses_pkey; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.download_uses
    ADD CONSTRAINT download_uses_pkey PRIMARY KEY (id);


--
-- Name: job_log job_log_pkey; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.job_log
    ADD CONSTRAINT job_log_pkey PRIMARY KEY (job_id, number);


--
-- Name: jobs jobs_pkey; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.jobs
    ADD CONSTRAINT jobs_pkey PRIMARY KEY (id);


--
-- Name: jobs jobs_schedule_id_scheduled_for_key; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.jobs
    ADD CONSTRAINT jobs_schedule_id_scheduled_for_key UNIQUE (schedule_id, scheduled_for);


--
-- Name: links links_pkey; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.links
    ADD CONSTRAINT links_pkey PRIMARY KEY (hash);


--
-- Name: migrations migrations_pkey; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (number);


--
-- Name: people people_email_key; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.people
    ADD CONSTRAINT people_email_key UNIQUE (email);


--
-- Name: people people_pkey; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.people
    ADD CONSTRAINT people_pkey PRIMARY KEY (id);


--
-- Name: permissions permissions_pkey; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.permissions
    ADD CONSTRAINT permissions_pkey PRIMARY KEY (role, resource, action);


--
-- Name: providers providers_issuer_audience_key; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.providers
    ADD CONSTRAINT providers_issuer_audience_key UNIQUE (issuer, audience);


--
-- Name: providers providers_name_key; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.providers
    ADD CONSTRAINT providers_name_key UNIQUE (name);


--
-- Name: providers providers_pkey; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.providers
    ADD CONSTRAINT providers_pkey PRIMARY KEY (id);


--
-- Name: recovery_codes recovery_codes_pkey; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.recovery_codes
    ADD CONSTRAINT recovery_codes_pkey PRIMARY KEY (person_id, hash);


--
-- Name: repositories repositories_name_key; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.repositories
    ADD CONSTRAINT repositories_name_key UNIQUE (name);


--
-- Name: repositories repositories_pkey; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.repositories
    ADD CONSTRAINT repositories_pkey PRIMARY KEY (id);


--
-- Name: restores restores_pkey; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.restores
    ADD CONSTRAINT restores_pkey PRIMARY KEY (id);


--
-- Name: schedules schedules_name_key; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.schedules
    ADD CONSTRAINT schedules_name_key UNIQUE (name);


--
-- Name: schedules schedules_pkey; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.schedules
    ADD CONSTRAINT schedules_pkey PRIMARY KEY (id);


--
-- Name: sessions sessions_hash_key; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.sessions
    ADD CONSTRAINT sessions_hash_key UNIQUE (hash);


--
-- Name: sessions sessions_pkey; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);


--
-- Name: settings settings_pkey; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.settings
    ADD CONSTRAINT settings_pkey PRIMARY KEY (name);


--
-- Name: sources sources_name_key; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.sources
    ADD CONSTRAINT sources_name_key UNIQUE (name);


--
-- Name: sources sources_pkey; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.sources
    ADD CONSTRAINT sources_pkey PRIMARY KEY (id);


--
-- Name: storage_points storage_points_pkey; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.storage_points
    ADD CONSTRAINT storage_points_pkey PRIMARY KEY (repository_id, at);


--
-- Name: subscriptions subscriptions_pkey; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.subscriptions
    ADD CONSTRAINT subscriptions_pkey PRIMARY KEY (id);


--
-- Name: alarms_newest; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX alarms_newest ON holdfast.alarms USING btree (raised_at DESC, id DESC);


--
-- Name: alarms_occurrence; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE UNIQUE INDEX alarms_occurrence ON holdfast.alarms USING btree (event, subject, occurrence) WHERE (occurrence IS NOT NULL);


--
-- Name: alarms_open; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE UNIQUE INDEX alarms_open ON holdfast.alarms USING btree (event, subject) WHERE (closed_at IS NULL);


--
-- Name: alarms_repository; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX alarms_repository ON holdfast.alarms USING btree (repository_id);


--
-- Name: alarms_source; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX alarms_source ON holdfast.alarms USING btree (source_id, raised_at DESC);


--
-- Name: answers_oldest; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX answers_oldest ON holdfast.answers USING btree (created_at);


--
-- Name: approvals_newest; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX approvals_newest ON holdfast.approvals USING btree (created_at DESC, id DESC);


--
-- Name: attempts_last; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX attempts_last ON holdfast.attempts USING btree (last_at);


--
-- Name: audit_about; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX audit_about ON holdfast.audit USING btree (about, number DESC);


--
-- Name: audit_at; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX audit_at ON holdfast.audit USING btree (at);


--
-- Name: audit_who; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX audit_who ON holdfast.audit USING btree (who, number DESC);


--
-- Name: backups_drilled; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX backups_drilled ON holdfast.backups USING btree (source_id) WHERE ((summary ? 'verified'::text) AND ((summary -> 'verified'::text) <> 'null'::jsonb));


--
-- Name: backups_newest; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX backups_newest ON holdfast.backups USING btree (moment DESC, id DESC);


--
-- Name: backups_source; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX backups_source ON holdfast.backups USING btree (source_id, moment DESC);


--
-- Name: changes_at; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX changes_at ON holdfast.changes USING btree (at);


--
-- Name: changes_xid; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX changes_xid ON holdfast.changes USING btree (xid);


--
-- Name: deliveries_alarm; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX deliveries_alarm ON holdfast.deliveries USING btree (alarm_id);


--
-- Name: deliveries_due; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX deliveries_due ON holdfast.deliveries USING btree (not_before) WHERE (status = 'pending'::text);


--
-- Name: deliveries_ended; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX deliveries_ended ON holdfast.deliveries USING btree (ended_at);


--
-- Name: destinations_schedule; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX destinations_schedule ON holdfast.destinations USING btree (schedule_id);


--
-- Name: destinations_source; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX destinations_source ON holdfast.destinations USING btree (source_id);


--
-- Name: jobs_dedupe; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE UNIQUE INDEX jobs_dedupe ON holdfast.jobs USING btree (dedupe_key) WHERE (status = ANY (ARRAY['pending'::text, 'waiting'::text, 'running'::text]));


--
-- Name: jobs_ended; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX jobs_ended ON holdfast.jobs USING btree (kind, ended_at) INCLUDE (source_id, status, started_at, plain_bytes, stored_bytes) WHERE (ended_at IS NOT NULL);


--
-- Name: jobs_exclusive; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE UNIQUE INDEX jobs_exclusive ON holdfast.jobs USING btree (exclusive_key) WHERE (status = 'running'::text);


--
-- Name: jobs_lease; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX jobs_lease ON holdfast.jobs USING btree (lease_until) WHERE (status = 'running'::text);


--
-- Name: jobs_measuring; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX jobs_measuring ON holdfast.jobs USING btree (repository_id, created_at DESC) WHERE (kind = 'measure'::text);


--
-- Name: jobs_newest; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX jobs_newest ON holdfast.jobs USING btree (created_at DESC, id DESC);


--
-- Name: jobs_not_judged; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX jobs_not_judged ON holdfast.jobs USING btree (ended_at) WHERE ((ended_at IS NOT NULL) AND (NOT judged));


--
-- Name: jobs_repository; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX jobs_repository ON holdfast.jobs USING btree (repository_id);


--
-- Name: jobs_running_at; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX jobs_running_at ON holdfast.jobs USING btree (repository_id) WHERE (status = 'running'::text);


--
-- Name: jobs_source; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX jobs_source ON holdfast.jobs USING btree (source_id, created_at DESC);


--
-- Name: jobs_source_ended; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX jobs_source_ended ON holdfast.jobs USING btree (source_id, kind, ended_at DESC) WHERE (ended_at IS NOT NULL);


--
-- Name: jobs_unfinished; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX jobs_unfinished ON holdfast.jobs USING btree (source_id) WHERE (status = ANY (ARRAY['pending'::text, 'waiting'::text, 'running'::text]));


--
-- Name: jobs_with_log; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX jobs_with_log ON holdfast.jobs USING btree (ended_at) WHERE ((ended_at IS NOT NULL) AND (NOT log_removed));


--
-- Name: jobs_without_log; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX jobs_without_log ON holdfast.jobs USING btree (ended_at) WHERE ((ended_at IS NOT NULL) AND log_removed);


--
-- Name: links_person; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX links_person ON holdfast.links USING btree (person_id);


--
-- Name: restores_expiry; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX restores_expiry ON holdfast.restores USING btree (expires_at) WHERE (step = 'agreement'::text);


--
-- Name: schedules_due; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX schedules_due ON holdfast.schedules USING btree (due) WHERE enabled;


--
-- Name: schedules_repository; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX schedules_repository ON holdfast.schedules USING btree (repository_id);


--
-- Name: schedules_source; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX schedules_source ON holdfast.schedules USING btree (source_id);


--
-- Name: sessions_expiry; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX sessions_expiry ON holdfast.sessions USING btree (expires_at);


--
-- Name: sessions_person; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX sessions_person ON holdfast.sessions USING btree (person_id);


--
-- Name: sources_repository; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX sources_repository ON holdfast.sources USING btree (repository_id);


--
-- Name: subscriptions_destination; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX subscriptions_destination ON holdfast.subscriptions USING btree (destination_id);


--
-- Name: subscriptions_source; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX subscriptions_source ON holdfast.subscriptions USING btree (source_id);


--
-- Name: audit append_only; Type: TRIGGER; Schema: holdfast; Owner: postgres
--

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON holdfast.audit FOR EACH STATEMENT EXECUTE FUNCTION holdfast.audit_refuse();

ALTER TABLE holdfast.audit ENABLE ALWAYS TRIGGER append_only;


--
-- Name: alarm_settings audit; Type: TRIGGER; Schema: holdfast; Owner: postgres
--

CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON holdfast.alarm_settings FOR EACH ROW EXECUTE FUNCTION holdfast.audit_change('claims');

ALTER TABLE holdfast.alarm_settings ENABLE ALWAYS TRIGGER audit;


--
-- Name: alarms audit; Type: TRIGGER; Schema: holdfast; Owner: postgres
--

CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON holdfast.alarms FOR EACH ROW EXECUTE FUNCTION holdfast.audit_change('claims');

ALTER TABLE holdfast.alarms ENABLE ALWAYS TRIGGER audit;


--
-- Name: api_keys audit; Type: TRIGGER; Schema: holdfast; Owner: postgres
--

CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON holdfast.api_keys FOR EACH ROW EXECUTE FUNCTION holdfast.audit_change('always', 'last_used_at');

ALTER TABLE holdfast.api_keys ENABLE ALWAYS TRIGGER audit;


--
-- Name: approvals audit; Type: TRIGGER; Schema: holdfast; Owner: postgres
--

CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON holdfast.approvals FOR EACH ROW EXECUTE FUNCTION holdfast.audit_change('always');

ALTER TABLE holdfast.approvals ENABLE ALWAYS TRIGGER audit;


--
-- Name: destinations audit; Type: TRIGGER; Schema: holdfast; Owner: postgres
--

CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON holdfast.destinations FOR EACH ROW EXECUTE FUNCTION holdfast.audit_change('claims', 'sent', 'failures');

ALTER TABLE holdfast.destinations ENABLE ALWAYS TRIGGER audit;


--
-- Name: links audit; Type: TRIGGER; Schema: holdfast; Owner: postgres
--

CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON holdfast.links FOR EACH ROW EXECUTE FUNCTION holdfast.audit_change('always');

ALTER TABLE holdfast.links ENABLE ALWAYS TRIGGER audit;


--
-- Name: people audit; Type: TRIGGER; Schema: holdfast; Owner: postgres
--

CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON holdfast.people FOR EACH ROW EXECUTE FUNCTION holdfast.audit_change('always', 'password', 'signed_in_at', 'totp_step');

ALTER TABLE holdfast.people ENABLE ALWAYS TRIGGER audit;


--
-- Name: providers audit; Type: TRIGGER; Schema: holdfast; Owner: postgres
--

CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON holdfast.providers FOR EACH ROW EXECUTE FUNCTION holdfast.audit_change('always');

ALTER TABLE holdfast.providers ENABLE ALWAYS TRIGGER audit;


--
-- Name: repositories audit; Type: TRIGGER; Schema: holdfast; Owner: postgres
--

CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON holdfast.repositories FOR EACH ROW EXECUTE FUNCTION holdfast.audit_change('always', 'repository');

ALTER TABLE holdfast.repositories ENABLE ALWAYS TRIGGER audit;


--
-- Name: schedules audit; Type: TRIGGER; Schema: holdfast; Owner: postgres
--

CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON holdfast.schedules FOR EACH ROW EXECUTE FUNCTION holdfast.audit_change('claims', 'next_run', 'due');

ALTER TABLE holdfast.schedules ENABLE ALWAYS TRIGGER audit;


--
-- Name: sessions audit; Type: TRIGGER; Schema: holdfast; Owner: postgres
--

CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON holdfast.sessions FOR EACH ROW EXECUTE FUNCTION holdfast.audit_change('always', 'last_seen_at');

ALTER TABLE holdfast.sessions ENABLE ALWAYS TRIGGER audit;


--
-- Name: settings audit; Type: TRIGGER; Schema: holdfast; Owner: postgres
--

CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON holdfast.settings FOR EACH ROW EXECUTE FUNCTION holdfast.audit_change('always');

ALTER TABLE holdfast.settings ENABLE ALWAYS TRIGGER audit;


--
-- Name: sources audit; Type: TRIGGER; Schema: holdfast; Owner: postgres
--

CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON holdfast.sources FOR EACH ROW EXECUTE FUNCTION holdfast.audit_change('always');

ALTER TABLE holdfast.sources ENABLE ALWAYS TRIGGER audit;


--
-- Name: subscriptions audit; Type: TRIGGER; Schema: holdfast; Owner: postgres
--

CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON holdfast.subscriptions FOR EACH ROW EXECUTE FUNCTION holdfast.audit_change('claims', 'next_digest', 'last_digest');

ALTER TABLE holdfast.subscriptions ENABLE ALWAYS TRIGGER audit;


--
-- Name: jobs audit_changed; Type: TRIGGER; Schema: holdfast; Owner: postgres
--

CREATE TRIGGER audit_changed AFTER UPDATE OF status, cancel_requested_at ON holdfast.jobs FOR EACH ROW WHEN ((((new.ended_at IS NOT NULL) AND (old.ended_at IS NULL)) OR ((old.status = 'waiting'::text) AND (new.status <> 'waiting'::text)) OR ((new.cancel_requested_at IS NOT NULL) AND (old.cancel_requested_at IS NULL)))) EXECUTE FUNCTION holdfast.audit_job();

ALTER TABLE holdfast.jobs ENABLE ALWAYS TRIGGER audit_changed;


--
-- Name: jobs audit_made; Type: TRIGGER; Schema: holdfast; Owner: postgres
--

CREATE TRIGGER audit_made AFTER INSERT ON holdfast.jobs FOR EACH ROW EXECUTE FUNCTION holdfast.audit_job();

ALTER TABLE holdfast.jobs ENABLE ALWAYS TRIGGER audit_made;


--
-- Name: audit_pending chain; Type: TRIGGER; Schema: holdfast; Owner: postgres
--

CREATE CONSTRAINT TRIGGER chain AFTER INSERT ON holdfast.audit_pending DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION holdfast.audit_chain();

ALTER TABLE holdfast.audit_pending ENABLE ALWAYS TRIGGER chain;


--
-- Name: people end_sessions; Type: TRIGGER; Schema: holdfast; Owner: postgres
--

CREATE TRIGGER end_sessions AFTER UPDATE ON holdfast.people FOR EACH ROW WHEN ((((((old.email IS DISTINCT FROM new.email) OR (old.role IS DISTINCT FROM new.role)) OR (old.sources IS DISTINCT FROM new.sources)) OR (old.active IS DISTINCT FROM new.active)) OR (old.password_at IS DISTINCT FROM new.password_at))) EXECUTE FUNCTION holdfast.end_sessions();


--
-- Name: people keep_administrator_change; Type: TRIGGER; Schema: holdfast; Owner: postgres
--

CREATE TRIGGER keep_administrator_change AFTER UPDATE ON holdfast.people FOR EACH ROW WHEN (((old.role = 'super_admin'::text) AND old.active AND (old.password IS NOT NULL) AND (NOT ((new.role = 'super_admin'::text) AND new.active AND (new.password IS NOT NULL))))) EXECUTE FUNCTION holdfast.keep_administrator();


--
-- Name: people keep_administrator_remove; Type: TRIGGER; Schema: holdfast; Owner: postgres
--

CREATE TRIGGER keep_administrator_remove AFTER DELETE ON holdfast.people FOR EACH ROW WHEN (((old.role = 'super_admin'::text) AND old.active AND (old.password IS NOT NULL))) EXECUTE FUNCTION holdfast.keep_administrator();


--
-- Name: alarms note_change; Type: TRIGGER; Schema: holdfast; Owner: postgres
--

CREATE TRIGGER note_change AFTER INSERT OR DELETE ON holdfast.alarms FOR EACH ROW EXECUTE FUNCTION holdfast.note_change();


--
-- Name: backups note_change; Type: TRIGGER; Schema: holdfast; Owner: postgres
--

CREATE TRIGGER note_change AFTER INSERT OR DELETE ON holdfast.backups FOR EACH ROW EXECUTE FUNCTION holdfast.note_change();


--
-- Name: jobs note_change; Type: TRIGGER; Schema: holdfast; Owner: postgres
--

CREATE TRIGGER note_change AFTER INSERT OR DELETE ON holdfast.jobs FOR EACH ROW EXECUTE FUNCTION holdfast.note_change();


--
-- Name: alarms note_update; Type: TRIGGER; Schema: holdfast; Owner: postgres
--

CREATE TRIGGER note_update AFTER UPDATE ON holdfast.alarms FOR EACH ROW WHEN (((to_jsonb(old.*) - '{last_at}'::text[]) IS DISTINCT FROM (to_jsonb(new.*) - '{last_at}'::text[]))) EXECUTE FUNCTION holdfast.note_change();


--
-- Name: backups note_update; Type: TRIGGER; Schema: holdfast; Owner: postgres
--

CREATE TRIGGER note_update AFTER UPDATE ON holdfast.backups FOR EACH ROW WHEN (((to_jsonb(old.*) - '{seen_at}'::text[]) IS DISTINCT FROM (to_jsonb(new.*) - '{seen_at}'::text[]))) EXECUTE FUNCTION holdfast.note_change();


--
-- Name: jobs note_update; Type: TRIGGER; Schema: holdfast; Owner: postgres
--

CREATE TRIGGER note_update AFTER UPDATE ON holdfast.jobs FOR EACH ROW WHEN (((to_jsonb(old.*) - '{lease_until,judged}'::text[]) IS DISTINCT FROM (to_jsonb(new.*) - '{lease_until,judged}'::text[]))) EXECUTE FUNCTION holdfast.note_change();


--
-- Name: jobs restore_over; Type: TRIGGER; Schema: holdfast; Owner: postgres
--

CREATE TRIGGER restore_over AFTER UPDATE OF status ON holdfast.jobs FOR EACH ROW WHEN ((new.status = ANY (ARRAY['completed'::text, 'failed'::text, 'cancelled'::text]))) EXECUTE FUNCTION holdfast.end_restore();


--
-- Name: alarm_settings alarm_settings_source_id_fkey; Type: FK CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.alarm_settings
    ADD CONSTRAINT alarm_settings_source_id_fkey FOREIGN KEY (source_id) REFERENCES holdfast.sources(id) ON DELETE CASCADE;


--
-- Name: alarms alarms_repository_id_fkey; Type: FK CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.alarms
    ADD CONSTRAINT alarms_repository_id_fkey FOREIGN KEY (repository_id) REFERENCES holdfast.repositories(id) ON DELETE SET NULL;


--
-- Name: alarms_seen alarms_seen_alarm_id_fkey; Type: FK CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.alarms_seen
    ADD CONSTRAINT alarms_seen_alarm_id_fkey FOREIGN KEY (alarm_id) REFERENCES holdfast.alarms(id) ON DELETE CASCADE;


--
-- Name: alarms alarms_source_id_fkey; Type: FK CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.alarms
    ADD CONSTRAINT alarms_source_id_fkey FOREIGN KEY (source_id) REFERENCES holdfast.sources(id) ON DELETE SET NULL;


--
-- Name: backup_details backup_details_repository_id_backup_id_fkey; Type: FK CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.backup_details
    ADD CONSTRAINT backup_details_repository_id_backup_id_fkey FOREIGN KEY (repository_id, backup_id) REFERENCES holdfast.backups(repository_id, id) ON DELETE CASCADE;


--
-- Name: backups backups_repository_id_fkey; Type: FK CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.backups
    ADD CONSTRAINT backups_repository_id_fkey FOREIGN KEY (repository_id) REFERENCES holdfast.repositories(id) ON DELETE CASCADE;


--
-- Name: backups backups_source_id_fkey; Type: FK CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.backups
    ADD CONSTRAINT backups_source_id_fkey FOREIGN KEY (source_id) REFERENCES holdfast.sources(id) ON DELETE SET NULL;


--
-- Name: deliveries deliveries_alarm_id_fkey; Type: FK CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.deliveries
    ADD CONSTRAINT deliveries_alarm_id_fkey FOREIGN KEY (alarm_id) REFERENCES holdfast.alarms(id) ON DELETE CASCADE;


--
-- Name: deliveries deliveries_destination_id_fkey; Type: FK CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.deliveries
    ADD CONSTRAINT deliveries_destination_id_fkey FOREIGN KEY (destination_id) REFERENCES holdfast.destinations(id) ON DELETE CASCADE;


--
-- Name: destinations destinations_schedule_id_fkey; Type: FK CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.destinations
    ADD CONSTRAINT destinations_schedule_id_fkey FOREIGN KEY (schedule_id) REFERENCES holdfast.schedules(id) ON DELETE CASCADE;


--
-- Name: destinations destinations_source_id_fkey; Type: FK CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.destinations
    ADD CONSTRAINT destinations_source_id_fkey FOREIGN KEY (source_id) REFERENCES holdfast.sources(id) ON DELETE CASCADE;


--
-- Name: digest_items digest_items_alarm_id_fkey; Type: FK CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.digest_items
    ADD CONSTRAINT digest_items_alarm_id_fkey FOREIGN KEY (alarm_id) REFERENCES holdfast.alarms(id) ON DELETE CASCADE;


--
-- Name: digest_items digest_items_subscription_id_fkey; Type: FK CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.digest_items
    ADD CONSTRAINT digest_items_subscription_id_fkey FOREIGN KEY (subscription_id) REFERENCES holdfast.subscriptions(id) ON DELETE CASCADE;


--
-- Name: job_log job_log_job_id_fkey; Type: FK CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.job_log
    ADD CONSTRAINT job_log_job_id_fkey FOREIGN KEY (job_id) REFERENCES holdfast.jobs(id) ON DELETE CASCADE;


--
-- Name: jobs jobs_repository_id_fkey; Type: FK CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.jobs
    ADD CONSTRAINT jobs_repository_id_fkey FOREIGN KEY (repository_id) REFERENCES holdfast.repositories(id) ON DELETE SET NULL;


--
-- Name: jobs jobs_schedule_id_fkey; Type: FK CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.jobs
    ADD CONSTRAINT jobs_schedule_id_fkey FOREIGN KEY (schedule_id) REFERENCES holdfast.schedules(id) ON DELETE SET NULL;


--
-- Name: jobs jobs_source_id_fkey; Type: FK CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.jobs
    ADD CONSTRAINT jobs_source_id_fkey FOREIGN KEY (source_id) REFERENCES holdfast.sources(id) ON DELETE SET NULL;


--
-- Name: links links_person_id_fkey; Type: FK CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.links
    ADD CONSTRAINT links_person_id_fkey FOREIGN KEY (person_id) REFERENCES holdfast.people(id) ON DELETE CASCADE;


--
-- Name: recovery_codes recovery_codes_person_id_fkey; Type: FK CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.recovery_codes
    ADD CONSTRAINT recovery_codes_person_id_fkey FOREIGN KEY (person_id) REFERENCES holdfast.people(id) ON DELETE CASCADE;


--
-- Name: restores restores_id_fkey; Type: FK CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.restores
    ADD CONSTRAINT restores_id_fkey FOREIGN KEY (id) REFERENCES holdfast.jobs(id) ON DELETE CASCADE;


--
-- Name: schedules schedules_repository_id_fkey; Type: FK CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.schedules
    ADD CONSTRAINT schedules_repository_id_fkey FOREIGN KEY (repository_id) REFERENCES holdfast.repositories(id) ON DELETE CASCADE;


--
-- Name: schedules schedules_source_id_fkey; Type: FK CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.schedules
    ADD CONSTRAINT schedules_source_id_fkey FOREIGN KEY (source_id) REFERENCES holdfast.sources(id) ON DELETE CASCADE;


--
-- Name: sessions sessions_person_id_fkey; Type: FK CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.sessions
    ADD CONSTRAINT sessions_person_id_fkey FOREIGN KEY (person_id) REFERENCES holdfast.people(id) ON DELETE CASCADE;


--
-- Name: sources sources_repository_id_fkey; Type: FK CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.sources
    ADD CONSTRAINT sources_repository_id_fkey FOREIGN KEY (repository_id) REFERENCES holdfast.repositories(id);


--
-- Name: storage_points storage_points_repository_id_fkey; Type: FK CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.storage_points
    ADD CONSTRAINT storage_points_repository_id_fkey FOREIGN KEY (repository_id) REFERENCES holdfast.repositories(id) ON DELETE CASCADE;


--
-- Name: subscriptions subscriptions_destination_id_fkey; Type: FK CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.subscriptions
    ADD CONSTRAINT subscriptions_destination_id_fkey FOREIGN KEY (destination_id) REFERENCES holdfast.destinations(id) ON DELETE CASCADE;


--
-- Name: subscriptions subscriptions_source_id_fkey; Type: FK CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.subscriptions
    ADD CONSTRAINT subscriptions_source_id_fkey FOREIGN KEY (source_id) REFERENCES holdfast.sources(id) ON DELETE CASCADE;


--
-- Name: alarm_settings; Type: ROW SECURITY; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.alarm_settings ENABLE ROW LEVEL SECURITY;

--
-- Name: alarms; Type: ROW SECURITY; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.alarms ENABLE ROW LEVEL SECURITY;

--
-- Name: alarms_look; Type: ROW SECURITY; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.alarms_look ENABLE ROW LEVEL SECURITY;

--
-- Name: alarms_seen; Type: ROW SECURITY; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.alarms_seen ENABLE ROW LEVEL SECURITY;

--
-- Name: answers; Type: ROW SECURITY; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.answers ENABLE ROW LEVEL SECURITY;

--
-- Name: api_keys; Type: ROW SECURITY; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.api_keys ENABLE ROW LEVEL SECURITY;

--
-- Name: approvals; Type: ROW SECURITY; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.approvals ENABLE ROW LEVEL SECURITY;

--
-- Name: attempts; Type: ROW SECURITY; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.attempts ENABLE ROW LEVEL SECURITY;

--
-- Name: audit; Type: ROW SECURITY; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.audit ENABLE ROW LEVEL SECURITY;

--
-- Name: audit_pending; Type: ROW SECURITY; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.audit_pending ENABLE ROW LEVEL SECURITY;

--
-- Name: backup_details; Type: ROW SECURITY; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.backup_details ENABLE ROW LEVEL SECURITY;

--
-- Name: backups; Type: ROW SECURITY; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.backups ENABLE ROW LEVEL SECURITY;

--
-- Name: alarm_settings change; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY change ON holdfast.alarm_settings FOR UPDATE TO holdfast_api USING (((( SELECT holdfast.scope_of('alarm_settings'::text, 'change'::text) AS scope_of) = 'all'::text) OR ((( SELECT holdfast.scope_of('alarm_settings'::text, 'change'::text) AS scope_of) = 'own'::text) AND (source_id = ANY (( SELECT holdfast.own_sources() AS own_sources)::uuid[])))));


--
-- Name: alarms change; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY change ON holdfast.alarms FOR UPDATE TO holdfast_api USING (((( SELECT holdfast.scope_of('alarms'::text, 'change'::text) AS scope_of) = 'all'::text) OR ((( SELECT holdfast.scope_of('alarms'::text, 'change'::text) AS scope_of) = 'own'::text) AND (source_id = ANY (( SELECT holdfast.own_sources() AS own_sources)::uuid[])))));


--
-- Name: api_keys change; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY change ON holdfast.api_keys FOR UPDATE TO holdfast_api USING ((( SELECT holdfast.scope_of('api_keys'::text, 'change'::text) AS scope_of) = 'all'::text));


--
-- Name: approvals change; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY change ON holdfast.approvals FOR UPDATE TO holdfast_api USING (((( SELECT holdfast.scope_of('approvals'::text, 'change'::text) AS scope_of) = 'all'::text) AND (status = 'pending'::text) AND (expires_at > now()) AND (holdfast.owner_of(requested_by) <> ( SELECT holdfast.owner_of((holdfast.claims() ->> 'subject'::text)) AS owner_of)))) WITH CHECK (((status = ANY (ARRAY['approved'::text, 'refused'::text])) AND (decided_by = ( SELECT (holdfast.claims() ->> 'subject'::text)))));


--
-- Name: backups change; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY change ON holdfast.backups FOR UPDATE TO holdfast_api USING (((( SELECT holdfast.scope_of('backups'::text, 'change'::text) AS scope_of) = 'all'::text) OR ((( SELECT holdfast.scope_of('backups'::text, 'change'::text) AS scope_of) = 'own'::text) AND (source_id = ANY (( SELECT holdfast.own_sources() AS own_sources)::uuid[])))));


--
-- Name: deliveries change; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY change ON holdfast.deliveries FOR UPDATE TO holdfast_api USING ((( SELECT holdfast.scope_of('deliveries'::text, 'change'::text) AS scope_of) = 'all'::text));


--
-- Name: destinations change; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY change ON holdfast.destinations FOR UPDATE TO holdfast_api USING ((( SELECT holdfast.scope_of('destinations'::text, 'change'::text) AS scope_of) = 'all'::text));


--
-- Name: jobs change; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY change ON holdfast.jobs FOR UPDATE TO holdfast_api USING (((( SELECT holdfast.scope_of('jobs'::text, 'change'::text) AS scope_of) = 'all'::text) OR ((( SELECT holdfast.scope_of('jobs'::text, 'change'::text) AS scope_of) = 'own'::text) AND (source_id = ANY (( SELECT holdfast.own_sources() AS own_sources)::uuid[])))));


--
-- Name: people change; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY change ON holdfast.people FOR UPDATE TO holdfast_api USING ((( SELECT holdfast.scope_of('people'::text, 'change'::text) AS scope_of) = 'all'::text));


--
-- Name: providers change; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY change ON holdfast.providers FOR UPDATE TO holdfast_api USING ((( SELECT holdfast.scope_of('providers'::text, 'change'::text) AS scope_of) = 'all'::text));


--
-- Name: repositories change; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY change ON holdfast.repositories FOR UPDATE TO holdfast_api USING ((( SELECT holdfast.scope_of('repositories'::text, 'change'::text) AS scope_of) = 'all'::text));


--
-- Name: restores change; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY change ON holdfast.restores FOR UPDATE TO holdfast_api USING ((( SELECT holdfast.scope_of('restores'::text, 'change'::text) AS scope_of) = 'all'::text));


--
-- Name: schedules change; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY change ON holdfast.schedules FOR UPDATE TO holdfast_api USING (((( SELECT holdfast.scope_of('schedules'::text, 'change'::text) AS scope_of) = 'all'::text) OR ((( SELECT holdfast.scope_of('schedules'::text, 'change'::text) AS scope_of) = 'own'::text) AND (source_id = ANY (( SELECT holdfast.own_sources() AS own_sources)::uuid[])))));


--
-- Name: settings change; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY change ON holdfast.settings FOR UPDATE TO holdfast_api USING ((( SELECT holdfast.scope_of('settings'::text, 'change'::text) AS scope_of) = 'all'::text));


--
-- Name: sources change; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY change ON holdfast.sources FOR UPDATE TO holdfast_api USING (((( SELECT holdfast.scope_of('sources'::text, 'change'::text) AS scope_of) = 'all'::text) OR ((( SELECT holdfast.scope_of('sources'::text, 'change'::text) AS scope_of) = 'own'::text) AND (id = ANY (( SELECT holdfast.own_sources() AS own_sources)::uuid[])))));


--
-- Name: subscriptions change; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY change ON holdfast.subscriptions FOR UPDATE TO holdfast_api USING ((( SELECT holdfast.scope_of('subscriptions'::text, 'change'::text) AS scope_of) = 'all'::text));


--
-- Name: changes; Type: ROW SECURITY; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.changes ENABLE ROW LEVEL SECURITY;

--
-- Name: changes_removed; Type: ROW SECURITY; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.changes_removed ENABLE ROW LEVEL SECURITY;

--
-- Name: alarm_settings create; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY "create" ON holdfast.alarm_settings FOR INSERT TO holdfast_api WITH CHECK (((( SELECT holdfast.scope_of('alarm_settings'::text, 'create'::text) AS scope_of) = 'all'::text) OR ((( SELECT holdfast.scope_of('alarm_settings'::text, 'create'::text) AS scope_of) = 'own'::text) AND (source_id = ANY (( SELECT holdfast.own_sources() AS own_sources)::uuid[])))));


--
-- Name: alarms create; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY "create" ON holdfast.alarms FOR INSERT TO holdfast_api WITH CHECK (((( SELECT holdfast.scope_of('alarms'::text, 'create'::text) AS scope_of) = 'all'::text) OR ((( SELECT holdfast.scope_of('alarms'::text, 'create'::text) AS scope_of) = 'own'::text) AND (source_id = ANY (( SELECT holdfast.own_sources() AS own_sources)::uuid[])))));


--
-- Name: api_keys create; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY "create" ON holdfast.api_keys FOR INSERT TO holdfast_api WITH CHECK ((( SELECT holdfast.scope_of('api_keys'::text, 'create'::text) AS scope_of) = 'all'::text));


--
-- Name: backups create; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY "create" ON holdfast.backups FOR INSERT TO holdfast_api WITH CHECK (((( SELECT holdfast.scope_of('backups'::text, 'create'::text) AS scope_of) = 'all'::text) OR ((( SELECT holdfast.scope_of('backups'::text, 'create'::text) AS scope_of) = 'own'::text) AND (source_id = ANY (( SELECT holdfast.own_sources() AS own_sources)::uuid[])))));


--
-- Name: deliveries create; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY "create" ON holdfast.deliveries FOR INSERT TO holdfast_api WITH CHECK ((( SELECT holdfast.scope_of('deliveries'::text, 'create'::text) AS scope_of) = 'all'::text));


--
-- Name: destinations create; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY "create" ON holdfast.destinations FOR INSERT TO holdfast_api WITH CHECK ((( SELECT holdfast.scope_of('destinations'::text, 'create'::text) AS scope_of) = 'all'::text));


--
-- Name: jobs create; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY "create" ON holdfast.jobs FOR INSERT TO holdfast_api WITH CHECK (((( SELECT holdfast.scope_of('jobs'::text, 'create'::text) AS scope_of) = 'all'::text) OR ((( SELECT holdfast.scope_of('jobs'::text, 'create'::text) AS scope_of) = 'own'::text) AND (source_id = ANY (( SELECT holdfast.own_sources() AS own_sources)::uuid[])))));


--
-- Name: people create; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY "create" ON holdfast.people FOR INSERT TO holdfast_api WITH CHECK ((( SELECT holdfast.scope_of('people'::text, 'create'::text) AS scope_of) = 'all'::text));


--
-- Name: providers create; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY "create" ON holdfast.providers FOR INSERT TO holdfast_api WITH CHECK ((( SELECT holdfast.scope_of('providers'::text, 'create'::text) AS scope_of) = 'all'::text));


--
-- Name: repositories create; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY "create" ON holdfast.repositories FOR INSERT TO holdfast_api WITH CHECK ((( SELECT holdfast.scope_of('repositories'::text, 'create'::text) AS scope_of) = 'all'::text));


--
-- Name: restores create; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY "create" ON holdfast.restores FOR INSERT TO holdfast_api WITH CHECK (((( SELECT holdfast.scope_of('restores'::text, 'create'::text) AS scope_of) = 'all'::text) AND ((place = 'new'::text) OR (( SELECT holdfast.scope_of('restores'::text, 'change'::text) AS scope_of) = 'all'::text))));


--
-- Name: schedules create; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY "create" ON holdfast.schedules FOR INSERT TO holdfast_api WITH CHECK (((( SELECT holdfast.scope_of('schedules'::text, 'create'::text) AS scope_of) = 'all'::text) OR ((( SELECT holdfast.scope_of('schedules'::text, 'create'::text) AS scope_of) = 'own'::text) AND (source_id = ANY (( SELECT holdfast.own_sources() AS own_sources)::uuid[])))));


--
-- Name: sources create; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY "create" ON holdfast.sources FOR INSERT TO holdfast_api WITH CHECK (((( SELECT holdfast.scope_of('sources'::text, 'create'::text) AS scope_of) = 'all'::text) OR ((( SELECT holdfast.scope_of('sources'::text, 'create'::text) AS scope_of) = 'own'::text) AND (id = ANY (( SELECT holdfast.own_sources() AS own_sources)::uuid[])))));


--
-- Name: subscriptions create; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY "create" ON holdfast.subscriptions FOR INSERT TO holdfast_api WITH CHECK ((( SELECT holdfast.scope_of('subscriptions'::text, 'create'::text) AS scope_of) = 'all'::text));


--
-- Name: deliveries; Type: ROW SECURITY; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.deliveries ENABLE ROW LEVEL SECURITY;

--
-- Name: destinations; Type: ROW SECURITY; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.destinations ENABLE ROW LEVEL SECURITY;

--
-- Name: digest_items; Type: ROW SECURITY; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.digest_items ENABLE ROW LEVEL SECURITY;

--
-- Name: download_uses; Type: ROW SECURITY; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.download_uses ENABLE ROW LEVEL SECURITY;

--
-- Name: job_log; Type: ROW SECURITY; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.job_log ENABLE ROW LEVEL SECURITY;

--
-- Name: jobs; Type: ROW SECURITY; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.jobs ENABLE ROW LEVEL SECURITY;

--
-- Name: links; Type: ROW SECURITY; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.links ENABLE ROW LEVEL SECURITY;

--
-- Name: alarms_seen own; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY own ON holdfast.alarms_seen TO holdfast_api USING ((person = ( SELECT (holdfast.claims() ->> 'subject'::text)))) WITH CHECK (((person = ( SELECT (holdfast.claims() ->> 'subject'::text))) AND (EXISTS ( SELECT
   FROM holdfast.alarms a
  WHERE (a.id = alarms_seen.alarm_id)))));


--
-- Name: people; Type: ROW SECURITY; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.people ENABLE ROW LEVEL SECURITY;

--
-- Name: providers; Type: ROW SECURITY; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.providers ENABLE ROW LEVEL SECURITY;

--
-- Name: alarm_settings read; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY read ON holdfast.alarm_settings FOR SELECT TO holdfast_api USING (((( SELECT holdfast.scope_of('alarm_settings'::text, 'read'::text) AS scope_of) = 'all'::text) OR ((( SELECT holdfast.scope_of('alarm_settings'::text, 'read'::text) AS scope_of) = 'own'::text) AND (source_id = ANY (( SELECT holdfast.own_sources() AS own_sources)::uuid[])))));


--
-- Name: alarms read; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY read ON holdfast.alarms FOR SELECT TO holdfast_api USING (((( SELECT holdfast.scope_of('alarms'::text, 'read'::text) AS scope_of) = 'all'::text) OR ((( SELECT holdfast.scope_of('alarms'::text, 'read'::text) AS scope_of) = 'own'::text) AND (source_id = ANY (( SELECT holdfast.own_sources() AS own_sources)::uuid[])))));


--
-- Name: api_keys read; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY read ON holdfast.api_keys FOR SELECT TO holdfast_api USING ((( SELECT holdfast.scope_of('api_keys'::text, 'read'::text) AS scope_of) = 'all'::text));


--
-- Name: approvals read; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY read ON holdfast.approvals FOR SELECT TO holdfast_api USING ((( SELECT holdfast.scope_of('approvals'::text, 'read'::text) AS scope_of) = 'all'::text));


--
-- Name: audit read; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY read ON holdfast.audit FOR SELECT TO holdfast_api USING ((( SELECT holdfast.scope_of('audit'::text, 'read'::text) AS scope_of) = 'all'::text));


--
-- Name: backup_details read; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY read ON holdfast.backup_details FOR SELECT TO holdfast_api USING ((EXISTS ( SELECT
   FROM holdfast.backups b
  WHERE ((b.repository_id = backup_details.repository_id) AND (b.id = backup_details.backup_id)))));


--
-- Name: backups read; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY read ON holdfast.backups FOR SELECT TO holdfast_api USING (((( SELECT holdfast.scope_of('backups'::text, 'read'::text) AS scope_of) = 'all'::text) OR ((( SELECT holdfast.scope_of('backups'::text, 'read'::text) AS scope_of) = 'own'::text) AND (source_id = ANY (( SELECT holdfast.own_sources() AS own_sources)::uuid[])))));


--
-- Name: changes read; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY read ON holdfast.changes FOR SELECT TO holdfast_api USING ((((kind = 'alarms'::text) AND ((( SELECT holdfast.scope_of('alarms'::text, 'read'::text) AS scope_of) = 'all'::text) OR ((( SELECT holdfast.scope_of('alarms'::text, 'read'::text) AS scope_of) = 'own'::text) AND (source_id = ANY (( SELECT holdfast.own_sources() AS own_sources)::uuid[]))))) OR ((kind = 'backups'::text) AND ((( SELECT holdfast.scope_of('backups'::text, 'read'::text) AS scope_of) = 'all'::text) OR ((( SELECT holdfast.scope_of('backups'::text, 'read'::text) AS scope_of) = 'own'::text) AND (source_id = ANY (( SELECT holdfast.own_sources() AS own_sources)::uuid[]))))) OR ((kind = 'jobs'::text) AND ((( SELECT holdfast.scope_of('jobs'::text, 'read'::text) AS scope_of) = 'all'::text) OR ((( SELECT holdfast.scope_of('jobs'::text, 'read'::text) AS scope_of) = 'own'::text) AND (source_id = ANY (( SELECT holdfast.own_sources() AS own_sources)::uuid[])))))));


--
-- Name: deliveries read; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY read ON holdfast.deliveries FOR SELECT TO holdfast_api USING ((( SELECT holdfast.scope_of('deliveries'::text, 'read'::text) AS scope_of) = 'all'::text));


--
-- Name: destinations read; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY read ON holdfast.destinations FOR SELECT TO holdfast_api USING ((( SELECT holdfast.scope_of('destinations'::text, 'read'::text) AS scope_of) = 'all'::text));


--
-- Name: job_log read; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY read ON holdfast.job_log FOR SELECT TO holdfast_api USING ((EXISTS ( SELECT
   FROM holdfast.jobs j
  WHERE (j.id = job_log.job_id))));


--
-- Name: jobs read; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY read ON holdfast.jobs FOR SELECT TO holdfast_api USING (((( SELECT holdfast.scope_of('jobs'::text, 'read'::text) AS scope_of) = 'all'::text) OR ((( SELECT holdfast.scope_of('jobs'::text, 'read'::text) AS scope_of) = 'own'::text) AND (source_id = ANY (( SELECT holdfast.own_sources() AS own_sources)::uuid[])))));


--
-- Name: people read; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY read ON holdfast.people FOR SELECT TO holdfast_api USING ((( SELECT holdfast.scope_of('people'::text, 'read'::text) AS scope_of) = 'all'::text));


--
-- Name: providers read; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY read ON holdfast.providers FOR SELECT TO holdfast_api USING ((( SELECT holdfast.scope_of('providers'::text, 'read'::text) AS scope_of) = 'all'::text));


--
-- Name: repositories read; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY read ON holdfast.repositories FOR SELECT TO holdfast_api USING ((( SELECT holdfast.scope_of('repositories'::text, 'read'::text) AS scope_of) = 'all'::text));


--
-- Name: restores read; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY read ON holdfast.restores FOR SELECT TO holdfast_api USING ((( SELECT holdfast.scope_of('restores'::text, 'read'::text) AS scope_of) = 'all'::text));


--
-- Name: schedules read; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY read ON holdfast.schedules FOR SELECT TO holdfast_api USING (((( SELECT holdfast.scope_of('schedules'::text, 'read'::text) AS scope_of) = 'all'::text) OR ((( SELECT holdfast.scope_of('schedules'::text, 'read'::text) AS scope_of) = 'own'::text) AND (source_id = ANY (( SELECT holdfast.own_sources() AS own_sources)::uuid[])))));


--
-- Name: settings read; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY read ON holdfast.settings FOR SELECT TO holdfast_api USING ((( SELECT holdfast.scope_of('settings'::text, 'read'::text) AS scope_of) = 'all'::text));


--
-- Name: sources read; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY read ON holdfast.sources FOR SELECT TO holdfast_api USING (((( SELECT holdfast.scope_of('sources'::text, 'read'::text) AS scope_of) = 'all'::text) OR ((( SELECT holdfast.scope_of('sources'::text, 'read'::text) AS scope_of) = 'own'::text) AND (id = ANY (( SELECT holdfast.own_sources() AS own_sources)::uuid[])))));


--
-- Name: storage_points read; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY read ON holdfast.storage_points FOR SELECT TO holdfast_api USING ((EXISTS ( SELECT
   FROM holdfast.repositories r
  WHERE (r.id = storage_points.repository_id))));


--
-- Name: subscriptions read; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY read ON holdfast.subscriptions FOR SELECT TO holdfast_api USING ((( SELECT holdfast.scope_of('subscriptions'::text, 'read'::text) AS scope_of) = 'all'::text));


--
-- Name: recovery_codes; Type: ROW SECURITY; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.recovery_codes ENABLE ROW LEVEL SECURITY;

--
-- Name: alarm_settings remove; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY remove ON holdfast.alarm_settings FOR DELETE TO holdfast_api USING (((( SELECT holdfast.scope_of('alarm_settings'::text, 'remove'::text) AS scope_of) = 'all'::text) OR ((( SELECT holdfast.scope_of('alarm_settings'::text, 'remove'::text) AS scope_of) = 'own'::text) AND (source_id = ANY (( SELECT holdfast.own_sources() AS own_sources)::uuid[])))));


--
-- Name: alarms remove; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY remove ON holdfast.alarms FOR DELETE TO holdfast_api USING (((( SELECT holdfast.scope_of('alarms'::text, 'remove'::text) AS scope_of) = 'all'::text) OR ((( SELECT holdfast.scope_of('alarms'::text, 'remove'::text) AS scope_of) = 'own'::text) AND (source_id = ANY (( SELECT holdfast.own_sources() AS own_sources)::uuid[])))));


--
-- Name: api_keys remove; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY remove ON holdfast.api_keys FOR DELETE TO holdfast_api USING ((( SELECT holdfast.scope_of('api_keys'::text, 'remove'::text) AS scope_of) = 'all'::text));


--
-- Name: backups remove; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY remove ON holdfast.backups FOR DELETE TO holdfast_api USING (((( SELECT holdfast.scope_of('backups'::text, 'remove'::text) AS scope_of) = 'all'::text) OR ((( SELECT holdfast.scope_of('backups'::text, 'remove'::text) AS scope_of) = 'own'::text) AND (source_id = ANY (( SELECT holdfast.own_sources() AS own_sources)::uuid[])))));


--
-- Name: deliveries remove; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY remove ON holdfast.deliveries FOR DELETE TO holdfast_api USING ((( SELECT holdfast.scope_of('deliveries'::text, 'remove'::text) AS scope_of) = 'all'::text));


--
-- Name: destinations remove; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY remove ON holdfast.destinations FOR DELETE TO holdfast_api USING ((( SELECT holdfast.scope_of('destinations'::text, 'remove'::text) AS scope_of) = 'all'::text));


--
-- Name: jobs remove; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY remove ON holdfast.jobs FOR DELETE TO holdfast_api USING (((( SELECT holdfast.scope_of('jobs'::text, 'remove'::text) AS scope_of) = 'all'::text) OR ((( SELECT holdfast.scope_of('jobs'::text, 'remove'::text) AS scope_of) = 'own'::text) AND (source_id = ANY (( SELECT holdfast.own_sources() AS own_sources)::uuid[])))));


--
-- Name: people remove; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY remove ON holdfast.people FOR DELETE TO holdfast_api USING ((( SELECT holdfast.scope_of('people'::text, 'remove'::text) AS scope_of) = 'all'::text));


--
-- Name: providers remove; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY remove ON holdfast.providers FOR DELETE TO holdfast_api USING ((( SELECT holdfast.scope_of('providers'::text, 'remove'::text) AS scope_of) = 'all'::text));


--
-- Name: repositories remove; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY remove ON holdfast.repositories FOR DELETE TO holdfast_api USING ((( SELECT holdfast.scope_of('repositories'::text, 'remove'::text) AS scope_of) = 'all'::text));


--
-- Name: restores remove; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY remove ON holdfast.restores FOR DELETE TO holdfast_api USING ((( SELECT holdfast.scope_of('restores'::text, 'remove'::text) AS scope_of) = 'all'::text));


--
-- Name: schedules remove; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY remove ON holdfast.schedules FOR DELETE TO holdfast_api USING (((( SELECT holdfast.scope_of('schedules'::text, 'remove'::text) AS scope_of) = 'all'::text) OR ((( SELECT holdfast.scope_of('schedules'::text, 'remove'::text) AS scope_of) = 'own'::text) AND (source_id = ANY (( SELECT holdfast.own_sources() AS own_sources)::uuid[])))));


--
-- Name: sources remove; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY remove ON holdfast.sources FOR DELETE TO holdfast_api USING (((( SELECT holdfast.scope_of('sources'::text, 'remove'::text) AS scope_of) = 'all'::text) OR ((( SELECT holdfast.scope_of('sources'::text, 'remove'::text) AS scope_of) = 'own'::text) AND (id = ANY (( SELECT holdfast.own_sources() AS own_sources)::uuid[])))));


--
-- Name: subscriptions remove; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY remove ON holdfast.subscriptions FOR DELETE TO holdfast_api USING ((( SELECT holdfast.scope_of('subscriptions'::text, 'remove'::text) AS scope_of) = 'all'::text));


--
-- Name: repositories; Type: ROW SECURITY; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.repositories ENABLE ROW LEVEL SECURITY;

--
-- Name: restores; Type: ROW SECURITY; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.restores ENABLE ROW LEVEL SECURITY;

--
-- Name: schedules; Type: ROW SECURITY; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.schedules ENABLE ROW LEVEL SECURITY;

--
-- Name: sessions; Type: ROW SECURITY; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.sessions ENABLE ROW LEVEL SECURITY;

--
-- Name: settings; Type: ROW SECURITY; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.settings ENABLE ROW LEVEL SECURITY;

--
-- Name: sources; Type: ROW SECURITY; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.sources ENABLE ROW LEVEL SECURITY;

--
-- Name: storage_points; Type: ROW SECURITY; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.storage_points ENABLE ROW LEVEL SECURITY;

--
-- Name: subscriptions; Type: ROW SECURITY; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.subscriptions ENABLE ROW LEVEL SECURITY;

--
-- Name: SCHEMA holdfast; Type: ACL; Schema: -; Owner: postgres
--

GRANT USAGE ON SCHEMA holdfast TO holdfast_api;


--
-- Name: FUNCTION end_restore(); Type: ACL; Schema: holdfast; Owner: postgres
--

REVOKE ALL ON FUNCTION holdfast.end_restore() FROM PUBLIC;


--
-- Name: FUNCTION owner_of(subject text); Type: ACL; Schema: holdfast; Owner: postgres
--

REVOKE ALL ON FUNCTION holdfast.owner_of(subject text) FROM PUBLIC;
GRANT ALL ON FUNCTION holdfast.owner_of(subject text) TO holdfast_api;


--
-- Name: TABLE permissions; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT ON TABLE holdfast.permissions TO holdfast_api;


--
-- Name: TABLE alarm_settings; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE holdfast.alarm_settings TO holdfast_api;


--
-- Name: TABLE alarms; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE holdfast.alarms TO holdfast_api;


--
-- Name: TABLE alarms_seen; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT,INSERT,DELETE ON TABLE holdfast.alarms_seen TO holdfast_api;


--
-- Name: TABLE api_keys; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT INSERT,DELETE,UPDATE ON TABLE holdfast.api_keys TO holdfast_api;


--
-- Name: COLUMN api_keys.id; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(id) ON TABLE holdfast.api_keys TO holdfast_api;


--
-- Name: COLUMN api_keys.name; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(name) ON TABLE holdfast.api_keys TO holdfast_api;


--
-- Name: COLUMN api_keys.role; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(role) ON TABLE holdfast.api_keys TO holdfast_api;


--
-- Name: COLUMN api_keys.sources; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(sources) ON TABLE holdfast.api_keys TO holdfast_api;


--
-- Name: COLUMN api_keys.created_at; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(created_at) ON TABLE holdfast.api_keys TO holdfast_api;


--
-- Name: COLUMN api_keys.expires_at; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(expires_at) ON TABLE holdfast.api_keys TO holdfast_api;


--
-- Name: COLUMN api_keys.revoked_at; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(revoked_at) ON TABLE holdfast.api_keys TO holdfast_api;


--
-- Name: COLUMN api_keys.scopes; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(scopes) ON TABLE holdfast.api_keys TO holdfast_api;


--
-- Name: COLUMN api_keys.created_by; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(created_by) ON TABLE holdfast.api_keys TO holdfast_api;


--
-- Name: COLUMN api_keys.last_used_at; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(last_used_at) ON TABLE holdfast.api_keys TO holdfast_api;


--
-- Name: TABLE approvals; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT DELETE ON TABLE holdfast.approvals TO holdfast_api;


--
-- Name: COLUMN approvals.id; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(id) ON TABLE holdfast.approvals TO holdfast_api;


--
-- Name: COLUMN approvals.operation; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(operation) ON TABLE holdfast.approvals TO holdfast_api;


--
-- Name: COLUMN approvals.about; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(about) ON TABLE holdfast.approvals TO holdfast_api;


--
-- Name: COLUMN approvals.reason; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(reason) ON TABLE holdfast.approvals TO holdfast_api;


--
-- Name: COLUMN approvals.requested_by; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(requested_by) ON TABLE holdfast.approvals TO holdfast_api;


--
-- Name: COLUMN approvals.status; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(status),UPDATE(status) ON TABLE holdfast.approvals TO holdfast_api;


--
-- Name: COLUMN approvals.decided_by; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(decided_by),UPDATE(decided_by) ON TABLE holdfast.approvals TO holdfast_api;


--
-- Name: COLUMN approvals.decided_at; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(decided_at),UPDATE(decided_at) ON TABLE holdfast.approvals TO holdfast_api;


--
-- Name: COLUMN approvals.created_at; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(created_at) ON TABLE holdfast.approvals TO holdfast_api;


--
-- Name: COLUMN approvals.expires_at; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(expires_at) ON TABLE holdfast.approvals TO holdfast_api;


--
-- Name: TABLE audit; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT ON TABLE holdfast.audit TO holdfast_api;


--
-- Name: TABLE backup_details; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT ON TABLE holdfast.backup_details TO holdfast_api;


--
-- Name: TABLE backups; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE holdfast.backups TO holdfast_api;


--
-- Name: TABLE changes; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT ON TABLE holdfast.changes TO holdfast_api;


--
-- Name: TABLE deliveries; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE holdfast.deliveries TO holdfast_api;


--
-- Name: TABLE destinations; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT INSERT,DELETE,UPDATE ON TABLE holdfast.destinations TO holdfast_api;


--
-- Name: COLUMN destinations.id; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(id) ON TABLE holdfast.destinations TO holdfast_api;


--
-- Name: COLUMN destinations.name; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(name) ON TABLE holdfast.destinations TO holdfast_api;


--
-- Name: COLUMN destinations.kind; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(kind) ON TABLE holdfast.destinations TO holdfast_api;


--
-- Name: COLUMN destinations.settings; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(settings) ON TABLE holdfast.destinations TO holdfast_api;


--
-- Name: COLUMN destinations.reach; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(reach) ON TABLE holdfast.destinations TO holdfast_api;


--
-- Name: COLUMN destinations.enabled; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(enabled) ON TABLE holdfast.destinations TO holdfast_api;


--
-- Name: COLUMN destinations.source_id; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(source_id) ON TABLE holdfast.destinations TO holdfast_api;


--
-- Name: COLUMN destinations.schedule_id; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(schedule_id) ON TABLE holdfast.destinations TO holdfast_api;


--
-- Name: COLUMN destinations.job_kind; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(job_kind) ON TABLE holdfast.destinations TO holdfast_api;


--
-- Name: COLUMN destinations.sent; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(sent) ON TABLE holdfast.destinations TO holdfast_api;


--
-- Name: COLUMN destinations.failures; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(failures) ON TABLE holdfast.destinations TO holdfast_api;


--
-- Name: COLUMN destinations.created_at; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(created_at) ON TABLE holdfast.destinations TO holdfast_api;


--
-- Name: COLUMN destinations.changed_at; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(changed_at) ON TABLE holdfast.destinations TO holdfast_api;


--
-- Name: TABLE job_log; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT ON TABLE holdfast.job_log TO holdfast_api;


--
-- Name: TABLE jobs; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE holdfast.jobs TO holdfast_api;


--
-- Name: TABLE people; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT INSERT,DELETE,UPDATE ON TABLE holdfast.people TO holdfast_api;


--
-- Name: COLUMN people.id; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(id) ON TABLE holdfast.people TO holdfast_api;


--
-- Name: COLUMN people.email; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(email) ON TABLE holdfast.people TO holdfast_api;


--
-- Name: COLUMN people.name; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(name) ON TABLE holdfast.people TO holdfast_api;


--
-- Name: COLUMN people.role; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(role) ON TABLE holdfast.people TO holdfast_api;


--
-- Name: COLUMN people.sources; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(sources) ON TABLE holdfast.people TO holdfast_api;


--
-- Name: COLUMN people.active; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(active) ON TABLE holdfast.people TO holdfast_api;


--
-- Name: COLUMN people.password_at; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(password_at) ON TABLE holdfast.people TO holdfast_api;


--
-- Name: COLUMN people.language; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(language) ON TABLE holdfast.people TO holdfast_api;


--
-- Name: COLUMN people.theme; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(theme) ON TABLE holdfast.people TO holdfast_api;


--
-- Name: COLUMN people.totp_on; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(totp_on) ON TABLE holdfast.people TO holdfast_api;


--
-- Name: COLUMN people.created_at; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(created_at) ON TABLE holdfast.people TO holdfast_api;


--
-- Name: COLUMN people.changed_at; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(changed_at) ON TABLE holdfast.people TO holdfast_api;


--
-- Name: COLUMN people.signed_in_at; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(signed_in_at) ON TABLE holdfast.people TO holdfast_api;


--
-- Name: COLUMN people.wished; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(wished) ON TABLE holdfast.people TO holdfast_api;


--
-- Name: TABLE providers; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT INSERT,DELETE,UPDATE ON TABLE holdfast.providers TO holdfast_api;


--
-- Name: COLUMN providers.id; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(id) ON TABLE holdfast.providers TO holdfast_api;


--
-- Name: COLUMN providers.name; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(name) ON TABLE holdfast.providers TO holdfast_api;


--
-- Name: COLUMN providers.issuer; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(issuer) ON TABLE holdfast.providers TO holdfast_api;


--
-- Name: COLUMN providers.audience; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(audience) ON TABLE holdfast.providers TO holdfast_api;


--
-- Name: COLUMN providers.jwks_url; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(jwks_url) ON TABLE holdfast.providers TO holdfast_api;


--
-- Name: COLUMN providers.algorithms; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(algorithms) ON TABLE holdfast.providers TO holdfast_api;


--
-- Name: COLUMN providers.email_claim; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(email_claim) ON TABLE holdfast.providers TO holdfast_api;


--
-- Name: COLUMN providers.email_verified; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(email_verified) ON TABLE holdfast.providers TO holdfast_api;


--
-- Name: COLUMN providers.client_id; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(client_id) ON TABLE holdfast.providers TO holdfast_api;


--
-- Name: COLUMN providers.enabled; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(enabled) ON TABLE holdfast.providers TO holdfast_api;


--
-- Name: COLUMN providers.created_at; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(created_at) ON TABLE holdfast.providers TO holdfast_api;


--
-- Name: COLUMN providers.changed_at; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(changed_at) ON TABLE holdfast.providers TO holdfast_api;


--
-- Name: TABLE repositories; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT INSERT,DELETE,UPDATE ON TABLE holdfast.repositories TO holdfast_api;


--
-- Name: COLUMN repositories.id; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(id) ON TABLE holdfast.repositories TO holdfast_api;


--
-- Name: COLUMN repositories.name; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(name) ON TABLE holdfast.repositories TO holdfast_api;


--
-- Name: COLUMN repositories.address; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(address) ON TABLE holdfast.repositories TO holdfast_api;


--
-- Name: COLUMN repositories.repository; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(repository) ON TABLE holdfast.repositories TO holdfast_api;


--
-- Name: COLUMN repositories.created_at; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(created_at) ON TABLE holdfast.repositories TO holdfast_api;


--
-- Name: COLUMN repositories.changed_at; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(changed_at) ON TABLE holdfast.repositories TO holdfast_api;


--
-- Name: COLUMN repositories.copies; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(copies) ON TABLE holdfast.repositories TO holdfast_api;


--
-- Name: COLUMN repositories.max_jobs; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(max_jobs) ON TABLE holdfast.repositories TO holdfast_api;


--
-- Name: COLUMN repositories.kind; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(kind) ON TABLE holdfast.repositories TO holdfast_api;


--
-- Name: COLUMN repositories.owner_key; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(owner_key) ON TABLE holdfast.repositories TO holdfast_api;


--
-- Name: TABLE restores; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT INSERT,DELETE,UPDATE ON TABLE holdfast.restores TO holdfast_api;


--
-- Name: COLUMN restores.id; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(id) ON TABLE holdfast.restores TO holdfast_api;


--
-- Name: COLUMN restores.place; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(place) ON TABLE holdfast.restores TO holdfast_api;


--
-- Name: COLUMN restores.target; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(target) ON TABLE holdfast.restores TO holdfast_api;


--
-- Name: COLUMN restores.as_user; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(as_user) ON TABLE holdfast.restores TO holdfast_api;


--
-- Name: COLUMN restores.database; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(database) ON TABLE holdfast.restores TO holdfast_api;


--
-- Name: COLUMN restores.step; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(step) ON TABLE holdfast.restores TO holdfast_api;


--
-- Name: COLUMN restores.restore; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(restore) ON TABLE holdfast.restores TO holdfast_api;


--
-- Name: COLUMN restores.undoes; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(undoes) ON TABLE holdfast.restores TO holdfast_api;


--
-- Name: COLUMN restores.preview; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(preview) ON TABLE holdfast.restores TO holdfast_api;


--
-- Name: COLUMN restores.preview_cut; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(preview_cut) ON TABLE holdfast.restores TO holdfast_api;


--
-- Name: COLUMN restores.digest; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(digest) ON TABLE holdfast.restores TO holdfast_api;


--
-- Name: COLUMN restores.expires_at; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(expires_at) ON TABLE holdfast.restores TO holdfast_api;


--
-- Name: COLUMN restores.confirmed_at; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(confirmed_at) ON TABLE holdfast.restores TO holdfast_api;


--
-- Name: COLUMN restores.confirmed_by; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(confirmed_by) ON TABLE holdfast.restores TO holdfast_api;


--
-- Name: COLUMN restores.changed; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(changed) ON TABLE holdfast.restores TO holdfast_api;


--
-- Name: COLUMN restores.why; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(why) ON TABLE holdfast.restores TO holdfast_api;


--
-- Name: COLUMN restores.report; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(report) ON TABLE holdfast.restores TO holdfast_api;


--
-- Name: TABLE schedules; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE holdfast.schedules TO holdfast_api;


--
-- Name: TABLE settings; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE holdfast.settings TO holdfast_api;


--
-- Name: TABLE sources; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT INSERT,DELETE,UPDATE ON TABLE holdfast.sources TO holdfast_api;


--
-- Name: COLUMN sources.id; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(id) ON TABLE holdfast.sources TO holdfast_api;


--
-- Name: COLUMN sources.name; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(name) ON TABLE holdfast.sources TO holdfast_api;


--
-- Name: COLUMN sources.address; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(address) ON TABLE holdfast.sources TO holdfast_api;


--
-- Name: COLUMN sources.settings; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(settings) ON TABLE holdfast.sources TO holdfast_api;


--
-- Name: COLUMN sources.repository_id; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(repository_id) ON TABLE holdfast.sources TO holdfast_api;


--
-- Name: COLUMN sources.created_at; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(created_at) ON TABLE holdfast.sources TO holdfast_api;


--
-- Name: COLUMN sources.changed_at; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT(changed_at) ON TABLE holdfast.sources TO holdfast_api;


--
-- Name: TABLE storage_points; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT ON TABLE holdfast.storage_points TO holdfast_api;


--
-- Name: TABLE subscriptions; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE holdfast.subscriptions TO holdfast_api;


--
-- PostgreSQL database dump complete
--

