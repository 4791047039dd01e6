-- Tickets, files, the audit log, spreadsheets. Then every counter is set behind the last number given out.

INSERT INTO support.tickets SELECT i, u.tenant_id, u.id, CASE WHEN i % 6 > 0 THEN 1001 + (u.tenant_id - 1) * 12 + i % 12 END, (enum_range(NULL::app.severity))[1 + pg_temp.pick(i, 80, 4)],
  left(w.phrases[1 + pg_temp.pick(i, 81, 4)], 40), CASE i % 3 WHEN 0 THEN interval '4 hours' WHEN 1 THEN interval '1 day' ELSE interval '1 mon -1 day' END,
  pg_temp.moment(i, 82), CASE WHEN i % 4 > 0 THEN pg_temp.moment(i, 82) + interval '26 hours' END
FROM generate_series(1, 3000) AS i JOIN crm.customers AS u ON u.id = 1 + pg_temp.pick(i, 83, 8000) JOIN app.tenants AS t ON t.id = u.tenant_id JOIN words AS w ON w.locale = t.locale ORDER BY i;

INSERT INTO support.messages SELECT k.id, n, k.tenant_id, CASE WHEN n % 2 = 1 THEN 'customer' ELSE 'agent' END,
  (SELECT string_agg(w.phrases[1 + pg_temp.pick(k.id * 10 + n * 3 + s, 84, 4)], E'\n' ORDER BY s) FROM generate_series(1, 3) AS s), k.opened_at + n * interval '95 minutes'
FROM support.tickets AS k JOIN app.tenants AS t ON t.id = k.tenant_id JOIN words AS w ON w.locale = t.locale, generate_series(1, 3) AS n ORDER BY k.id, n;

-- Numbers of large objects are chosen by whoever makes them, here by us, so that they are the same each time.
INSERT INTO support.attachments SELECT md5('file' || i)::uuid, k.tenant_id, k.id, 'فاتورة ' || i || '.pdf', 'application/pdf', NULL, lo_from_bytea((700000 + i)::oid, '\x255044462d312e370a'::bytea || pg_temp.noise(i, 400 + pg_temp.pick(i, 85, 900)))
FROM generate_series(1, 60) AS i JOIN support.tickets AS k ON k.id = i * 37 ORDER BY i;
INSERT INTO support.attachments SELECT md5('small' || i)::uuid, k.tenant_id, k.id, 'log-' || i || '.txt', 'text/plain', convert_to(repeat(E'line\twith \\ and \x01\n', i % 30), 'UTF8'), NULL
FROM generate_series(1, 240) AS i JOIN support.tickets AS k ON k.id = i * 11 ORDER BY i;
COMMENT ON LARGE OBJECT 700001 IS 'The first invoice that was attached';
GRANT SELECT ON LARGE OBJECT 700001 TO bazaar_reader;

INSERT INTO audit.log (id, at, tenant_id, user_id, action, entity, entity_id, before, after, address)
SELECT i, timestamptz '2025-11-01 00:00:00+00' + i * interval '1576 seconds', 1 + pg_temp.pick(i, 86, 20), 1001 + pg_temp.pick(i, 86, 20) * 12, (ARRAY['INSERT', 'UPDATE', 'UPDATE', 'DELETE'])[1 + i % 4],
  (ARRAY['crm.customers', 'shop.orders', 'shop.products'])[1 + pg_temp.pick(i, 87, 3)], pg_temp.pick(i, 88, 8000)::text,
  CASE WHEN i % 4 > 0 THEN jsonb_build_object('status', 'new', 'price', pg_temp.pick(i, 89, 9999) / 100.0) END,
  CASE WHEN i % 4 < 3 THEN jsonb_build_object('status', 'changed', 'price', pg_temp.pick(i, 90, 9999) / 100.0, 'by', '用户' || i % 240) END, ('172.16.' || i % 200 || '.9')::inet
FROM generate_series(1, 20000) AS i ORDER BY i;

INSERT INTO "Büro 🗂"."order" SELECT i, 'spreadsheet ' || i, CASE WHEN i % 2 = 0 THEN 'drawer ' || i END FROM generate_series(1, 150) AS i;
INSERT INTO "Büro 🗂"."客户备注" SELECT i, '客户' || i, CASE WHEN i % 3 > 0 THEN '备注：' || repeat('很好', i % 5) END FROM generate_series(1, 200) AS i;
INSERT INTO "Büro 🗂"."عملاء قدامى" SELECT i, 'عميل رقم ' || i, CASE i % 20 WHEN 0 THEN date '-infinity' WHEN 1 THEN date '0044-03-15 BC' ELSE date '2015-01-01' + i END FROM generate_series(1, 180) AS i;
INSERT INTO "Büro 🗂"."Prices (old, do not use!)" SELECT 'item ' || i / 2, ((i / 2) * 1.5)::numeric::money, date '2001-01-01' + i / 2, (i / 2 % 16)::bit(4), xmlelement(name note, 'n° ' || i / 2) FROM generate_series(1, 120) AS i;

DO $$
DECLARE
  counter record;
  highest bigint;
BEGIN
  FOR counter IN SELECT a.attrelid::regclass AS owner, quote_ident(a.attname) AS attribute, pg_get_serial_sequence(a.attrelid::regclass::text, a.attname) AS name
    FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
    WHERE c.relnamespace::regnamespace::text IN ('app', 'crm', 'shop', 'support', 'audit') AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
      AND pg_get_serial_sequence(a.attrelid::regclass::text, a.attname) IS NOT NULL
    ORDER BY c.relnamespace::regnamespace::text, c.relname, a.attnum
  LOOP
    EXECUTE format('SELECT max(%s) FROM %s', counter.attribute, counter.owner) INTO highest;
    IF highest IS NOT NULL THEN PERFORM setval(counter.name, highest); END IF;
  END LOOP;
END $$;
