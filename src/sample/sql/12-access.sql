-- Who may do and see what. Each tenant sees its own rows; the session says which tenant it works for.

GRANT USAGE ON SCHEMA app, crm, shop, support TO bazaar_app, bazaar_reader;
GRANT USAGE ON SCHEMA audit TO bazaar_support;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA crm, shop, support TO bazaar_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA crm, shop, support TO bazaar_app;
GRANT SELECT ON ALL TABLES IN SCHEMA crm, shop TO bazaar_reader;
GRANT SELECT (id, tenant_id, name, email), UPDATE (name) ON app.users TO bazaar_app;
GRANT SELECT ON app.tenants, app.plans TO bazaar_app WITH GRANT OPTION;
GRANT SELECT ON audit.log TO bazaar_support;
REVOKE DELETE ON shop.invoices FROM bazaar_app;
REVOKE EXECUTE ON PROCEDURE shop.cancel_order FROM PUBLIC;
GRANT EXECUTE ON PROCEDURE shop.cancel_order TO bazaar_app;
REVOKE USAGE ON TYPE crm.address FROM PUBLIC;
GRANT USAGE ON TYPE crm.address TO bazaar_app, bazaar_reader;

ALTER DEFAULT PRIVILEGES FOR ROLE bazaar_owner IN SCHEMA shop GRANT SELECT ON TABLES TO bazaar_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE bazaar_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

DO $$
DECLARE
  each_table record;
BEGIN
  FOR each_table IN SELECT c.oid::regclass AS name FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace::regnamespace::text IN ('app', 'crm', 'shop', 'support', 'audit') ORDER BY 1
  LOOP
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', each_table.name);
    EXECUTE format('CREATE POLICY own_tenant ON %s USING (tenant_id = app.current_tenant()) WITH CHECK (tenant_id = app.current_tenant())', each_table.name);
  END LOOP;
END $$;
ALTER TABLE app.tenants ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON app.tenants FOR SELECT TO bazaar_app USING (id = app.current_tenant());
ALTER TABLE app.api_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY "support sees open tickets" ON support.tickets AS PERMISSIVE FOR SELECT TO bazaar_support USING (closed_at IS NULL);
CREATE POLICY "nobody changes paid orders" ON shop.orders AS RESTRICTIVE FOR UPDATE TO bazaar_app USING (status < 'paid');

DROP TABLE words, companies;

RESET ROLE;

-- What the search engine of the application follows; the first hundred customers are for trying things out.
CREATE PUBLICATION bazaar_search FOR TABLE shop.products (id, tenant_id, name, description), TABLE crm.customers WHERE (id > 100);
CREATE TABLE audit.ddl (at timestamptz NOT NULL DEFAULT now(), who text NOT NULL, tag text NOT NULL, what text);
CREATE FUNCTION audit.record_ddl() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  INSERT INTO audit.ddl (who, tag, what) SELECT session_user, TG_TAG, object_identity FROM pg_event_trigger_dropped_objects() WHERE original;
END $$;
CREATE EVENT TRIGGER record_drops ON sql_drop WHEN TAG IN ('DROP TABLE', 'DROP SCHEMA') EXECUTE FUNCTION audit.record_ddl();

ANALYZE;
