-- Keys, indexes and statistics, when the rows are there.

ALTER TABLE app.users ADD UNIQUE (tenant_id, email);
-- Tenants and their owners refer to each other: both are made in one transaction.
ALTER TABLE app.users ADD CONSTRAINT users_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants ON DELETE CASCADE DEFERRABLE INITIALLY IMMEDIATE;
ALTER TABLE app.tenants ADD CONSTRAINT tenants_owner_fkey FOREIGN KEY (owner_id) REFERENCES app.users DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE app.roles ADD FOREIGN KEY (tenant_id) REFERENCES app.tenants ON DELETE CASCADE;
ALTER TABLE app.user_roles ADD FOREIGN KEY (user_id) REFERENCES app.users ON DELETE CASCADE;
ALTER TABLE app.api_keys ADD FOREIGN KEY (tenant_id) REFERENCES app.tenants;
ALTER TABLE app.settings ADD FOREIGN KEY (tenant_id) REFERENCES app.tenants;
ALTER TABLE app.sessions ADD FOREIGN KEY (user_id) REFERENCES app.users ON DELETE CASCADE;

ALTER TABLE crm.customers ADD UNIQUE (tenant_id, number);
ALTER TABLE crm.customers ADD UNIQUE (tenant_id, id);
ALTER TABLE crm.customers ADD FOREIGN KEY (tenant_id) REFERENCES app.tenants;
ALTER TABLE crm.contacts ADD FOREIGN KEY (customer_id) REFERENCES crm.customers ON DELETE CASCADE;
ALTER TABLE crm.leads ADD FOREIGN KEY (customer_id) REFERENCES crm.customers ON DELETE SET NULL;
-- With the tenant in the key, nobody's deal can point to another's customer.
ALTER TABLE crm.deals ADD FOREIGN KEY (tenant_id, customer_id) REFERENCES crm.customers (tenant_id, id) MATCH FULL;
ALTER TABLE crm.deals ADD FOREIGN KEY (owner_id) REFERENCES app.users;
ALTER TABLE crm.notes ADD FOREIGN KEY (customer_id) REFERENCES crm.customers ON DELETE CASCADE;
ALTER TABLE crm.tasks ADD FOREIGN KEY (customer_id) REFERENCES crm.customers;
ALTER TABLE crm.bookings ADD FOREIGN KEY (room_id) REFERENCES crm.rooms;
ALTER TABLE crm.bookings ADD CONSTRAINT "one guest at a time" EXCLUDE USING gist (room_id WITH =, during WITH &&) WHERE (NOT cancelled);

ALTER TABLE shop.products ADD UNIQUE (tenant_id, sku);
ALTER TABLE shop.products ADD FOREIGN KEY (category_id) REFERENCES shop.categories;
ALTER TABLE shop.price_history ADD EXCLUDE USING gist (product_id WITH =, valid WITH &&);
ALTER TABLE shop.price_history REPLICA IDENTITY FULL;
ALTER TABLE shop.stock ADD FOREIGN KEY (warehouse_id) REFERENCES shop.warehouses;
ALTER TABLE shop.stock ADD FOREIGN KEY (product_id) REFERENCES shop.products;
ALTER TABLE shop.coupons ADD UNIQUE (tenant_id, code);
ALTER TABLE shop.orders ADD UNIQUE (number);
ALTER TABLE shop.orders ADD FOREIGN KEY (tenant_id, customer_id) REFERENCES crm.customers (tenant_id, id);
ALTER TABLE shop.orders ADD FOREIGN KEY (coupon_id) REFERENCES shop.coupons;
ALTER TABLE shop.order_items ADD FOREIGN KEY (order_id) REFERENCES shop.orders ON DELETE CASCADE;
ALTER TABLE shop.order_items ADD FOREIGN KEY (product_id) REFERENCES shop.products;
ALTER TABLE shop.payments ADD FOREIGN KEY (order_id) REFERENCES shop.orders;
ALTER TABLE shop.invoices ADD FOREIGN KEY (order_id) REFERENCES shop.orders;
ALTER TABLE shop.reviews ADD FOREIGN KEY (product_id) REFERENCES shop.products NOT VALID;
ALTER TABLE support.messages ADD FOREIGN KEY (ticket_id) REFERENCES support.tickets ON DELETE CASCADE;
ALTER TABLE support.attachments ADD FOREIGN KEY (ticket_id) REFERENCES support.tickets;

CREATE INDEX ON crm.customers USING gin (search);
CREATE INDEX customers_name_like ON crm.customers USING gin (name ext.gin_trgm_ops);
CREATE INDEX ON crm.customers USING gin (tags);
CREATE INDEX ON crm.notes (tenant_id, customer_id);
CREATE INDEX ON crm.deals (tenant_id, closes_on DESC NULLS LAST) INCLUDE (amount) WHERE probability > 0;
CREATE INDEX ON shop.products USING gin (attributes);
CREATE INDEX ON shop.products (lower(name), (price::numeric * 2));
CREATE INDEX ON shop.orders (tenant_id, placed_at);
CREATE INDEX ON shop.orders (customer_id);
CREATE INDEX orders_open ON shop.orders (placed_at) WHERE status IN ('draft', 'placed');
CREATE INDEX ON shop.orders USING brin (placed_at);
CREATE INDEX ON shop.order_items (product_id);
CREATE INDEX ON shop.payments USING hash (reference);
CREATE INDEX ON audit.log (tenant_id, at);
CREATE UNIQUE INDEX one_owner_role ON app.roles (tenant_id) WHERE name = 'Owner';
CREATE STATISTICS shop.orders_by_tenant (ndistinct, dependencies) ON tenant_id, currency FROM shop.orders;
ALTER TABLE shop.orders CLUSTER ON orders_pkey;
