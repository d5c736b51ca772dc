/** The first letter of a name, without the kind before it as in `token:deploy-bot`; `?` without a name. */
export function Avatar({ name }: { name: string | null }) {
  return (
    <span class="avatar" aria-hidden="true">
      {(name ?? '?').replace(/^\w+:/, '').slice(0, 1)}
    </span>
  );
}
