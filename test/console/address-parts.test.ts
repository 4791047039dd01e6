import assert from 'node:assert/strict'
import { test } from 'node:test'
import { leadToOne, partsOf } from '../../src/console/pages/sources/address-parts.ts'
import { leadToOne as leadToOneAtService } from '../../src/postgres/address.ts'

const addresses = [
  'postgres://backup@db.example.com/shop',
  'postgresql://other@DB.example.com:5432/shop?sslmode=verify-full&connect_timeout=5',
  'host=db.example.com dbname=shop user=backup',
  "dbname = 'shop' host='db.example.com' port=5432 sslmode=require",
  'postgres://backup@db.example.com:5433/shop',
  'postgres://backup@db.example.com:80/shop',
  'postgres://backup@db.example.com/shop%20copy',
  "host=db.example.com dbname='shop copy'",
  'postgres://shop@db.example.com',
  'postgres://backup@[::1]/shop',
  'host=::1 dbname=shop',
  'postgres:///shop?host=/var/run/postgresql',
  'host=/var/run/postgresql dbname=shop',
  'service=shop',
  'service=crm',
]

test('the console and the service agree on which addresses lead to one place', () => {
  for (const one of addresses)
    for (const other of addresses)
      assert.equal(leadToOne(one, other), leadToOneAtService(one, other), `${one} and ${other}`)
  assert.ok(leadToOneAtService(addresses[0] ?? '', addresses[3] ?? ''))
})

test('what an address says is read back; what can not be read is not guessed', () => {
  assert.deepEqual(partsOf('postgres://b%40x@db.example.com/shop%C3%A9?sslmode=verify-full'), { host: 'db.example.com', port: '5432', database: 'shopé', user: 'b@x', tls: 'verify-full' }) // prettier-ignore
  assert.deepEqual(partsOf('postgres://app:SECRET@db/shop'), { host: 'db', port: '5432', database: 'shop', user: 'app', tls: '' }) // prettier-ignore
  assert.deepEqual(partsOf("host=db user='a b' sslmode=require"), { host: 'db', port: '5432', database: 'a b', user: 'a b', tls: 'require' }) // prettier-ignore
  for (const text of ['', 'db.example.com', 'postgres://', 'postgres://a@db:port/shop'])
    assert.equal(partsOf(text), null, text)
})
