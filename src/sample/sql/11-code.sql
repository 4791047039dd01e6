-- Functions, triggers, views.

CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS $touch$
BEGIN
  NEW.updated_at := now();
  RETURN NEW;
END $touch$;

CREATE FUNCTION audit.record() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $record$
DECLARE
  row_of jsonb := to_jsonb(CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END);
BEGIN
  INSERT INTO audit.log (at, tenant_id, action, entity, entity_id, before, after)
  VALUES (now(), coalesce(row_of ->> 'tenant_id', row_of ->> 'id')::integer, TG_OP, TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME, row_of ->> 'id',
    CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END, CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END);
  RETURN NULL;
END $record$;

CREATE FUNCTION shop.stock_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM counted AS c WHERE c.quantity < -1000) THEN
    RAISE EXCEPTION 'stock can''t be that far below zero' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION shop.order_has_lines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT count(*) FROM shop.order_items AS i WHERE i.order_id = NEW.order_id) > 500 THEN
    RAISE EXCEPTION 'order % has more than 500 lines', NEW.order_id;
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER touch BEFORE UPDATE ON app.tenants FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE TRIGGER touch BEFORE UPDATE ON app.users FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE TRIGGER touch BEFORE UPDATE ON crm.customers FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE TRIGGER touch BEFORE UPDATE ON crm.deals FOR EACH ROW WHEN (OLD.amount IS DISTINCT FROM NEW.amount OR OLD.probability <> NEW.probability) EXECUTE FUNCTION app.touch();
CREATE TRIGGER touch BEFORE UPDATE ON shop.products FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE TRIGGER touch BEFORE UPDATE ON shop.orders FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE TRIGGER record AFTER INSERT OR DELETE OR UPDATE ON app.users FOR EACH ROW EXECUTE FUNCTION audit.record();
CREATE TRIGGER record AFTER INSERT OR DELETE OR UPDATE OF plan, owner_id ON app.tenants FOR EACH ROW EXECUTE FUNCTION audit.record();
ALTER TABLE app.tenants ENABLE ALWAYS TRIGGER record;
CREATE TRIGGER stock_changed AFTER UPDATE ON shop.stock REFERENCING NEW TABLE AS counted FOR EACH STATEMENT EXECUTE FUNCTION shop.stock_changed();
CREATE CONSTRAINT TRIGGER has_lines AFTER INSERT ON shop.order_items DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION shop.order_has_lines();
CREATE TRIGGER unused BEFORE INSERT ON shop.returns FOR EACH ROW EXECUTE FUNCTION app.touch();
ALTER TABLE shop.returns DISABLE TRIGGER unused;

CREATE FUNCTION shop.display(amount numeric, currency text DEFAULT 'EUR', VARIADIC notes text[] DEFAULT '{}') RETURNS text LANGUAGE sql IMMUTABLE
  RETURN currency || ' ' || trim(to_char(amount, '999G999G990D00')) || array_to_string(notes, ', ');

CREATE FUNCTION crm.find(words text, most integer DEFAULT 20) RETURNS TABLE (id bigint, name text, rank real) LANGUAGE sql STABLE ROWS 20 SET search_path = pg_catalog AS $find$
  SELECT c.id, c.name, ts_rank(c.search, q) FROM crm.customers AS c, websearch_to_tsquery('simple', words) AS q WHERE c.search @@ q ORDER BY 3 DESC, 1 LIMIT most
$find$;
COMMENT ON FUNCTION crm.find IS 'Customers by words in name or address';

CREATE PROCEDURE shop.cancel_order(wanted bigint) LANGUAGE sql BEGIN ATOMIC
  UPDATE shop.orders SET status = 'cancelled' WHERE id = wanted AND status < 'shipped';
END;

CREATE FUNCTION shop.higher(numeric, numeric) RETURNS numeric LANGUAGE sql IMMUTABLE RETURN greatest($1, $2);
CREATE AGGREGATE shop.highest (numeric) (SFUNC = shop.higher, STYPE = numeric, INITCOND = '0');

CREATE VIEW shop.order_overview WITH (security_invoker = true) AS
  SELECT o.id, o.tenant_id, o.number, o.status, c.name AS customer, o.total, o.currency, count(i.line) AS lines
  FROM shop.orders AS o JOIN crm.customers AS c ON c.id = o.customer_id LEFT JOIN shop.order_items AS i ON i.order_id = o.id
  GROUP BY o.id, c.id;

CREATE RECURSIVE VIEW shop.category_paths (id, tenant_id, path) AS
  SELECT c.id, c.tenant_id, ARRAY[c.name] FROM shop.categories AS c WHERE c.parent_id IS NULL
  UNION ALL SELECT c.id, c.tenant_id, p.path || c.name FROM shop.categories AS c JOIN category_paths AS p ON c.parent_id = p.id;

CREATE VIEW crm.important_customers WITH (security_barrier) AS
  SELECT c.id, c.tenant_id, c.number, c.name, c.tags, c.credit FROM crm.customers AS c WHERE 'vip' = ANY (c.tags) WITH LOCAL CHECK OPTION;

CREATE MATERIALIZED VIEW shop.sales_by_month AS
  SELECT o.tenant_id, date_trunc('month', o.placed_at, 'UTC') AS month, count(*) AS orders, sum(o.total::numeric) AS total, shop.highest(o.total::numeric) AS largest
  FROM shop.orders AS o WHERE o.status NOT IN ('draft', 'cancelled') GROUP BY 1, 2;
CREATE UNIQUE INDEX ON shop.sales_by_month (tenant_id, month);

-- Made from another one: they have to be filled in this order.
CREATE MATERIALIZED VIEW shop.best_month AS
  SELECT DISTINCT ON (s.tenant_id) s.tenant_id, s.month, s.total FROM shop.sales_by_month AS s ORDER BY s.tenant_id, s.total DESC, s.month;

CREATE VIEW app.tenant_overview AS
  SELECT t.id, t.name, t.plan, (SELECT count(*) FROM app.users AS u WHERE u.tenant_id = t.id) AS users, b.month AS best_month, shop.display(b.total, t.currency::text) AS best_total
  FROM app.tenants AS t LEFT JOIN shop.best_month AS b ON b.tenant_id = t.id;

CREATE RULE protect AS ON DELETE TO shop.invoices WHERE (old.issued_on < '2026-01-01'::date) DO INSTEAD NOTHING;
