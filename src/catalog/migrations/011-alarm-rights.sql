-- Who may see and change alarms and what belongs to them: as in 002, by rows and the policies that follow from them.

-- The same as src/catalog/permissions.ts, which a test compares.
INSERT INTO holdfast.permissions (role, resource, action, scope)
SELECT r.role, r.resource, a.action, r.scope
FROM (VALUES
  ('super_admin', 'alarms', 'read change', 'all'),
  ('super_admin', 'alarm_settings', 'read create change remove', 'all'),
  ('super_admin', 'destinations', 'read create change remove', 'all'),
  ('super_admin', 'subscriptions', 'read create change remove', 'all'),
  ('super_admin', 'deliveries', 'read', 'all'),
  ('platform_operator', 'alarms', 'read change', 'all'),
  ('platform_operator', 'alarm_settings', 'read', 'all'),
  ('platform_operator', 'destinations', 'read', 'all'),
  ('platform_operator', 'subscriptions', 'read', 'all'),
  ('platform_operator', 'deliveries', 'read', 'all'),
  ('read_only_admin', 'alarms', 'read', 'all'),
  ('read_only_admin', 'alarm_settings', 'read', 'all'),
  ('read_only_admin', 'destinations', 'read', 'all'),
  ('read_only_admin', 'subscriptions', 'read', 'all'),
  ('read_only_admin', 'deliveries', 'read', 'all'),
  ('tenant_admin', 'alarms', 'read', 'own')
) AS r (role, resource, actions, scope)
CROSS JOIN LATERAL pg_catalog.string_to_table(r.actions, ' ') AS a (action);

DO $$
DECLARE
  t record;
  a record;
  allowed text;
BEGIN
  FOR t IN SELECT * FROM (VALUES
    ('alarms', 'source_id'), ('alarm_settings', 'source_id'), ('destinations', NULL), ('subscriptions', NULL),
    ('deliveries', NULL)
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

GRANT SELECT ON holdfast.alarms, holdfast.alarm_settings, holdfast.subscriptions, holdfast.deliveries TO holdfast_api;
-- What is sealed the API may write and not read.
GRANT SELECT (id, name, kind, settings, reach, enabled, source_id, schedule_id, job_kind, sent, failures, created_at, changed_at)
  ON holdfast.destinations TO holdfast_api;

-- What somebody has seen is theirs alone, and only of alarms that they may see.
ALTER TABLE holdfast.alarms_seen ENABLE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, DELETE ON holdfast.alarms_seen TO holdfast_api;
CREATE POLICY own ON holdfast.alarms_seen FOR ALL TO holdfast_api
  USING (person = (SELECT holdfast.claims() ->> 'subject'))
  WITH CHECK (
    person = (SELECT holdfast.claims() ->> 'subject')
    AND EXISTS (SELECT FROM holdfast.alarms AS a WHERE a.id = alarm_id)
  );

ALTER TABLE holdfast.storage_points ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON holdfast.storage_points TO holdfast_api;
CREATE POLICY read ON holdfast.storage_points FOR SELECT TO holdfast_api
  USING (EXISTS (SELECT FROM holdfast.repositories AS r WHERE r.id = repository_id));

ALTER TABLE holdfast.digest_items ENABLE ROW LEVEL SECURITY;
ALTER TABLE holdfast.alarms_look ENABLE ROW LEVEL SECURITY;
