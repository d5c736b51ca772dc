/** Text that a user wrote: isolated, so that a mark of direction in it turns nothing around it, and broken anywhere. */
export function UserText({
  text,
  quoted = false,
  clamped = false,
}: {
  text: string;
  quoted?: boolean;
  clamped?: boolean;
}) {
  const isolated = <bdi>{text}</bdi>;
  const shown = quoted ? <>“{isolated}”</> : isolated;
  return clamped ? (
    <span class="clamp" title={text}>
      {shown}
    </span>
  ) : (
    shown
  );
}
