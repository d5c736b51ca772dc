import type { ComponentChildren } from 'preact';

/** A titled part of the page. */
export function Section({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="partsection" aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

/** A state of a part with its name in words. */
export function Sample({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div class="partsample">
      <small>{name}</small>
      <div>{children}</div>
    </div>
  );
}
