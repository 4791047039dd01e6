-- Who else may say who somebody is: identity providers, whose tokens are matched to accounts by e-mail address.

CREATE TABLE holdfast.providers (
  id uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
  name text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  -- The claims iss and aud of its tokens, exactly.
  issuer text NOT NULL CHECK (issuer <> ''),
  audience text NOT NULL CHECK (audience <> ''),
  -- Where its public keys are. Null: its tokens are signed with a secret that both know.
  jwks_url text,
  -- Which of all that a token could claim to be signed with are believed.
  algorithms text[] NOT NULL CHECK (pg_catalog.cardinality(algorithms) > 0),
  email_claim text NOT NULL DEFAULT 'email',
  -- Whether the claim email_verified must be there, or only must not say no.
  email_verified text NOT NULL DEFAULT 'if_stated' CHECK (email_verified IN ('if_stated', 'always')),
  -- As which client people are sent there to sign in. Null: only tokens are taken.
  client_id text,
  enabled boolean NOT NULL DEFAULT true,
  -- The shared secret and that of the client, as one sealed JSON document.
  secrets bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
  changed_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
  UNIQUE (issuer, audience),
  -- A public key is never taken for a secret.
  CHECK (CASE
    WHEN jwks_url IS NULL THEN algorithms <@ '{HS256,HS384,HS512}'
    ELSE algorithms <@ '{RS256,RS384,RS512,PS256,PS384,PS512,ES256,ES384,ES512,EdDSA}'
  END),
  CHECK (client_id IS NULL OR jwks_url IS NOT NULL)
);

-- The same as src/catalog/permissions.ts, which a test compares.
INSERT INTO holdfast.permissions (role, resource, action, scope)
SELECT 'super_admin', 'providers', a.action, 'all'
FROM pg_catalog.string_to_table('read create change remove', ' ') AS a (action);

ALTER TABLE holdfast.providers ENABLE ROW LEVEL SECURITY;
GRANT INSERT, UPDATE, DELETE ON holdfast.providers TO holdfast_api;
CREATE POLICY read ON holdfast.providers FOR SELECT TO holdfast_api
  USING ((SELECT holdfast.scope_of('providers', 'read')) = 'all');
CREATE POLICY "create" ON holdfast.providers FOR INSERT TO holdfast_api
  WITH CHECK ((SELECT holdfast.scope_of('providers', 'create')) = 'all');
CREATE POLICY change ON holdfast.providers FOR UPDATE TO holdfast_api
  USING ((SELECT holdfast.scope_of('providers', 'change')) = 'all');
CREATE POLICY remove ON holdfast.providers FOR DELETE TO holdfast_api
  USING ((SELECT holdfast.scope_of('providers', 'remove')) = 'all');
-- What is sealed the API may write and not read.
GRANT SELECT (id, name, issuer, audience, jwks_url, algorithms, email_claim, email_verified, client_id, enabled, created_at, changed_at)
  ON holdfast.providers TO holdfast_api;
