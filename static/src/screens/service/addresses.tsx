import type { Address } from '../../lib/configuration';
import { CopyButton } from '../../ui/button';
import { Icon } from '../../ui/icons';

/** Where a service answers: links where a browser can open them. */
export function Addresses({ addresses }: { addresses: readonly Address[] }) {
  if (!addresses.length) return null;
  return (
    <ul class="addresses">
      {addresses.map(({ text, url, about }) => (
        <li key={text} class="row">
          {url ? (
            <a href={url} target="_blank" rel="noreferrer">
              {text} <Icon name="external" />
            </a>
          ) : (
            <code>{text}</code>
          )}
          <CopyButton text={text} label={`Copy ${text}`} />
          <span class="small mute">{about}</span>
        </li>
      ))}
    </ul>
  );
}
