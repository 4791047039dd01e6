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
-- Name: claims(); Type: FUNCTION; Schema: holdfast; Owner: postgres
--

CREATE FUNCTION holdfast.claims() RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO ''
    RETURN (COALESCE(NULLIF(current_setting('holdfast.claims'::text, true), ''::text), '{}'::text))::jsonb;


ALTER FUNCTION holdfast.claims() OWNER TO postgres;

--
-- Name: own_sources(); Type: FUNCTION; Schema: holdfast; Owner: postgres
--

CREATE FUNCTION holdfast.own_sources() RETURNS uuid[]
    LANGUAGE sql STABLE
    SET search_path TO ''
    RETURN ARRAY(SELECT (s.id)::uuid AS id FROM jsonb_array_elements_text(COALESCE((holdfast.claims() -> 'sources'::text), '[]'::jsonb)) s(id));


ALTER FUNCTION holdfast.own_sources() OWNER TO postgres;

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
    RETURN (SELECT p.scope FROM holdfast.permissions p WHERE ((p.role = (holdfast.claims() ->> 'role'::text)) AND (p.resource = scope_of.resource) AND (p.action = scope_of.action)));


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
    CONSTRAINT api_keys_role_check CHECK ((role = ANY (ARRAY['super_admin'::text, 'platform_operator'::text, 'read_only_admin'::text, 'tenant_admin'::text])))
);


ALTER TABLE holdfast.api_keys OWNER TO postgres;

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
    CONSTRAINT jobs_check CHECK (((status = 'running'::text) = (lease_until IS NOT NULL))),
    CONSTRAINT jobs_check1 CHECK (((status = ANY (ARRAY['completed'::text, 'failed'::text, 'cancelled'::text])) = (ended_at IS NOT NULL))),
    CONSTRAINT jobs_check2 CHECK (((status = 'failed'::text) <= (error IS NOT NULL))),
    CONSTRAINT jobs_max_attempts_check CHECK (((max_attempts >= 1) AND (max_attempts <= 100))),
    CONSTRAINT jobs_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'waiting'::text, 'running'::text, 'completed'::text, 'failed'::text, 'cancelled'::text])))
);


ALTER TABLE holdfast.jobs OWNER TO postgres;

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
    CONSTRAINT repositories_address_check CHECK ((address <> ''::text)),
    CONSTRAINT repositories_name_check CHECK ((name ~ '^[a-z0-9][a-z0-9_-]{0,62}$'::text))
);


ALTER TABLE holdfast.repositories OWNER TO postgres;

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
-- Name: migrations migrations_pkey; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (number);


--
-- Name: permissions permissions_pkey; Type: CONSTRAINT; Schema: holdfast; Owner: postgres
--

ALTER TABLE ONLY holdfast.permissions
    ADD CONSTRAINT permissions_pkey PRIMARY KEY (role, resource, action);


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
-- Name: backups_newest; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX backups_newest ON holdfast.backups USING btree (moment DESC, id DESC);


--
-- Name: backups_source; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX backups_source ON holdfast.backups USING btree (source_id, moment DESC);


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
-- Name: jobs_exclusive; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE UNIQUE INDEX jobs_exclusive ON holdfast.jobs USING btree (exclusive_key) WHERE (status = 'running'::text);


--
-- Name: jobs_lease; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX jobs_lease ON holdfast.jobs USING btree (lease_until) WHERE (status = 'running'::text);


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
-- Name: jobs_source; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX jobs_source ON holdfast.jobs USING btree (source_id, created_at DESC);


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
-- Name: api_keys; Type: ROW SECURITY; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.api_keys ENABLE ROW LEVEL SECURITY;

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
-- Name: repositories change; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY change ON holdfast.repositories FOR UPDATE TO holdfast_api USING ((( SELECT holdfast.scope_of('repositories'::text, 'change'::text) AS scope_of) = 'all'::text));


--
-- Name: schedules change; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY change ON holdfast.schedules FOR UPDATE TO holdfast_api USING (((( SELECT holdfast.scope_of('schedules'::text, 'change'::text) AS scope_of) = 'all'::text) OR ((( SELECT holdfast.scope_of('schedules'::text, 'change'::text) AS scope_of) = 'own'::text) AND (source_id = ANY (( SELECT holdfast.own_sources() AS own_sources)::uuid[])))));


--
-- Name: sources change; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY change ON holdfast.sources FOR UPDATE TO holdfast_api USING (((( SELECT holdfast.scope_of('sources'::text, 'change'::text) AS scope_of) = 'all'::text) OR ((( SELECT holdfast.scope_of('sources'::text, 'change'::text) AS scope_of) = 'own'::text) AND (id = ANY (( SELECT holdfast.own_sources() AS own_sources)::uuid[])))));


--
-- Name: subscriptions change; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY change ON holdfast.subscriptions FOR UPDATE TO holdfast_api USING ((( SELECT holdfast.scope_of('subscriptions'::text, 'change'::text) AS scope_of) = 'all'::text));


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
-- Name: repositories create; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY "create" ON holdfast.repositories FOR INSERT TO holdfast_api WITH CHECK ((( SELECT holdfast.scope_of('repositories'::text, 'create'::text) AS scope_of) = 'all'::text));


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
-- Name: alarms_seen own; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY own ON holdfast.alarms_seen TO holdfast_api USING ((person = ( SELECT (holdfast.claims() ->> 'subject'::text)))) WITH CHECK (((person = ( SELECT (holdfast.claims() ->> 'subject'::text))) AND (EXISTS ( SELECT
   FROM holdfast.alarms a
  WHERE (a.id = alarms_seen.alarm_id)))));


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
-- Name: backups read; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY read ON holdfast.backups FOR SELECT TO holdfast_api USING (((( SELECT holdfast.scope_of('backups'::text, 'read'::text) AS scope_of) = 'all'::text) OR ((( SELECT holdfast.scope_of('backups'::text, 'read'::text) AS scope_of) = 'own'::text) AND (source_id = ANY (( SELECT holdfast.own_sources() AS own_sources)::uuid[])))));


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
-- Name: repositories read; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY read ON holdfast.repositories FOR SELECT TO holdfast_api USING ((( SELECT holdfast.scope_of('repositories'::text, 'read'::text) AS scope_of) = 'all'::text));


--
-- Name: schedules read; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY read ON holdfast.schedules FOR SELECT TO holdfast_api USING (((( SELECT holdfast.scope_of('schedules'::text, 'read'::text) AS scope_of) = 'all'::text) OR ((( SELECT holdfast.scope_of('schedules'::text, 'read'::text) AS scope_of) = 'own'::text) AND (source_id = ANY (( SELECT holdfast.own_sources() AS own_sources)::uuid[])))));


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
-- Name: repositories remove; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY remove ON holdfast.repositories FOR DELETE TO holdfast_api USING ((( SELECT holdfast.scope_of('repositories'::text, 'remove'::text) AS scope_of) = 'all'::text));


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
-- Name: schedules; Type: ROW SECURITY; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.schedules ENABLE ROW LEVEL SECURITY;

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
-- Name: TABLE backups; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE holdfast.backups TO holdfast_api;


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
-- Name: TABLE schedules; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE holdfast.schedules TO holdfast_api;


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

