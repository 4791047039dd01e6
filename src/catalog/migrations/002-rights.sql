-- Who may do what, as rows, and the policies that follow from them. The API works as the role holdfast_api, which owns
-- nothing and bypasses nothing, and tells whom it acts for in the setting holdfast.claims of its transaction.

CREATE TABLE holdfast.permissions (
  role text NOT NULL,
  resource text NOT NULL,
  action text NOT NULL CHECK (action IN ('read', 'create', 'change', 'remove')),
  -- all: every row. own: rows of the sources that the claims name.
  scope text NOT NULL CHECK (scope IN ('all', 'own')),
  PRIMARY KEY (role, resource, action)
);

-- The same as src/catalog/permissions.ts, which a test compares.
INSERT INTO holdfast.permissions (role, resource, action, scope)
SELECT r.role, r.resource, a.action, r.scope
FROM (VALUES
  ('super_admin', 'repositories', 'read create change remove', 'all'),
  ('super_admin', 'sources', 'read create change remove', 'all'),
  ('super_admin', 'schedules', 'read create change remove', 'all'),
  ('super_admin', 'jobs', 'read create change', 'all'),
  ('super_admin', 'backups', 'read create change remove', 'all'),
  ('super_admin', 'api_keys', 'read create change', 'all'),
  ('platform_operator', 'repositories', 'read', 'all'),
  ('platform_operator', 'sources', 'read', 'all'),
  ('platform_operator', 'schedules', 'read', 'all'),
  ('platform_operator', 'jobs', 'read create change', 'all'),
  ('platform_operator', 'backups', 'read', 'all'),
  ('read_only_admin', 'repositories', 'read', 'all'),
  ('read_only_admin', 'sources', 'read', 'all'),
  ('read_only_admin', 'schedules', 'read', 'all'),
  ('read_only_admin', 'jobs', 'read', 'all'),
  ('read_only_admin', 'backups', 'read', 'all'),
  ('tenant_admin', 'sources', 'read', 'own'),
  ('tenant_admin', 'jobs', 'read', 'own'),
  ('tenant_admin', 'backups', 'read', 'own')
) AS r (role, resource, actions, scope)
CROSS JOIN LATERAL pg_catalog.string_to_table(r.actions, ' ') AS a (action);

ALTER TABLE holdfast.api_keys ADD CHECK (
  role IN ('super_admin', 'platform_operator', 'read_only_admin', 'tenant_admin')
);

CREATE FUNCTION holdfast.claims() RETURNS jsonb
  LANGUAGE sql STABLE SET search_path = ''
  RETURN coalesce(nullif(pg_catalog.current_setting('holdfast.claims', true), ''), '{}')::pg_catalog.jsonb;

-- Null, which every policy takes for no, if the caller has no such right.
CREATE FUNCTION holdfast.scope_of(resource text, action text) RETURNS text
  LANGUAGE sql STABLE SET search_path = ''
  RETURN (
    SELECT p.scope FROM holdfast.permissions AS p
    WHERE p.role = holdfast.claims() ->> 'role' AND p.resource = $1 AND p.action = $2
  );

CREATE FUNCTION holdfast.own_sources() RETURNS uuid[]
  LANGUAGE sql STABLE SET search_path = ''
  RETURN ARRAY(
    SELECT s.id::uuid FROM pg_catalog.jsonb_array_elements_text(
      coalesce(holdfast.claims() -> 'sources', '[]'::pg_catalog.jsonb)
    ) AS s (id)
  );

GRANT USAGE ON SCHEMA holdfast TO holdfast_api;
GRANT SELECT ON holdfast.permissions TO holdfast_api;

-- The functions stand in subqueries, so that they are asked once for a statement and not once for a row.
DO $$
DECLARE
  t record;
  a record;
  allowed text;
BEGIN
  FOR t IN SELECT * FROM (VALUES
    ('repositories', NULL), ('sources', 'id'), ('schedules', 'source_id'), ('jobs', 'source_id'),
    ('backups', 'source_id'), ('api_keys', NULL)
  ) AS tables (name, source) LOOP
    EXECUTE pg_catalog.format('ALTER TABLE holdfast.%I ENABLE ROW LEVEL SECURITY', t.name);
    EXECUTE pg_catalog.format('GRANT INSERT, UPDATE, DELETE ON holdfast.%I TO holdfast_api', t.name);
    FOR a IN SELECT * FROM (VALUES
      ('read', 'SELECT', 'USING'), ('create', 'INSERT', 'WITH CHECK'), ('change', 'UPDATE', 'USING'),
      ('remove', 'DELETE', 'USING')
    ) AS actions (name, command, clause) LOOP
      allowed := pg_catalog.format('(SELECT holdfast.scope_of(%L, %L)) = ''all''', t.name, a.name);
      IF t.source IS NOT NULL THEN
        allowed := allowed || pg_catalog.format(
          ' OR (SELECT holdfast.scope_of(%L, %L)) = ''own'' AND %I = ANY ((SELECT holdfast.own_sources())::uuid[])',
          t.name, a.name, t.source);
      END IF;
      EXECUTE pg_catalog.format('CREATE POLICY %I ON holdfast.%I FOR %s TO holdfast_api %s (%s)',
        a.name, t.name, a.command, a.clause, allowed);
    END LOOP;
  END LOOP;
END
$$;

-- What is sealed, and the hashes of keys, the API may write and not read.
GRANT SELECT (id, name, address, repository, created_at, changed_at) ON holdfast.repositories TO holdfast_api;
GRANT SELECT (id, name, address, settings, repository_id, created_at, changed_at) ON holdfast.sources TO holdfast_api;
GRANT SELECT (id, name, role, sources, created_at, expires_at, revoked_at) ON holdfast.api_keys TO holdfast_api;
GRANT SELECT ON holdfast.schedules, holdfast.jobs, holdfast.backups TO holdfast_api;

-- Whoever sees a job sees its log.
ALTER TABLE holdfast.job_log ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON holdfast.job_log TO holdfast_api;
CREATE POLICY read ON holdfast.job_log FOR SELECT TO holdfast_api
  USING (EXISTS (SELECT FROM holdfast.jobs AS j WHERE j.id = job_id));
