import { plural, type SideEffect } from '../lib/changes';
import { Banner } from './states';

/** What a change does to what runs beside what was asked for: losses as a warning, the rest as a list. */
export function SideEffects({ also }: { also: readonly SideEffect[] }) {
  const lost = also.filter(({ effect }) => effect === 'lost');
  const rest = also.filter(({ effect }) => effect !== 'lost');
  return (
    <>
      {lost.length > 0 && (
        <Banner tone="warn" icon="alert" title={`${plural(lost.length, 'running setting')} will be lost`}>
          <Messages effects={lost} />
        </Banner>
      )}
      {rest.length > 0 && (
        <section>
          <h3>{plural(rest.length, 'side effect')}</h3>
          <Messages effects={rest} />
        </section>
      )}
    </>
  );
}

function Messages({ effects }: { effects: readonly SideEffect[] }) {
  return (
    <ul class="small">
      {effects.map(({ message }) => (
        <li key={message}>
          <bdi>{message}</bdi>
        </li>
      ))}
    </ul>
  );
}
