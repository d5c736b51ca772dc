import { useComputed } from '@preact/signals';
import { asked, release } from '../app/actions';
import { heldOf } from '../app/quarantine';
import { hindrance } from '../app/state';
import { plural } from '../lib/changes';
import { versionOf } from '../lib/images';
import type { Service } from '../lib/model';
import { Button } from '../ui/button';
import { Icon } from '../ui/icons';
import { Banner } from '../ui/states';
import { UserText } from '../ui/text';
import { Ago } from '../ui/time';

/** In a row: that images of the service are blocked. */
export function HeldMark({ cluster, service }: { cluster: string; service: string }) {
  const images = useComputed(() => heldOf(cluster, service).length).value;
  if (!images) return null;
  const label = `${plural(images, 'image')} blocked`;
  return (
    <span class="held" data-tone="warn" title={label}>
      <Icon name="hold" />
      <span class="visually-hidden">{label}</span>
    </span>
  );
}

/** The blocked images of a service: since when, by whom and why; and the way to unblock them. */
export function HeldBanner({ service }: { service: Service }) {
  const held = heldOf(service.cluster, service.name);
  if (!held.length) return null;
  const ask = () =>
    (asked.value = release(
      service.cluster,
      service.name,
      held.map((each) => versionOf(each.image)),
    ));
  return (
    <Banner
      tone="warn"
      icon="hold"
      title={held.length === 1 ? `${versionOf(held[0]!.image)} is blocked` : `${held.length} images are blocked`}
      actions={
        <Button why={hindrance('DELETE', '/clusters/{c}/services/{s}/quarantine', null, [service.name])} onClick={ask}>
          Unblock…
        </Button>
      }
    >
      <p>Blocked after a rollback. Unblock it to deploy it again.</p>
      <ul class="plainlist">
        {held.map((each) => (
          <li key={`${each.image} ${each.at}`}>
            <code title={each.image}>{versionOf(each.image)}</code>{' '}
            {each.reason && <UserText text={each.reason} quoted />}{' '}
            <span class="mute">
              <UserText text={each.by} /> · <Ago at={each.at} />
            </span>
          </li>
        ))}
      </ul>
    </Banner>
  );
}
