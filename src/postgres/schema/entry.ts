/**
 * One object of the schema as pg_dump describes it: an entry of its archive's table of contents. The SQL itself
 * lies in the schema text at `offset`, `length` bytes long, and includes the setting of the owner.
 */
export interface SchemaEntry {
  /** pg_dump's id of the entry: unique inside the dump, in dump order. */
  readonly id: number
  /** pg_dump's word for the kind: `TABLE`, `INDEX`, `FK CONSTRAINT`, `ACL` ... */
  readonly type: string
  /**
   * Where it belongs when restoring. `pre`: before rows are loaded; `post`: after; `acl`: grants and default
   * privileges, after everything before; `last`: event triggers and refreshing of materialized views.
   */
  readonly phase: 'pre' | 'post' | 'acl' | 'last'
  /** Null for objects that live in no schema. */
  readonly schema: string | null
  /** As pg_dump tags it, e.g. `orders`, `orders orders_pkey` (table, then object), `add(integer, integer)`. */
  readonly name: string
  readonly owner: string | null
  /** System catalog's and object's oid, 0 where there is none. */
  readonly catalogOid: number
  readonly oid: number
  /** Ids of entries that must exist first. */
  readonly dependsOn: readonly number[]
  /** Bytes of the entry's SQL in the schema text. */
  readonly offset: number
  readonly length: number
  /** The SQL without the owner's statement, for `--no-owner`: `length` of the first part of it. */
  readonly lengthWithoutOwner: number
}

/** What tells an object from others: kind, schema and name. The text of it may differ from major to major. */
export function entryKey({ type, schema, name }: SchemaEntry): string {
  return `${type}\0${schema ?? ''}\0${name}`
}

/** `app.orders`, or `plpgsql` of what is in no schema. */
export function entryName({ schema, name }: Pick<SchemaEntry, 'schema' | 'name'>): string {
  return schema === null ? name : `${schema}.${name}`
}

/** A schema as read from a server: the text is in the database's own encoding. */
export interface SchemaDump {
  readonly text: Uint8Array
  readonly entries: readonly SchemaEntry[]
}
