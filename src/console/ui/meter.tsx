/** How full something is. `soon`: it will be full before long, which the words beside it say, too. */
export function Meter({ label, share, soon }: { label: string; share: number; soon: boolean }) {
  const percent = Math.min(100, Math.max(0, share * 100))
  return (
    <div
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(percent)}
      className="h-1.5 overflow-hidden rounded-full bg-sunken"
    >
      <div
        className={`h-full min-w-0.5 rounded-full ${soon ? 'bg-warn' : 'bg-accent'}`}
        style={{ width: `${percent}%` }}
      />
    </div>
  )
}
