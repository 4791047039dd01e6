-- Products and what became of them. 100 products and 12 categories for each tenant.

INSERT INTO shop.categories SELECT (c.id - 1) * 12 + n, c.id, CASE WHEN n = 1 THEN NULL ELSE (c.id - 1) * 12 + n / 3 + 1 END,
  CASE WHEN n = 1 THEN c.name ELSE w.things[1 + n % 6] || ' ' || n END, n
FROM companies AS c JOIN words AS w USING (locale), generate_series(1, 12) AS n ORDER BY 1;

INSERT INTO shop.products (id, tenant_id, category_id, sku, name, description, price, attributes, dimensions, tags, thumbnail, created_at, updated_at)
SELECT i, c.id, (c.id - 1) * 12 + 1 + pg_temp.pick(i, 50, 12), upper(pg_temp.hex(i, 51)), w.things[1 + pg_temp.pick(i, 52, 6)] || ' ' || (i - 1) % 100 + 1,
  w.phrases[1 + pg_temp.pick(i, 53, 4)] || ' ' || w.things[1 + pg_temp.pick(i, 54, 6)] || ', ' || w.cities[1 + pg_temp.pick(i, 55, 4)] || '.', (199 + pg_temp.pick(i, 56, 30000)) / 100.0,
  hstore(ARRAY['weight', pg_temp.pick(i, 57, 5000)::text, 'colour', '#' || left(pg_temp.hex(i, 58), 6), 'made in', CASE WHEN i % 7 = 0 THEN NULL ELSE w.country END]),
  CASE WHEN i % 3 > 0 THEN ROW(pg_temp.pick(i, 59, 900) / 10.0, NULL, 2.50)::shop.dimensions END, ARRAY[w.country, 'cat ' || i % 12],
  CASE WHEN i % 2 = 0 THEN pg_temp.noise(i, 6) END, pg_temp.moment(i, 60), timestamptz '2026-10-03 00:00:00+00'
FROM generate_series(1, 2000) AS i JOIN companies AS c ON c.id = (i - 1) / 100 + 1 JOIN words AS w USING (locale) ORDER BY i;

INSERT INTO shop.price_history SELECT p.id, daterange(date '2025-01-01' + n * 200, CASE n WHEN 2 THEN NULL ELSE date '2025-01-01' + n * 200 + 200 END),
  p.price::numeric * (8 + n) / 10, shop.price_range(p.price::numeric, p.price::numeric * 2)
FROM shop.products AS p, generate_series(0, 2) AS n ORDER BY p.id, n;

INSERT INTO shop.warehouses SELECT i, 1 + (i - 1) / 2, 'Lager ' || i, set_masklen(('10.' || i || '.0.0')::cidr, 16), ('08:00:2b:01:02:' || lpad(to_hex(i), 2, '0'))::macaddr FROM generate_series(1, 40) AS i;

INSERT INTO shop.stock SELECT (p.tenant_id - 1) * 2 + 1 + n, p.id, pg_temp.pick(p.id, 61 + n, 400) - 5, timestamp '2026-09-30 18:00:00' - p.id * interval '1 minute'
FROM shop.products AS p, generate_series(0, 1) AS n ORDER BY 1, 2;

INSERT INTO shop.coupons SELECT i, 1 + (i - 1) / 3, (ARRAY['Sommer', 'WELCOME', 'עשר'])[1 + i % 3], 5 + i % 40, tstzrange('2026-06-01 00:00:00+00', CASE WHEN i % 2 = 0 THEN '2026-09-01 00:00:00+00' END::timestamptz) FROM generate_series(1, 60) AS i;

-- Numbered as they were placed; the total is set from the lines.
INSERT INTO shop.orders (id, tenant_id, customer_id, number, status, currency, total, ship_to, coupon_id, remarks, extra, placed_at, updated_at)
SELECT i, u.tenant_id, u.id, 'A' || lpad(i::text, 7, '0'), (enum_range(NULL::shop.order_status))[1 + (hashint8extended(i, 62) & 2147483647) % 6], t.currency,
  n.total, CASE WHEN i % 4 = 0 THEN u.address END, CASE WHEN i % 20 = 0 THEN (u.tenant_id - 1) * 3 + 1 END,
  CASE i % 25 WHEN 0 THEN E'Leave it at\tthe door.\nThanks!' WHEN 1 THEN '\N' WHEN 2 THEN '' WHEN 3 THEN u.name || ' 🎁' END,
  CASE WHEN i % 6 = 0 THEN jsonb_build_object('gift', true, 'for', u.name, 'utm', pg_temp.pick(i, 63, 50)) END,
  timestamptz '2025-11-01 00:00:00+00' + i * interval '1433 seconds', timestamptz '2025-11-01 00:00:00+00' + i * interval '1434 seconds'
FROM generate_series(1, 21600) AS i JOIN crm.customers AS u ON u.id = 1 + pg_temp.pick(i, 64, 8000) JOIN app.tenants AS t ON t.id = u.tenant_id,
  LATERAL (SELECT sum(round((1 + pg_temp.pick(i * 8 + l, 65, 4)) * p.price::numeric * (1 - (pg_temp.pick(i * 8 + l, 66, 8) / 7) * 0.1), 2)) AS total
    FROM generate_series(1, 1 + pg_temp.pick(i, 67, 5)) AS l JOIN shop.products AS p ON p.id = (u.tenant_id - 1) * 100 + 1 + pg_temp.pick(i * 8 + l, 68, 100)) AS n
ORDER BY i;

INSERT INTO shop.order_items (order_id, line, tenant_id, product_id, quantity, unit_price, discount)
SELECT o.id, l, o.tenant_id, p.id, 1 + pg_temp.pick(o.id * 8 + l, 65, 4), p.price, (pg_temp.pick(o.id * 8 + l, 66, 8) / 7) * 0.1
FROM shop.orders AS o, generate_series(1, 1 + pg_temp.pick(o.id, 67, 5)) AS l, shop.products AS p
WHERE p.id = (o.tenant_id - 1) * 100 + 1 + pg_temp.pick(o.id * 8 + l, 68, 100) ORDER BY o.id, l;

INSERT INTO shop.payments SELECT md5('payment' || o.id)::uuid, o.tenant_id, o.id, (enum_range(NULL::shop.payment_method))[1 + pg_temp.pick(o.id, 69, 4)], o.total,
  CASE WHEN o.id % 3 > 0 THEN pg_temp.hex(o.id, 70) END, o.placed_at + interval '2 hours'
FROM shop.orders AS o WHERE o.status >= 'paid' ORDER BY o.id;

INSERT INTO shop.invoices (tenant_id, order_id, amount, vat, issued_on, due_on)
SELECT o.tenant_id, o.id, o.total, 19.000, (o.placed_at AT TIME ZONE 'UTC')::date, CASE WHEN o.id % 30 = 0 THEN date 'infinity' ELSE (o.placed_at AT TIME ZONE 'UTC')::date + 30 END
FROM shop.orders AS o WHERE o.status >= 'shipped' ORDER BY o.id;

INSERT INTO shop.reviews SELECT p.id, u.id, u.tenant_id, 1 + pg_temp.pick(i, 71, 5), CASE WHEN i % 3 > 0 THEN repeat('★', 1 + pg_temp.pick(i, 71, 5)) || ' ' || p.name END, pg_temp.moment(i, 72)
FROM generate_series(1, 4000) AS i JOIN crm.customers AS u ON u.id = 1 + i * 2 - 1 JOIN shop.products AS p ON p.id = (u.tenant_id - 1) * 100 + 1 + pg_temp.pick(i, 73, 100) ORDER BY 1, 2;
