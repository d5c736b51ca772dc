import { Fragment } from 'preact';
import { useConfiguration } from '../../app/configuration';
import { readConfiguration } from '../../lib/configuration';
import type { Service } from '../../lib/model';
import { CopyButton, LinkButton } from '../../ui/button';
import { Empty, Failed, Skeleton } from '../../ui/states';
import { Addresses } from './addresses';

/** Where a service answers, and every setting of it with its origin: the service, the defaults, or built in. */
export function ConfigurationTab({ service }: { service: Service }) {
  const reading = useConfiguration(service);
  if (reading.error) return <Failed error={reading.error} retry={reading.again} />;
  if (!reading.data) return reading.slow ? <Skeleton rows={6} /> : null;
  const { groups, addresses } = readConfiguration(reading.data);
  if (!groups.length) {
    return (
      <Empty icon="file" title="No settings">
        {service.name} is in no stackfile.
      </Empty>
    );
  }
  return (
    <>
      {addresses.length > 0 && (
        <section>
          <h3>Addresses</h3>
          <Addresses addresses={addresses} />
        </section>
      )}
      {groups.map(({ title, settings }) => (
        <section key={title}>
          <h3>{title}</h3>
          <dl class="settings">
            {settings.map(({ path, value, origin }) => (
              <div key={path}>
                <dt>{breakable(path)}</dt>
                <dd>
                  <bdi>{value}</bdi>
                  <small class="origin">{origin}</small>
                  <CopyButton text={value} label={`Copy ${path}`} />
                </dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
      <p>
        <LinkButton icon="edit" to={{ screen: 'stackfile', cluster: service.cluster, revision: null }}>
          Edit in the stackfile
        </LinkButton>
      </p>
    </>
  );
}

/** The path of a setting, which breaks between its words. */
function breakable(path: string) {
  return path.match(/[^._]+[._]*/g)?.map((word, i) => (
    <Fragment key={i}>
      {word}
      <wbr />
    </Fragment>
  ));
}
