/**
 * Strict validation of decoded JSON. A check returns the value with its type, or throws ShapeError that names the place.
 * Unknown fields are refused: a document of a known format has exactly the fields of that format.
 */
export type Check<T> = (value: unknown, place: string) => T

/** A document is not of the shape that its format demands. Callers turn it into a HoldfastError that names the object. */
export class ShapeError extends Error {}

/** An object with exactly these fields. */
export function object<T extends object>(fields: { readonly [K in keyof T]-?: Check<T[K]> }): Check<T> {
  const names = Object.keys(fields) as (keyof T & string)[]
  return (value, place) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong(place, 'an object')
    const record = value as Record<string, unknown>
    for (const name of Object.keys(record)) {
      if (!Object.hasOwn(fields, name))
        throw new ShapeError(`${place} has an unknown field ${JSON.stringify(name)}`)
    }
    for (const name of names) {
      if (!Object.hasOwn(record, name)) throw new ShapeError(`${place} lacks the field ${name}`)
      fields[name](record[name], `${place}.${name}`)
    }
    return value as T
  }
}

/** A list whose members all pass. */
export function list<T>(member: Check<T>): Check<readonly T[]> {
  return (value, place) => {
    if (!Array.isArray(value)) return wrong(place, 'a list')
    for (let index = 0; index < value.length; index++) member(value[index], `${place}[${index}]`)
    return value as T[]
  }
}

/** A list of fixed length whose members are of these kinds. */
export function tuple<T extends readonly unknown[]>(...members: { [K in keyof T]: Check<T[K]> }): Check<T> {
  return (value, place) => {
    if (!Array.isArray(value) || value.length !== members.length) {
      return wrong(place, `a list of ${members.length}`)
    }
    members.forEach((member: Check<unknown>, index) => member(value[index], `${place}[${index}]`))
    return value as unknown as T
  }
}

/** An object with names that match as keys and values that pass. */
export function record<T>(name: RegExp, member: Check<T>): Check<Readonly<Record<string, T>>> {
  return (value, place) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong(place, 'an object')
    for (const [key, entry] of Object.entries(value)) {
      if (!name.test(key)) throw new ShapeError(`${place} has a wrong name ${JSON.stringify(key)}`)
      member(entry, `${place}.${key}`)
    }
    return value as Record<string, T>
  }
}

export function text(pattern: RegExp): Check<string> {
  return (value, place) =>
    typeof value === 'string' && pattern.test(value) ? value : wrong(place, `text like ${pattern.source}`)
}

/** Any text. */
export const string: Check<string> = (value, place) =>
  typeof value === 'string' ? value : wrong(place, 'text')

export const boolean: Check<boolean> = (value, place) =>
  typeof value === 'boolean' ? value : wrong(place, 'true or false')

/** A whole number that JSON carries exactly. */
export function integer(min: number, max = Number.MAX_SAFE_INTEGER): Check<number> {
  return (value, place) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max
      ? value
      : wrong(place, `a whole number from ${min} to ${max}`)
}

/** A number that is not negative, and may have a fraction. */
export const amount: Check<number> = (value, place) =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0
    ? value
    : wrong(place, 'a number that is not negative')

export function oneOf<const T extends string | number | boolean>(...values: T[]): Check<T> {
  return (value, place) =>
    values.includes(value as T) ? (value as T) : wrong(place, `one of ${values.map(String).join(', ')}`)
}

export function nullable<T>(check: Check<T>): Check<T | null> {
  return (value, place) => (value === null ? null : check(value, place))
}

function wrong(place: string, expected: string): never {
  throw new ShapeError(`${place} is not ${expected}`)
}
