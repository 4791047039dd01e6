-- Settings of the whole service, and the consent of a second person to what destroys.

CREATE TABLE holdfast.settings (
  name text PRIMARY KEY,
  value jsonb NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT pg_catalog.now()
);
-- Whether what destroys needs a second person.
INSERT INTO holdfast.settings (name, value) VALUES ('approvals', 'false');

CREATE TABLE holdfast.approvals (
  id uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
  -- What is to be done: remove, turn_off and the like, and to what.
  operation text NOT NULL,
  about text NOT NULL,
  -- The hash of the request's body, sealed, since a body may hold a password: only that very request is agreed to.
  request bytea NOT NULL,
  reason text,
  requested_by text NOT NULL,
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'approved', 'refused', 'used')),
  decided_by text,
  decided_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
  expires_at timestamptz NOT NULL,
  CHECK (decided_by <> requested_by),
  CHECK ((status = 'pending') = (decided_by IS NULL))
);
CREATE INDEX approvals_newest ON holdfast.approvals (created_at DESC, id DESC);

-- The same as src/catalog/permissions.ts, which a test compares.
INSERT INTO holdfast.permissions (role, resource, action, scope)
VALUES
  ('super_admin', 'settings', 'read', 'all'),
  ('super_admin', 'settings', 'change', 'all'),
  ('super_admin', 'approvals', 'read', 'all'),
  ('super_admin', 'approvals', 'change', 'all'),
  ('read_only_admin', 'settings', 'read', 'all'),
  ('read_only_admin', 'approvals', 'read', 'all');

ALTER TABLE holdfast.settings ENABLE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON holdfast.settings TO holdfast_api;
CREATE POLICY read ON holdfast.settings FOR SELECT TO holdfast_api
  USING ((SELECT holdfast.scope_of('settings', 'read')) = 'all');
CREATE POLICY change ON holdfast.settings FOR UPDATE TO holdfast_api
  USING ((SELECT holdfast.scope_of('settings', 'change')) = 'all');

-- Only the owner makes one, for whoever asked; and nobody decides on their own wish.
ALTER TABLE holdfast.approvals ENABLE ROW LEVEL SECURITY;
GRANT SELECT (id, operation, about, reason, requested_by, status, decided_by, decided_at, created_at, expires_at)
  ON holdfast.approvals TO holdfast_api;
GRANT UPDATE (status, decided_by, decided_at) ON holdfast.approvals TO holdfast_api;
GRANT DELETE ON holdfast.approvals TO holdfast_api;
CREATE POLICY read ON holdfast.approvals FOR SELECT TO holdfast_api
  USING ((SELECT holdfast.scope_of('approvals', 'read')) = 'all');
CREATE POLICY change ON holdfast.approvals FOR UPDATE TO holdfast_api
  USING (
    (SELECT holdfast.scope_of('approvals', 'change')) = 'all'
    AND status = 'pending' AND expires_at > pg_catalog.now()
    AND requested_by <> (SELECT holdfast.claims() ->> 'subject')
  )
  WITH CHECK (status IN ('approved', 'refused') AND decided_by = (SELECT holdfast.claims() ->> 'subject'));

SELECT holdfast.audit_watch('settings', 'always');
SELECT holdfast.audit_watch('approvals', 'always');
