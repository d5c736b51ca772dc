import { plural } from '../../lib/changes';
import { versionOf } from '../../lib/images';
import type { ClusterEntry } from '../../lib/store';
import { UserText } from '../../ui/text';
import { Ago } from '../../ui/time';

/** The newest deployment in words: what, why, who and when. A freeze is none. */
export function LastDeployment({ entry }: { entry: ClusterEntry }) {
  const { changedAt, by, message } = entry.summary.value;
  return (
    <p class="last">
      <span class="line">
        <LastWhat entry={entry} />
      </span>
      <span class="line">
        {message ? <UserText text={message} /> : by ? 'No reason given' : 'Changed outside Nysa'} ·{' '}
        <UserText text={by ?? 'external'} /> · <Ago at={changedAt} />
      </span>
    </p>
  );
}

/** The service and its version where one was deployed, else how many. */
export function LastWhat({ entry }: { entry: ClusterEntry }) {
  const { changed } = entry.summary.value;
  const [name] = changed;
  const service = name !== undefined && changed.length === 1 ? entry.rows.get(name)?.value : undefined;
  if (service) {
    return (
      <>
        <b>{service.name}</b> {versionOf(service.image ?? service.deployedImage)}
      </>
    );
  }
  return <b>{changed.length ? plural(changed.length, 'service') : 'Nothing deployed yet'}</b>;
}
