import type { ComponentChildren } from 'preact';
import { Ago } from './time';

/** Lines with their times, newest first. */
export function Feed({ entries }: { entries: { at: number | null; text: ComponentChildren }[] }) {
  return (
    <ul class="feed">
      {entries.map((e, i) => (
        <li key={i}>
          <Ago at={e.at} />
          <bdi>{e.text}</bdi>
        </li>
      ))}
    </ul>
  );
}
