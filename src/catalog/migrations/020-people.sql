-- People and how they sign in. What tells who somebody is (passwords, sessions, links, codes) is kept as hashes or sealed, and
-- src/people alone reads it, as the owner: at sign-in there is no caller yet whose rights could be asked for.

CREATE TABLE holdfast.people (
  id uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
  -- ASCII only: of other letters, several become one when they are made lower case.
  email text NOT NULL UNIQUE
    CHECK (email ~ '^[!-~]+@[!-~]+$' AND email = pg_catalog.lower(email) AND pg_catalog.length(email) <= 320),
  name text NOT NULL CHECK (name <> ''),
  role text NOT NULL CHECK (role IN ('super_admin', 'platform_operator', 'read_only_admin', 'tenant_admin')),
  -- Of a tenant_admin: what they may see.
  sources uuid[] NOT NULL DEFAULT '{}',
  active boolean NOT NULL DEFAULT true,
  -- $argon2id$v=19$m=...,t=...,p=...$salt$hash. Null: was invited, and has not come.
  password text,
  -- When they last chose it. A hash that is made anew of the same password leaves it.
  password_at timestamptz,
  language text NOT NULL DEFAULT 'en' CHECK (language IN ('en', 'ar')),
  theme text NOT NULL DEFAULT 'system' CHECK (theme IN ('system', 'light', 'dark')),
  -- The secret of the codes, sealed; it counts once a code was confirmed.
  totp bytea,
  totp_on boolean NOT NULL DEFAULT false,
  -- The time step of the last code that was taken: it and earlier ones are not taken again.
  totp_step bigint,
  created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
  changed_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
  signed_in_at timestamptz,
  CHECK ((password IS NULL) = (password_at IS NULL)),
  CHECK (NOT totp_on OR totp IS NOT NULL)
);

CREATE TABLE holdfast.recovery_codes (
  person_id uuid NOT NULL REFERENCES holdfast.people ON DELETE CASCADE,
  -- SHA-256 of the code, which is random. A row goes when its code is used.
  hash bytea NOT NULL,
  PRIMARY KEY (person_id, hash)
);

CREATE TABLE holdfast.sessions (
  id uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
  person_id uuid NOT NULL REFERENCES holdfast.people ON DELETE CASCADE,
  -- SHA-256 of what the cookie holds, which is 32 random bytes and is stored nowhere.
  hash bytea NOT NULL UNIQUE,
  -- password, or the name of a provider.
  how text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
  last_seen_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
  -- Whatever is done with it.
  expires_at timestamptz NOT NULL,
  -- When they last proved with all they have who they are.
  recent_at timestamptz NOT NULL,
  -- Where from: network address and browser.
  address text NOT NULL,
  agent text NOT NULL
);
CREATE INDEX sessions_person ON holdfast.sessions (person_id);
CREATE INDEX sessions_expiry ON holdfast.sessions (expires_at);

-- Links that let somebody choose a password, each once.
CREATE TABLE holdfast.links (
  -- SHA-256 of what the link holds, which is 32 random bytes and is stored nowhere.
  hash bytea PRIMARY KEY,
  -- first: whoever opens it becomes the first administrator. recovery: a reset that takes the codes off, too.
  purpose text NOT NULL CHECK (purpose IN ('first', 'invitation', 'reset', 'recovery')),
  person_id uuid REFERENCES holdfast.people ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
  expires_at timestamptz NOT NULL,
  CHECK ((purpose = 'first') = (person_id IS NULL))
);
CREATE INDEX links_person ON holdfast.links (person_id);

-- How often something was tried in vain, and when it may be tried again.
CREATE TABLE holdfast.attempts (
  -- What is tried, and a hash of whose account or from where.
  key text PRIMARY KEY,
  failures integer NOT NULL,
  last_at timestamptz NOT NULL,
  not_before timestamptz NOT NULL
);
CREATE INDEX attempts_last ON holdfast.attempts (last_at);

-- Whoever may do less, or has another password, is not signed in any more, and no link that is out lets anybody in: it may have gone to
-- an address that was wrong.
CREATE FUNCTION holdfast.end_sessions() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  DELETE FROM holdfast.sessions AS s WHERE s.person_id = NEW.id;
  DELETE FROM holdfast.links AS l WHERE l.person_id = NEW.id;
  RETURN NULL;
END
$$;
CREATE TRIGGER end_sessions AFTER UPDATE ON holdfast.people
  FOR EACH ROW WHEN (
    (OLD.email, OLD.role, OLD.sources, OLD.active, OLD.password_at)
      IS DISTINCT FROM (NEW.email, NEW.role, NEW.sources, NEW.active, NEW.password_at)
  ) EXECUTE FUNCTION holdfast.end_sessions();

-- The last administrator stays one. The lock makes two who go at once wait for each other: each would see the other still there.
CREATE FUNCTION holdfast.keep_administrator() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
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
CREATE TRIGGER keep_administrator_change AFTER UPDATE ON holdfast.people
  FOR EACH ROW WHEN (
    OLD.role = 'super_admin' AND OLD.active AND OLD.password IS NOT NULL
    AND NOT (NEW.role = 'super_admin' AND NEW.active AND NEW.password IS NOT NULL)
  ) EXECUTE FUNCTION holdfast.keep_administrator();
CREATE TRIGGER keep_administrator_remove AFTER DELETE ON holdfast.people
  FOR EACH ROW WHEN (OLD.role = 'super_admin' AND OLD.active AND OLD.password IS NOT NULL)
  EXECUTE FUNCTION holdfast.keep_administrator();

-- What a key may be used for, of what its role may do.
ALTER TABLE holdfast.api_keys
  ADD COLUMN scopes text[] NOT NULL DEFAULT '{read,run,change,destroy}'
    CHECK (scopes <@ '{read,run,change,destroy}' AND 'read' = ANY (scopes)),
  ADD COLUMN created_by text,
  ADD COLUMN last_used_at timestamptz;
GRANT SELECT (scopes, created_by, last_used_at) ON holdfast.api_keys TO holdfast_api;

-- The same as keyScopeOf of src/catalog/permissions.ts.
CREATE FUNCTION holdfast.key_scope_of(resource text, action text) RETURNS text
  LANGUAGE sql IMMUTABLE SET search_path = ''
  RETURN CASE
    WHEN action = 'read' THEN 'read'
    WHEN action = 'remove' THEN 'destroy'
    WHEN resource = 'jobs' THEN 'run'
    ELSE 'change'
  END;

-- As before, and of a key what it is for. Null, which every policy takes for no, if the caller has no such right.
CREATE OR REPLACE FUNCTION holdfast.scope_of(resource text, action text) RETURNS text
  LANGUAGE sql STABLE SET search_path = ''
  RETURN (
    SELECT p.scope FROM holdfast.permissions AS p
    WHERE p.role = holdfast.claims() ->> 'role' AND p.resource = $1 AND p.action = $2
      AND (
        NOT pg_catalog.jsonb_exists(holdfast.claims(), 'scopes')
        OR pg_catalog.jsonb_exists(holdfast.claims() -> 'scopes', holdfast.key_scope_of($1, $2))
      )
  );

-- The same as src/catalog/permissions.ts, which a test compares.
INSERT INTO holdfast.permissions (role, resource, action, scope)
SELECT 'super_admin', 'people', a.action, 'all'
FROM pg_catalog.string_to_table('read create change remove', ' ') AS a (action);

ALTER TABLE holdfast.people ENABLE ROW LEVEL SECURITY;
GRANT INSERT, UPDATE, DELETE ON holdfast.people TO holdfast_api;
CREATE POLICY read ON holdfast.people FOR SELECT TO holdfast_api
  USING ((SELECT holdfast.scope_of('people', 'read')) = 'all');
CREATE POLICY "create" ON holdfast.people FOR INSERT TO holdfast_api
  WITH CHECK ((SELECT holdfast.scope_of('people', 'create')) = 'all');
CREATE POLICY change ON holdfast.people FOR UPDATE TO holdfast_api
  USING ((SELECT holdfast.scope_of('people', 'change')) = 'all');
CREATE POLICY remove ON holdfast.people FOR DELETE TO holdfast_api
  USING ((SELECT holdfast.scope_of('people', 'remove')) = 'all');
GRANT SELECT (id, email, name, role, sources, active, password_at, language, theme, totp_on, created_at, changed_at, signed_in_at)
  ON holdfast.people TO holdfast_api;

ALTER TABLE holdfast.recovery_codes ENABLE ROW LEVEL SECURITY;
ALTER TABLE holdfast.sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE holdfast.links ENABLE ROW LEVEL SECURITY;
ALTER TABLE holdfast.attempts ENABLE ROW LEVEL SECURITY;
