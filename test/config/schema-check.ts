type Schema = Readonly<Record<string, unknown>>

/** True if a value fits a JSON schema of the keywords that the configuration's has; any other keyword is an error. */
export function fits(schema: Schema, value: unknown): boolean {
  return Object.entries(schema).every(([keyword, rule]) => {
    const judge = keywords[keyword]
    if (judge === undefined)
      throw new Error(`The schema has a keyword that this test does not know: ${keyword}`)
    return judge(rule, value, schema)
  })
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const keywords: Readonly<Record<string, (rule: unknown, value: unknown, schema: Schema) => boolean>> = {
  $schema: () => true,
  title: () => true,
  description: () => true,
  type: (rule, value) =>
    rule === 'object'
      ? isObject(value)
      : rule === 'array'
        ? Array.isArray(value)
        : rule === 'integer'
          ? Number.isInteger(value)
          : typeof value === rule,
  minimum: (rule, value) => typeof value !== 'number' || value >= Number(rule),
  maximum: (rule, value) => typeof value !== 'number' || value <= Number(rule),
  enum: (rule, value) => (rule as unknown[]).includes(value),
  oneOf: (rule, value) => (rule as Schema[]).filter((one) => fits(one, value)).length === 1,
  pattern: (rule, value) => typeof value !== 'string' || new RegExp(String(rule), 'u').test(value),
  minItems: (rule, value) => !Array.isArray(value) || value.length >= Number(rule),
  items: (rule, value) => !Array.isArray(value) || value.every((item) => fits(rule as Schema, item)),
  required: (rule, value) =>
    !isObject(value) || (rule as string[]).every((name) => Object.hasOwn(value, name)),
  properties: (rule, value) =>
    !isObject(value) ||
    Object.entries(rule as Record<string, Schema>).every(
      ([name, one]) => !Object.hasOwn(value, name) || fits(one, value[name]),
    ),
  propertyNames: (rule, value) =>
    !isObject(value) || Object.keys(value).every((name) => fits(rule as Schema, name)),
  additionalProperties: (rule, value, schema) => {
    if (!isObject(value)) return true
    const known = Object.keys((schema['properties'] as object | undefined) ?? {})
    const others = Object.entries(value).filter(([name]) => !known.includes(name))
    return rule === false ? others.length === 0 : others.every(([, one]) => fits(rule as Schema, one))
  },
}
