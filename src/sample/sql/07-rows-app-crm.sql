-- Twenty tenants with users and rights, and their customers.

INSERT INTO app.plans (code, name, price, features, seats) VALUES
('free', 'Free', 0, '{}', '[1,3)'),
('team', 'Team', 29, '{api,export}', '[3,20)'),
('business', 'Business', 99.90, '{api,export,sso,"audit log"}', '[20,200)'),
('enterprise', 'Enterprise', 499, '{api,export,sso,"audit log","your own domain"}', '[200,)');

-- Twelve users each; the first of them is the owner. Numbers follow from the tenant: 12 users, 12 categories, 100 products.
INSERT INTO app.tenants (id, slug, name, plan, locale, country, currency, owner_id, settings, labels, contract, created_at, updated_at)
OVERRIDING SYSTEM VALUE
SELECT c.id, c.slug, c.name, c.plan, c.locale, w.country, w.currency, 1001 + (c.id - 1) * 12,
  jsonb_build_object('theme', (ARRAY['light', 'dark', 'system'])[pg_temp.pick(c.id, 1, 3) + 1], 'week_starts', CASE WHEN c.locale IN ('ar', 'he') THEN 0 ELSE 1 END,
    'limits', jsonb_build_object('api', 1000 * c.id, 'storage', 1e9 * c.id), 'greeting', w.phrases[1]),
  hstore(ARRAY['region', w.country, 'since', (2010 + c.id % 12)::text, 'note', CASE c.id WHEN 20 THEN NULL ELSE c.name END]),
  daterange((date '2019-03-01' + c.id * 31), CASE WHEN c.id % 4 = 0 THEN NULL ELSE date '2027-12-31' + c.id END),
  timestamptz '2019-03-01 08:00:00+00' + c.id * interval '31 days', timestamptz '2026-01-15 08:00:00+00' + c.id * interval '1 hour'
FROM companies AS c JOIN words AS w USING (locale) ORDER BY c.id;

INSERT INTO app.users (id, tenant_id, email, name, password_hash, birthday, last_address, active, created_at, updated_at)
SELECT 1000 + i, c.id, format('user%s@%s.example', i, c.slug)::ext.citext,
  CASE w.gap WHEN '' THEN w.family[1 + pg_temp.pick(i, 3, 10)] || w.given[1 + pg_temp.pick(i, 2, 10)]
    ELSE w.given[1 + pg_temp.pick(i, 2, 10)] || w.gap || w.family[1 + pg_temp.pick(i, 3, 10)] END,
  '$2b$12$' || pg_temp.hex(i, 4) || pg_temp.hex(i, 5) || pg_temp.hex(i, 6), date '1955-01-01' + pg_temp.pick(i, 7, 18000),
  CASE WHEN i % 5 = 0 THEN ('2001:db8::' || to_hex(i))::inet ELSE ('10.' || c.id || '.0.' || i % 250)::inet END,
  i % 17 > 0, pg_temp.moment(i, 8), timestamptz '2026-11-01 00:00:00+00'
FROM generate_series(1, 240) AS i JOIN companies AS c ON c.id = (i - 1) / 12 + 1 JOIN words AS w USING (locale) ORDER BY i;

INSERT INTO app.permissions SELECT what || '.' || how, initcap(how) || ' ' || what
FROM unnest('{customers,deals,products,orders,invoices,tickets,settings}'::text[]) AS what, unnest('{read,write,delete,export}'::text[]) AS how ORDER BY 1;

INSERT INTO app.roles (tenant_id, name) SELECT c.id, r.name FROM companies AS c, unnest('{Owner,Sales,"Service & Support",Büro}'::text[]) WITH ORDINALITY AS r (name, n) ORDER BY c.id, r.n;

INSERT INTO app.role_permissions SELECT r.id, p.code FROM app.roles AS r, app.permissions AS p
WHERE r.name = 'Owner' OR (pg_temp.pick(r.id, 9, 100) + hashtext(p.code)) % 3 = 0 ORDER BY 1, 2;

INSERT INTO app.user_roles SELECT u.id, r.id, 1001 + (u.tenant_id - 1) * 12, u.created_at
FROM app.users AS u JOIN app.roles AS r ON r.tenant_id = u.tenant_id AND (u.id + r.id) % 3 = 0 ORDER BY 1, 2;

INSERT INTO app.api_keys SELECT ext.uuid_generate_v5(ext.uuid_ns_dns(), slug || n), id, sha256((slug || n)::bytea), '{orders.read,products.read}',
  CASE n WHEN 1 THEN timestamptz 'infinity' ELSE timestamptz '2027-06-30 12:00:00+00' END FROM companies, generate_series(1, 2) AS n WHERE plan <> 'free' ORDER BY id, n;

INSERT INTO app.sessions SELECT md5('session' || i)::uuid, 1000 + i, '192.0.2.7', 'Mozilla/5.0 (Sample; Bazaar)', pg_temp.moment(i, 10) FROM generate_series(1, 120) AS i;

INSERT INTO app.settings SELECT c.id, s.key, s.value, CASE WHEN s.key = 'invoice' THEN '{"prefix" : "R-",  "digits":6, "digits":8}'::json END
FROM companies AS c, (VALUES ('invoice', '{"prefix": "R-", "digits": 8}'::jsonb), ('mail', '{"footer": "—", "bcc": null}'), ('vat', '0.190'), ('beta', 'false')) AS s (key, value) ORDER BY 1, 2;

INSERT INTO app.holidays SELECT w.country, date '2026-01-01' + 30 * m, 'Bank holiday ' || m FROM words AS w, generate_series(0, 5) AS m ORDER BY 1, 2;

-- The first tenants are the largest.
INSERT INTO crm.customers (id, tenant_id, number, name, email, phone, address, tags, preferences, credit, born, created_at, updated_at)
SELECT i, c.id, upper(left(c.slug, 3)) || '-' || lpad(i::text, 6, '0'),
  CASE w.gap WHEN '' THEN w.family[1 + pg_temp.pick(i, 12, 10)] || w.given[1 + pg_temp.pick(i, 11, 10)]
    ELSE w.given[1 + pg_temp.pick(i, 11, 10)] || w.gap || w.family[1 + pg_temp.pick(i, 12, 10)] END,
  CASE WHEN pg_temp.pick(i, 13, 12) > 0 THEN format('c%s@%s.example', lpad(i::text, 5, '0'), (ARRAY['mail', 'post', 'inbox', 'home'])[1 + pg_temp.pick(i, 14, 4)])::ext.citext END,
  CASE WHEN pg_temp.pick(i, 15, 4) > 0 THEN '+' || (10 + pg_temp.pick(i, 16, 80)) || ' ' || pg_temp.pick(i, 17, 899999999) ELSE '' END,
  CASE WHEN i % 40 > 0 THEN ROW(w.cities[1 + pg_temp.pick(i, 18, 4)] || ' ' || pg_temp.pick(i, 19, 200), w.cities[1 + pg_temp.pick(i, 18, 4)], lpad(pg_temp.pick(i, 20, 99999)::text, 5, '0'), w.country)::crm.address END,
  (ARRAY['{}', '{vip}', '{b2b,"net 30"}', '{"needs, care",NULL,"\"quoted\""}', '{🙂}'])[1 + pg_temp.pick(i, 21, 5)]::text[],
  jsonb_build_object('newsletter', i % 3 = 0, 'language', c.locale, 'score', round(pg_temp.share(i, 22)::numeric, 3), 'remarks', w.phrases[1 + i % 4]),
  pg_temp.pick(i, 23, 500000) / 100.0, CASE WHEN i % 6 = 0 THEN NULL ELSE date '1940-01-01' + pg_temp.pick(i, 24, 24000) END,
  pg_temp.moment(i, 25), timestamptz '2026-10-01 00:00:00+00'
FROM generate_series(1, 8000) AS i JOIN companies AS c ON c.id = 1 + floor(20 * power(pg_temp.share(i, 26), 1.6))::integer JOIN words AS w USING (locale) ORDER BY i;

INSERT INTO crm.contacts SELECT i, u.tenant_id, u.id, (enum_range(NULL::crm.channel))[1 + pg_temp.pick(i, 27, 5)],
  CASE WHEN i % 2 = 0 THEN coalesce(u.email::text, u.phone) ELSE '+' || pg_temp.pick(i, 28, 999999999) END, i % 4 = 0, pg_temp.moment(i, 29)
FROM generate_series(1, 10000) AS i JOIN crm.customers AS u ON u.id = 1 + pg_temp.pick(i, 30, 8000) ORDER BY i;

INSERT INTO crm.leads SELECT i, 1 + pg_temp.pick(i, 31, 20), 'Lead ' || i, (enum_range(NULL::crm.lead_status))[1 + pg_temp.pick(i, 32, 5)],
  CASE i % 10 WHEN 0 THEN 'NaN' WHEN 1 THEN '-0' WHEN 2 THEN '1e-300' ELSE pg_temp.share(i, 33) END,
  CASE i % 3 WHEN 0 THEN NULL WHEN 1 THEN 'null' ELSE jsonb_build_object('utm', jsonb_build_array('spring', i % 9), 'ref', 'https://example.com/?q=%20&i=' || i) END, NULL, pg_temp.moment(i, 34)
FROM generate_series(1, 4000) AS i ORDER BY i;

INSERT INTO crm.deals (id, tenant_id, customer_id, owner_id, title, amount, probability, history, closes_on, created_at, updated_at)
SELECT i, u.tenant_id, u.id, 1001 + (u.tenant_id - 1) * 12 + i % 12, 'Deal ' || i || ' ' || u.name, pg_temp.pick(i, 35, 9000000) / 100.0, pg_temp.pick(i, 36, 1001) / 1000.0,
  ARRAY[ROW('open', pg_temp.moment(i, 37), 1001)::crm.stage_change, ROW('offer, "final"', NULL, NULL)::crm.stage_change], CASE WHEN i % 5 > 0 THEN date '2026-01-01' + pg_temp.pick(i, 38, 700) END,
  pg_temp.moment(i, 37), timestamptz '2026-10-02 00:00:00+00'
FROM generate_series(1, 4000) AS i JOIN crm.customers AS u ON u.id = 1 + pg_temp.pick(i, 39, 8000) ORDER BY i;

INSERT INTO crm.notes SELECT i, u.tenant_id, u.id, 1001 + (u.tenant_id - 1) * 12 + i % 12,
  w.phrases[1 + pg_temp.pick(i, 40, 4)] || ' (' || u.number || ') ' || w.phrases[1 + pg_temp.pick(i, 41, 4)], pg_temp.moment(i, 42)
FROM generate_series(1, 12000) AS i JOIN crm.customers AS u ON u.id = 1 + pg_temp.pick(i, 43, 8000) JOIN app.tenants AS t ON t.id = u.tenant_id JOIN words AS w ON w.locale = t.locale ORDER BY i;

INSERT INTO crm.tasks SELECT i, u.tenant_id, u.id, 1001 + (u.tenant_id - 1) * 12 + i % 12, 'Call ' || u.name, CASE WHEN i % 9 = 0 THEN timestamptz 'infinity' ELSE pg_temp.moment(i, 44) END,
  CASE WHEN i % 11 = 0 THEN interval '1 year 2 mons -3 days 04:05:06.789' END, i % 2 = 0
FROM generate_series(1, 5000) AS i JOIN crm.customers AS u ON u.id = 1 + pg_temp.pick(i, 45, 8000) ORDER BY i;

INSERT INTO crm.rooms SELECT i, 1 + (i - 1) / 2, CASE WHEN i % 2 = 0 THEN 'Sala ' ELSE 'Room ' END || i, point(i / 3.0, -i / 7.0) FROM generate_series(1, 40) AS i;

INSERT INTO crm.bookings SELECT i, 1 + (i % 40) / 2, 1 + i % 40, NULL, tstzrange(timestamptz '2026-01-05 08:00:00+00' + (i / 40) * interval '2 hours', timestamptz '2026-01-05 09:30:00+00' + (i / 40) * interval '2 hours'), i % 50 = 0
FROM generate_series(0, 2999) AS i ORDER BY i;
