/**
 * How often what is shown is asked for again, in milliseconds. The one place that knows: where the API tells of changes by itself, these
 * become what makes up for a stream that broke off.
 */
export const freshMs = { live: 1_000, busy: 3_000, calm: 15_000 } as const
