/** The mark of the product; the name belongs beside it. */
export function Logo ({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox='0 0 32 32' aria-hidden>
      <rect width='32' height='32' rx='8' fill='var(--brand)' />
      <path d='M8 21V11M14 24V8M20 19v-6M26 17v-2' stroke='#fff' strokeWidth='3' strokeLinecap='round' />
    </svg>
  )
}
