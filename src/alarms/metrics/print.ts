import { families, type Family, type FamilyName } from './families.ts'

/** One value of a family, with the values of its labels in their order. */
export interface Sample {
  readonly name: FamilyName
  readonly labels: readonly string[]
  readonly value: number
}

/** The media type of `printMetrics`. */
export const metricsType = 'text/plain; version=0.0.4; charset=utf-8'

/**
 * Samples in Prometheus' text format, by family, each with its description even if it has no sample yet.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function printMetrics(samples: readonly Sample[]): string {
  const byName = Map.groupBy(samples, ({ name }) => name)
  const lines = Object.entries<Family>(families).flatMap(([name, { type, help, labels }]) => [
    `# HELP ${name} ${help.replaceAll('\\', String.raw`\\`).replaceAll('\n', String.raw`\n`)}`,
    `# TYPE ${name} ${type}`,
    ...(byName.get(name as FamilyName) ?? []).map((sample) => line(name, labels, sample)),
  ])
  return `${lines.join('\n')}\n`
}

function line(name: string, names: readonly string[], { labels, value }: Sample): string {
  const pairs = names.map((label, at) => `${label}="${escapeLabel(labels[at] ?? '')}"`)
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${numberText(value)}`
}

function escapeLabel(value: string): string {
  return value
    .replaceAll('\\', String.raw`\\`)
    .replaceAll('"', String.raw`\"`)
    .replaceAll('\n', String.raw`\n`)
}

/** As Go reads it. */
function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value)
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
}
