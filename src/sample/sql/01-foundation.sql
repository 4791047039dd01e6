-- Bazaar: a shop and CRM that twenty small companies share. Roles, schemas, extensions, types.

DO $$
DECLARE
  role record;
BEGIN
  -- Roles belong to the whole server: another database may have made them already.
  FOR role IN SELECT * FROM (VALUES
    ('bazaar_owner', 'NOLOGIN'),
    ('bazaar_app', 'LOGIN NOINHERIT CONNECTION LIMIT 200'),
    ('bazaar_reader', 'NOLOGIN'),
    ('bazaar_support', 'LOGIN VALID UNTIL ''2031-12-31 23:59:59+00'''),
    ('bazaar_admin', 'LOGIN BYPASSRLS CREATEROLE')
  ) AS wanted (name, attributes) LOOP
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles AS r WHERE r.rolname = role.name) THEN
      EXECUTE format('CREATE ROLE %I %s', role.name, role.attributes);
    END IF;
  END LOOP;
END $$;

GRANT bazaar_reader TO bazaar_support;
GRANT bazaar_owner TO bazaar_admin WITH ADMIN OPTION;
ALTER ROLE bazaar_app SET statement_timeout = '30s';
ALTER ROLE bazaar_support SET default_transaction_read_only = on;
COMMENT ON ROLE bazaar_app IS 'What the web application logs in as; sees one tenant at a time';

DO $$
BEGIN
  EXECUTE format('ALTER DATABASE %I SET bazaar.region = %L', current_database(), 'eu-central');
  EXECUTE format('ALTER ROLE bazaar_reader IN DATABASE %I SET statement_timeout = %L', current_database(), '5min');
  EXECUTE format('COMMENT ON DATABASE %I IS %L', current_database(), 'Bazaar: a shop and CRM that twenty small companies share');
  EXECUTE format('GRANT CREATE, CONNECT, TEMPORARY ON DATABASE %I TO bazaar_owner', current_database());
END $$;

CREATE SCHEMA ext;
CREATE EXTENSION citext SCHEMA ext;
CREATE EXTENSION hstore SCHEMA ext;
CREATE EXTENSION pg_trgm SCHEMA ext;
CREATE EXTENSION btree_gist SCHEMA ext;
CREATE EXTENSION "uuid-ossp" SCHEMA ext;
GRANT USAGE ON SCHEMA ext TO PUBLIC;

-- Operators can't be written with a schema and stay readable; everything else below is qualified.
SET search_path = ext;

CREATE SCHEMA app AUTHORIZATION bazaar_owner;
CREATE SCHEMA crm AUTHORIZATION bazaar_owner;
CREATE SCHEMA shop AUTHORIZATION bazaar_owner;
CREATE SCHEMA support AUTHORIZATION bazaar_owner;
CREATE SCHEMA audit AUTHORIZATION bazaar_owner;
CREATE SCHEMA "Büro 🗂" AUTHORIZATION bazaar_owner;
COMMENT ON SCHEMA app IS 'Who uses Bazaar: tenants, users, rights, settings';
COMMENT ON SCHEMA "Büro 🗂" IS 'What was imported from spreadsheets, under the names it had there';

SET ROLE bazaar_owner;

CREATE COLLATION app.any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);

CREATE DOMAIN app.email AS ext.citext CONSTRAINT "looks like an address" CHECK (VALUE ~ '^[^@[:space:]]+@[^@[:space:]]+$');
CREATE DOMAIN app.amount AS numeric(12, 2) DEFAULT 0 CONSTRAINT "not negative" CHECK (VALUE >= 0);
CREATE DOMAIN app.currency AS character(3) CHECK (VALUE ~ '^[A-Z]{3}$');
COMMENT ON DOMAIN app.amount IS 'Money in the currency of the row';

CREATE TYPE app.severity AS ENUM ('low', 'high');
-- In the middle, after the fact: the order of an enum is not the order it was made in.
ALTER TYPE app.severity ADD VALUE 'normal' BEFORE 'high';
ALTER TYPE app.severity ADD VALUE '🔥 urgent' AFTER 'high';
CREATE TYPE crm.channel AS ENUM ('email', 'phone', 'whatsapp', '微信', 'بريد');
CREATE TYPE crm.lead_status AS ENUM ('new', 'contacted', 'qualified', 'lost', 'won');
CREATE TYPE crm.address AS (street text, city text, postcode text, country character(2));
CREATE TYPE crm.stage_change AS (stage text, at timestamptz, by_user bigint);
CREATE TYPE shop.order_status AS ENUM ('draft', 'placed', 'paid', 'shipped', 'delivered', 'returned', 'cancelled');
CREATE TYPE shop.payment_method AS ENUM ('card', 'transfer', 'cash', 'wallet');
CREATE TYPE shop.dimensions AS (width numeric, height numeric, depth numeric);
CREATE TYPE shop.price_range AS RANGE (subtype = numeric);
COMMENT ON TYPE shop.order_status IS 'In the order of an order''s life';

-- Which tenant the session works for; null outside of one.
CREATE FUNCTION app.current_tenant() RETURNS integer LANGUAGE sql STABLE PARALLEL SAFE
  RETURN nullif(current_setting('bazaar.tenant', true), '')::integer;
