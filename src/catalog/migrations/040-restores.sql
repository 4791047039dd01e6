-- Restores as jobs: what a job of the kinds restore, undo and release is about, what its preview said, and what was found out of
-- how it ended. One row for each such job, with its id.

-- Of a job in several steps: how many attempts were made at those before. An attempt of one step is never taken for one of another.
ALTER TABLE holdfast.jobs ADD COLUMN attempts_before integer NOT NULL DEFAULT 0;

CREATE TABLE holdfast.restores (
  id uuid PRIMARY KEY REFERENCES holdfast.jobs ON DELETE CASCADE,
  -- new: into a database that is new or empty. in place: into the one that the source is.
  place text NOT NULL CHECK (place IN ('new', 'in place')),
  -- Address without password. Of what is in place: that of the source when it was asked for, which must not change meanwhile.
  target text NOT NULL,
  -- Who restores, where it is not the role in the address.
  as_user text,
  -- What is typed to agree; null: not known yet.
  database text,
  -- run: into a new database. preview, then agreement, for which it waits, then change. inquiry: what became of a run or change
  -- whose end nobody has seen. over: nothing follows.
  step text NOT NULL CHECK (step IN ('run', 'preview', 'agreement', 'change', 'inquiry', 'over')),
  -- The id that it has in the repository, given before it is begun.
  restore text,
  -- The id, in the repository, of the restore that it takes back.
  undoes text,
  preview jsonb,
  -- What of the preview was left out for its size; null: nothing.
  preview_cut text,
  -- Of the preview: the change does this, or nothing.
  digest text,
  expires_at timestamptz,
  confirmed_at timestamptz,
  confirmed_by text,
  -- Whether the target was changed; null: not known (yet).
  changed boolean,
  -- Why it ended, while it is found out how.
  why jsonb,
  report jsonb,
  -- The passwords that it was given, as one sealed JSON document, until it is over.
  secrets bytea,
  CHECK ((step = 'agreement') <= (expires_at IS NOT NULL)),
  CHECK ((step = 'over') <= (secrets IS NULL))
);
CREATE INDEX restores_expiry ON holdfast.restores (expires_at) WHERE step = 'agreement';

-- Whoever ends the job, its secrets go with it.
CREATE FUNCTION holdfast.end_restore() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
BEGIN
  UPDATE holdfast.restores SET step = 'over', secrets = NULL WHERE id = NEW.id;
  RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION holdfast.end_restore() FROM PUBLIC;
CREATE TRIGGER restore_over AFTER UPDATE OF status ON holdfast.jobs FOR EACH ROW
  WHEN (NEW.status IN ('completed', 'failed', 'cancelled')) EXECUTE FUNCTION holdfast.end_restore();

-- create: into new databases. change: also of databases in use, and agreeing to that. The same as src/catalog/permissions.ts.
INSERT INTO holdfast.permissions (role, resource, action, scope) VALUES
  ('super_admin', 'restores', 'read', 'all'),
  ('super_admin', 'restores', 'create', 'all'),
  ('super_admin', 'restores', 'change', 'all'),
  ('platform_operator', 'restores', 'read', 'all'),
  ('platform_operator', 'restores', 'create', 'all'),
  ('read_only_admin', 'restores', 'read', 'all');

ALTER TABLE holdfast.restores ENABLE ROW LEVEL SECURITY;
CREATE POLICY read ON holdfast.restores FOR SELECT TO holdfast_api
  USING ((SELECT holdfast.scope_of('restores', 'read')) = 'all');
CREATE POLICY "create" ON holdfast.restores FOR INSERT TO holdfast_api
  WITH CHECK (
    (SELECT holdfast.scope_of('restores', 'create')) = 'all'
    AND (place = 'new' OR (SELECT holdfast.scope_of('restores', 'change')) = 'all')
  );
CREATE POLICY change ON holdfast.restores FOR UPDATE TO holdfast_api
  USING ((SELECT holdfast.scope_of('restores', 'change')) = 'all');
CREATE POLICY remove ON holdfast.restores FOR DELETE TO holdfast_api
  USING ((SELECT holdfast.scope_of('restores', 'remove')) = 'all');
GRANT INSERT, UPDATE, DELETE ON holdfast.restores TO holdfast_api;
-- What is sealed the API may write and not read.
GRANT SELECT (id, place, target, as_user, database, step, restore, undoes, preview, preview_cut, digest, expires_at,
  confirmed_at, confirmed_by, changed, why, report) ON holdfast.restores TO holdfast_api;
