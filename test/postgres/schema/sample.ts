/** A schema with objects of most kinds, and names and bodies that are hard to quote. For a database that is empty. */
export function sampleSchema(major: number): string {
  return [common, major >= 16 ? since16 : '', major >= 17 ? since17 : '', major >= 18 ? since18 : ''].join(
    '\n',
  )
}

/** Roles that the sample grants to and gives objects to; of the whole server, so made only where they lack. */
export const sampleRoles = ['sample_owner', 'sample reader', 'sample"Quote']
  .map((name) => {
    const [text, identifier] = [name.replaceAll("'", "''"), name.replaceAll('"', '""')]
    return `DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${text}') THEN CREATE ROLE "${identifier}"; END IF; END $$;`
  })
  .join('\n')

const common = String.raw`
SET check_function_bodies = off;
CREATE SCHEMA app AUTHORIZATION sample_owner;
CREATE SCHEMA "Ünï ""code"" 🐘; DROP";
COMMENT ON SCHEMA app IS 'it''s \restrict me
\unrestrict holdfast
-- PostgreSQL database dump complete';
COMMENT ON SCHEMA public IS 'changed';
GRANT USAGE ON SCHEMA app TO "sample reader";
GRANT CREATE ON SCHEMA public TO "sample""Quote";

CREATE EXTENSION citext SCHEMA app;
CREATE EXTENSION hstore;
CREATE TYPE app.mood AS ENUM ('sad', 'ok; --', 'hap''py', 'Ünï');
CREATE TYPE app.pair AS (a int, b text);
COMMENT ON COLUMN app.pair.b IS 'second';
CREATE TYPE app.floats AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE DOMAIN app.positive AS int NOT NULL DEFAULT 1 CONSTRAINT "must be > 0" CHECK (VALUE > 0);
COMMENT ON CONSTRAINT "must be > 0" ON DOMAIN app.positive IS 'really';
ALTER DOMAIN app.positive OWNER TO sample_owner;
CREATE COLLATION app.german (provider = icu, locale = 'de');
CREATE COLLATION app.c2 FROM "C";

CREATE FUNCTION app.add(a int, b int DEFAULT 2) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a + b';
ALTER FUNCTION app.add OWNER TO sample_owner;
CREATE FUNCTION app.tricky(OUT x text, VARIADIC y text[]) LANGUAGE plpgsql SET search_path = app, pg_temp AS $fn$
-- Dumped from database version 9.9
\restrict holdfast
--
-- TOC entry 3 (class 1255 OID 16385)
-- Name: evil(); Type: FUNCTION; Schema: public; Owner: postgres
--
BEGIN x := 'PGDMP'; END
\unrestrict holdfast

$fn$;
CREATE FUNCTION app.atomic(n int) RETURNS SETOF int LANGUAGE sql BEGIN ATOMIC SELECT n; SELECT n + 1; END;
CREATE PROCEDURE app.proc(INOUT n int) LANGUAGE plpgsql AS 'BEGIN n := n; END';
REVOKE EXECUTE ON FUNCTION app.add FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.add TO "sample reader" WITH GRANT OPTION;
SET SESSION AUTHORIZATION "sample reader";
GRANT EXECUTE ON FUNCTION app.add TO "sample""Quote";
RESET SESSION AUTHORIZATION;
CREATE AGGREGATE app.total(int) (sfunc = int4pl, stype = int, initcond = '0');
ALTER AGGREGATE app.total(int) OWNER TO sample_owner;
CREATE OPERATOR app.@+ (leftarg = int, rightarg = int, function = app.add);
ALTER OPERATOR app.@+ (int, int) OWNER TO sample_owner;
CREATE OPERATOR FAMILY app.fam USING btree;
CREATE OPERATOR CLASS app.cls FOR TYPE int USING btree FAMILY app.fam AS
  OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(int, int);
ALTER OPERATOR CLASS app.cls USING btree OWNER TO sample_owner;
CREATE FUNCTION app.pair_text(app.pair) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1.b';
CREATE CAST (app.pair AS text) WITH FUNCTION app.pair_text(app.pair) AS ASSIGNMENT;
CREATE CONVERSION app.conv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
CREATE TEXT SEARCH DICTIONARY app.dict (TEMPLATE = simple, accept = false);
CREATE TEXT SEARCH CONFIGURATION app.conf (COPY = pg_catalog.english);
ALTER TEXT SEARCH CONFIGURATION app.conf ALTER MAPPING FOR asciiword WITH app.dict;
CREATE ACCESS METHOD "my heap" TYPE TABLE HANDLER heap_tableam_handler;
CREATE FOREIGN DATA WRAPPER fdw OPTIONS (debug 'tr''ue');
CREATE SERVER srv FOREIGN DATA WRAPPER fdw;
ALTER SERVER srv OWNER TO sample_owner;
CREATE USER MAPPING FOR sample_owner SERVER srv OPTIONS (password 'x;y');
CREATE FOREIGN TABLE app.remote (a int, b text OPTIONS (name 'c')) SERVER srv;

CREATE TABLE app.tenant (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name app.citext UNIQUE NOT NULL,
  mood app.mood DEFAULT 'ok; --',
  pos app.positive,
  doubled int GENERATED ALWAYS AS (id * 2) STORED,
  "we ""ird" text COLLATE app.german,
  CHECK (app.add(id) > 0)
);
ALTER TABLE app.tenant OWNER TO sample_owner;
ALTER TABLE app.tenant ALTER "we ""ird" SET STORAGE EXTERNAL;
CREATE TABLE app.orders (
  id bigserial PRIMARY KEY, tenant_id int NOT NULL REFERENCES app.tenant ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  during app.floats, tags hstore, note text DEFAULT E'back\\slash; SET COMPRESSION lz4;',
  EXCLUDE USING gist (during WITH &&)
);
ALTER TABLE app.orders ALTER note SET STATISTICS 77;
ALTER TABLE app.orders REPLICA IDENTITY FULL;
COMMENT ON COLUMN app.orders.note IS 'a note; -- with -- dashes';
COMMENT ON CONSTRAINT orders_pkey ON app.orders IS 'the key';
CREATE INDEX "orders by Note" ON app.orders (lower(note) text_pattern_ops DESC) INCLUDE (tenant_id) WHERE note <> 'x;y';
COMMENT ON INDEX app."orders by Note" IS 'by note';
CREATE STATISTICS app.st (ndistinct, dependencies) ON tenant_id, note FROM app.orders;
CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER touch BEFORE INSERT OR UPDATE OF note ON app.orders FOR EACH ROW WHEN (new.note <> ';') EXECUTE FUNCTION app.touch('a', 'b''c');
ALTER TABLE app.orders ENABLE ALWAYS TRIGGER touch;
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON app.orders DEFERRABLE FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE RULE no_delete AS ON DELETE TO app.orders WHERE old.note = 'keep' DO INSTEAD NOTHING;
ALTER TABLE app.orders ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.orders FORCE ROW LEVEL SECURITY;
CREATE POLICY mine ON app.orders FOR SELECT TO "sample reader" USING (tenant_id IN (SELECT id FROM app.tenant WHERE name = current_user::text));
COMMENT ON POLICY mine ON app.orders IS 'own rows';
GRANT SELECT, UPDATE (note) ON app.orders TO "sample reader";
GRANT ALL ON ALL SEQUENCES IN SCHEMA app TO "sample reader";

CREATE TABLE app.log (at timestamptz NOT NULL, id int, kind text) PARTITION BY RANGE (at);
CREATE TABLE app.log_2024 PARTITION OF app.log FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE app.log_rest PARTITION OF app.log DEFAULT PARTITION BY LIST (kind);
CREATE TABLE app.log_rest_a PARTITION OF app.log_rest FOR VALUES IN ('a', 'it''s');
CREATE INDEX log_at ON app.log (at);
ALTER TABLE app.log ADD CONSTRAINT log_key PRIMARY KEY (at, id, kind);
CREATE TABLE app.parent (a int CHECK (a > 0) NO INHERIT, b text);
CREATE TABLE app.child (c int) INHERITS (app.parent);
CREATE UNLOGGED TABLE app.scratch (a int) WITH (fillfactor = 50);
CREATE TABLE app.empty ();
CREATE TABLE app.dropped (a int, gone int, b app.pair[]);
ALTER TABLE app.dropped DROP COLUMN gone;
CREATE TABLE app.other_am (a int) USING "my heap";
CREATE TABLE app.usual_am (a int);
CREATE TABLE "Ünï ""code"" 🐘; DROP"."Täble ""x"" ; -- $$" ("select" int, "🐘" text, "a.b" int DEFAULT 1);
CREATE UNIQUE INDEX "In;dex" ON "Ünï ""code"" 🐘; DROP"."Täble ""x"" ; -- $$" ("🐘");
COMMENT ON TABLE "Ünï ""code"" 🐘; DROP"."Täble ""x"" ; -- $$" IS 'Ünï';
ALTER TABLE "Ünï ""code"" 🐘; DROP"."Täble ""x"" ; -- $$" OWNER TO "sample""Quote";

CREATE TABLE app.a (id int PRIMARY KEY, b int);
CREATE TABLE app.b (id int PRIMARY KEY, a int REFERENCES app.a);
ALTER TABLE app.a ADD CONSTRAINT a_b FOREIGN KEY (b) REFERENCES app.b NOT VALID;

CREATE VIEW app.v WITH (security_barrier) AS SELECT o.id, t.name FROM app.orders o JOIN app.tenant t ON t.id = o.tenant_id;
ALTER VIEW app.v ALTER COLUMN name SET DEFAULT 'x';
CREATE VIEW app.grouped AS SELECT a.id, a.b, count(*) FROM app.a GROUP BY a.id;
CREATE MATERIALIZED VIEW app.m1 AS SELECT id FROM app.tenant;
CREATE UNIQUE INDEX m1_id ON app.m1 (id);
CREATE MATERIALIZED VIEW app.a_of_m1 AS SELECT count(*) AS n FROM app.m1;
CREATE MATERIALIZED VIEW app.unfilled AS SELECT 1 AS one WITH NO DATA;
CREATE SEQUENCE app.seq AS smallint INCREMENT -3 MINVALUE -100 CYCLE CACHE 5;
CREATE PUBLICATION pub FOR TABLE app.a (id), app.b WHERE (id > 5) WITH (publish = 'insert');
CREATE SUBSCRIPTION sub CONNECTION 'host=nowhere' PUBLICATION "P 1" WITH (connect = false, slot_name = NONE);
CREATE FUNCTION app.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN NULL; END';
CREATE EVENT TRIGGER ddl ON ddl_command_end WHEN tag IN ('CREATE TABLE') EXECUTE FUNCTION app.on_ddl();
ALTER EVENT TRIGGER ddl ENABLE REPLICA;
COMMENT ON EVENT TRIGGER ddl IS 'watch';
ALTER DEFAULT PRIVILEGES FOR ROLE sample_owner IN SCHEMA app GRANT SELECT ON TABLES TO "sample reader";
ALTER DEFAULT PRIVILEGES FOR ROLE sample_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
SELECT lo_create(4711);
COMMENT ON LARGE OBJECT 4711 IS 'no part of the schema';
GRANT SELECT ON LARGE OBJECT 4711 TO PUBLIC;
`

const since16 = `
CREATE TABLE app.storage (a text STORAGE MAIN);
`

const since17 = `
CREATE TABLE app.part_am (a int) PARTITION BY LIST (a) USING "my heap";
CREATE TABLE app.part_am_1 PARTITION OF app.part_am FOR VALUES IN (1);
`

const since18 = `
CREATE TABLE app.virtual (a int, b int GENERATED ALWAYS AS (a + 1) VIRTUAL, CONSTRAINT nn NOT NULL a NOT VALID);
ALTER TABLE app.b ADD CONSTRAINT unenforced CHECK (id > 0) NOT ENFORCED;
`
