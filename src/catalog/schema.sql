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
-- Name: backups_newest; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX backups_newest ON holdfast.backups USING btree (moment DESC, id DESC);


--
-- Name: backups_source; Type: INDEX; Schema: holdfast; Owner: postgres
--

CREATE INDEX backups_source ON holdfast.backups USING btree (source_id, moment DESC);


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
-- Name: api_keys; Type: ROW SECURITY; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.api_keys ENABLE ROW LEVEL SECURITY;

--
-- Name: backups; Type: ROW SECURITY; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.backups ENABLE ROW LEVEL SECURITY;

--
-- Name: api_keys change; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY change ON holdfast.api_keys FOR UPDATE TO holdfast_api USING ((( SELECT holdfast.scope_of('api_keys'::text, 'change'::text) AS scope_of) = 'all'::text));


--
-- Name: backups change; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY change ON holdfast.backups FOR UPDATE TO holdfast_api USING (((( SELECT holdfast.scope_of('backups'::text, 'change'::text) AS scope_of) = 'all'::text) OR ((( SELECT holdfast.scope_of('backups'::text, 'change'::text) AS scope_of) = 'own'::text) AND (source_id = ANY (( SELECT holdfast.own_sources() AS own_sources)::uuid[])))));


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
-- Name: api_keys create; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY "create" ON holdfast.api_keys FOR INSERT TO holdfast_api WITH CHECK ((( SELECT holdfast.scope_of('api_keys'::text, 'create'::text) AS scope_of) = 'all'::text));


--
-- Name: backups create; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY "create" ON holdfast.backups FOR INSERT TO holdfast_api WITH CHECK (((( SELECT holdfast.scope_of('backups'::text, 'create'::text) AS scope_of) = 'all'::text) OR ((( SELECT holdfast.scope_of('backups'::text, 'create'::text) AS scope_of) = 'own'::text) AND (source_id = ANY (( SELECT holdfast.own_sources() AS own_sources)::uuid[])))));


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
-- Name: job_log; Type: ROW SECURITY; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.job_log ENABLE ROW LEVEL SECURITY;

--
-- Name: jobs; Type: ROW SECURITY; Schema: holdfast; Owner: postgres
--

ALTER TABLE holdfast.jobs ENABLE ROW LEVEL SECURITY;

--
-- Name: api_keys read; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY read ON holdfast.api_keys FOR SELECT TO holdfast_api USING ((( SELECT holdfast.scope_of('api_keys'::text, 'read'::text) AS scope_of) = 'all'::text));


--
-- Name: backups read; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY read ON holdfast.backups FOR SELECT TO holdfast_api USING (((( SELECT holdfast.scope_of('backups'::text, 'read'::text) AS scope_of) = 'all'::text) OR ((( SELECT holdfast.scope_of('backups'::text, 'read'::text) AS scope_of) = 'own'::text) AND (source_id = ANY (( SELECT holdfast.own_sources() AS own_sources)::uuid[])))));


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
-- Name: api_keys remove; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY remove ON holdfast.api_keys FOR DELETE TO holdfast_api USING ((( SELECT holdfast.scope_of('api_keys'::text, 'remove'::text) AS scope_of) = 'all'::text));


--
-- Name: backups remove; Type: POLICY; Schema: holdfast; Owner: postgres
--

CREATE POLICY remove ON holdfast.backups FOR DELETE TO holdfast_api USING (((( SELECT holdfast.scope_of('backups'::text, 'remove'::text) AS scope_of) = 'all'::text) OR ((( SELECT holdfast.scope_of('backups'::text, 'remove'::text) AS scope_of) = 'own'::text) AND (source_id = ANY (( SELECT holdfast.own_sources() AS own_sources)::uuid[])))));


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
-- Name: SCHEMA holdfast; Type: ACL; Schema: -; Owner: postgres
--

GRANT USAGE ON SCHEMA holdfast TO holdfast_api;


--
-- Name: TABLE permissions; Type: ACL; Schema: holdfast; Owner: postgres
--

GRANT SELECT ON TABLE holdfast.permissions TO holdfast_api;


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
-- PostgreSQL database dump complete
--

