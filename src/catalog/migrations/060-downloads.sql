-- Who may take backups out of the service, and links that were used.

-- The same as src/catalog/permissions.ts, which a test compares. There are no tables of these: the rights are to what is done.
INSERT INTO holdfast.permissions (role, resource, action, scope) VALUES
  ('super_admin', 'exports', 'create', 'all'),
  ('super_admin', 'archives', 'create', 'all'),
  ('platform_operator', 'archives', 'create', 'all');

-- A link is good for once: whoever adds its row first has used it. The API's role has no right to it.
CREATE TABLE holdfast.download_uses (
  id uuid PRIMARY KEY,
  -- From then on the link is none by its own words, and the row is of no use.
  expires_at timestamptz NOT NULL
);
ALTER TABLE holdfast.download_uses ENABLE ROW LEVEL SECURITY;
