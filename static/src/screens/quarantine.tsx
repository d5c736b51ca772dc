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

/** In a row: that some images of the service are held. */
export function HeldMark({ cluster, service }: { cluster: string; service: string }) {
  const images = useComputed(() => heldOf(cluster, service).length).value;
  if (!images) return null;
  const says = `${plural(images, 'image')} in quarantine`;
  return (
    <span class="held" data-tone="warn" title={says}>
      <Icon name="hold" />
      <span class="visually-hidden">{says}</span>
    </span>
  );
}

/** What is held of a service, since when, by whom and why; and the way to let it go. */
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
      title={
        held.length === 1 ? `${versionOf(held[0]!.image)} is in quarantine` : `${held.length} images are in quarantine`
      }
      actions={
        <Button why={hindrance('DELETE', '/clusters/{c}/services/{s}/quarantine')} onClick={ask}>
          Release…
        </Button>
      }
    >
      <p>It was rolled away from, and cannot be deployed to {service.name} again until somebody releases it.</p>
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
