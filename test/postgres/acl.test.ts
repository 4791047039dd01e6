import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  aclRoles,
  aclStatements,
  defaultAcl,
  parseAclItem,
  printAclItem,
  privilegeLetters,
  withOwner,
} from '../../src/postgres/acl.ts'

const name = fc.oneof(
  fc.string({
    minLength: 1,
    maxLength: 12,
    unit: fc.constantFrom('a', 'B', '_', '"', '=', '/', '*', ' ', 'é', '😀', '\\', ','),
  }),
  fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }),
)
const item = fc
  .record({
    grantee: fc.option(name, { nil: '' }),
    grantor: name,
    privileges: fc.subarray([...privilegeLetters], { minLength: 1 }),
    seed: fc.integer({ min: 0, max: 2 ** privilegeLetters.length }),
  })
  .map(({ grantee, grantor, privileges, seed }) => ({
    grantee,
    grantor,
    privileges: privileges.join(''),
    grantable: privileges.filter((_, i) => ((seed >> i) & 1) === 1).join(''),
  }))

test('an aclitem that is printed reads back the same', () => {
  fc.assert(fc.property(item, (one) => assert.deepEqual(parseAclItem(printAclItem(one)), one)))
})

test('aclitems as servers print them', () => {
  assert.deepEqual(parseAclItem('=Tc/postgres'), {
    grantee: '',
    privileges: 'Tc',
    grantable: '',
    grantor: 'postgres',
  })
  assert.deepEqual(parseAclItem('"a ""b"" =/"=r*w/"x/y"'), {
    grantee: 'a "b" =/',
    privileges: 'rw',
    grantable: 'r',
    grantor: 'x/y',
  })
})

test('what is no aclitem is refused', () => {
  for (const text of ['', 'a', 'a=r', 'a=q/b', 'a=r/', '"a=r/b', 'a=r/b/c']) {
    assert.throws(() => parseAclItem(text), /aclitem/, text)
  }
})

test('the default list needs no statement', () => {
  const initial = defaultAcl('database', 'o')
  assert.deepEqual(aclStatements({ objectSql: 'DATABASE "d"', owner: 'o', acl: initial, initial }), [])
})

test('an empty list takes all away', () => {
  const initial = defaultAcl('database', 'o')
  assert.deepEqual(aclStatements({ objectSql: 'DATABASE "d"', owner: 'o', acl: [], initial }), [
    'REVOKE TEMPORARY, CONNECT ON DATABASE "d" FROM PUBLIC',
    'REVOKE CREATE, TEMPORARY, CONNECT ON DATABASE "d" FROM "o"',
  ])
})

test('a grant by someone else comes after the grant that allows it, under that role', () => {
  const acl = ['c=r/b', 'b=r*/a', 'a=r*w/o', 'o=rw/o']
  const initial = defaultAcl('large object', 'o')
  assert.deepEqual(aclStatements({ objectSql: 'LARGE OBJECT 1', owner: 'o', acl, initial }), [
    'GRANT UPDATE ON LARGE OBJECT 1 TO "a"',
    'GRANT SELECT ON LARGE OBJECT 1 TO "a" WITH GRANT OPTION',
    'SET ROLE "a"',
    'GRANT SELECT ON LARGE OBJECT 1 TO "b" WITH GRANT OPTION',
    'RESET ROLE',
    'SET ROLE "b"',
    'GRANT SELECT ON LARGE OBJECT 1 TO "c"',
    'RESET ROLE',
  ])
})

test('an owner who changes takes his entries along', () => {
  assert.deepEqual(withOwner(['=c/o', 'o=CTc/o', 'n=c*/o'], 'o', 'n'), [
    '=c/n',
    'n=CTcc*/n'.replace('cc*', 'c*'),
  ])
  assert.deepEqual([...aclRoles(['=c/o', 'a=c/o'])].toSorted(), ['a', 'o'])
  assert.deepEqual(aclRoles(null), new Set())
})
