-- What has changed of what people watch, written in the transaction that changes it: from this they are told, as it happens and also
-- later (src/catalog/changes.ts). A row of it says which thing it was, and the thing itself how it is now.

CREATE TABLE holdfast.changes (
  -- In the order of writing, which is not the order of commits.
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- The transaction: by it a reader tells what it could not see when it last looked.
  xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
  at timestamptz NOT NULL DEFAULT pg_catalog.now(),
  -- The table.
  kind text NOT NULL CHECK (kind IN ('jobs', 'alarms', 'backups')),
  id text NOT NULL,
  -- Of a backup, of which id is only a part of the key.
  repository_id uuid,
  -- Whose people see it.
  source_id uuid
);
CREATE INDEX changes_xid ON holdfast.changes (xid);
CREATE INDEX changes_at ON holdfast.changes (at);

-- Of transactions up to this one, changes may have been removed.
CREATE TABLE holdfast.changes_removed (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  xid xid8 NOT NULL
);
INSERT INTO holdfast.changes_removed (xid) VALUES ('0');

-- As the owner: whoever changes a job may not write here what they like. The notification only says that there is something to read.
CREATE FUNCTION holdfast.note_change() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
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

-- What is left out changes with every sign of life of a worker, and every look at what is late.
DO $$
DECLARE
  t record;
BEGIN
  FOR t IN SELECT * FROM (VALUES
    ('jobs', '{lease_until,judged}'), ('alarms', '{last_at}'), ('backups', '{seen_at}')
  ) AS tables (name, without) LOOP
    EXECUTE pg_catalog.format(
      'CREATE TRIGGER note_change AFTER INSERT OR DELETE ON holdfast.%I FOR EACH ROW EXECUTE FUNCTION holdfast.note_change()',
      t.name);
    EXECUTE pg_catalog.format(
      'CREATE TRIGGER note_update AFTER UPDATE ON holdfast.%I FOR EACH ROW
       WHEN (pg_catalog.to_jsonb(OLD) - %L::text[] IS DISTINCT FROM pg_catalog.to_jsonb(NEW) - %L::text[])
       EXECUTE FUNCTION holdfast.note_change()',
      t.name, t.without, t.without);
  END LOOP;
END
$$;

-- Whoever may see the thing may see that it has changed, also when it is not there any more.
ALTER TABLE holdfast.changes ENABLE ROW LEVEL SECURITY;
ALTER TABLE holdfast.changes_removed ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON holdfast.changes TO holdfast_api;
DO $$
DECLARE
  allowed text;
BEGIN
  SELECT pg_catalog.string_agg(pg_catalog.format(
    'kind = %1$L AND ((SELECT holdfast.scope_of(%1$L, ''read'')) = ''all'' OR (SELECT holdfast.scope_of(%1$L, ''read'')) = ''own''
       AND source_id = ANY ((SELECT holdfast.own_sources())::uuid[]))', t.name), ' OR ' ORDER BY t.name) INTO allowed
  FROM (VALUES ('jobs'), ('alarms'), ('backups')) AS t (name);
  EXECUTE 'CREATE POLICY read ON holdfast.changes FOR SELECT TO holdfast_api USING (' || allowed || ')';
END
$$;
