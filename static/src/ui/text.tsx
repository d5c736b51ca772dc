/** Text that a user wrote: isolated, so that a mark of direction in it turns nothing around it, and broken anywhere. */
export function UserText({ text, quoted = false, clamped = false }: { text: string; quoted?: boolean; clamped?: boolean }) {
  const shown = <bdi {...(clamped ? { class: 'clamp', title: text } : {})}>{text}</bdi>;
  return quoted ? <>“{shown}”</> : shown;
}
