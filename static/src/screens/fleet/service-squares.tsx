import { sentence, serviceMark } from '../../lib/marks';
import { clusterRoute } from '../../lib/router';
import type { ClusterEntry } from '../../lib/store';
import { worstFirst } from '../../lib/wall';
import { SquareLink } from '../../ui/squares';

/**
 * The services of a cluster as squares, the worst first; beyond `most` they are counted. `linked`: each leads to its
 * service; squares that are too small to hit do not, and the tile around them leads to the cluster.
 */
export function ServiceSquares({
  entry,
  most,
  linked = false,
}: {
  entry: ClusterEntry;
  most: number;
  linked?: boolean;
}) {
  const services = worstFirst(entry.services());
  const hidden = services.length - most;
  return (
    <span class="sqs">
      {services.slice(0, most).map((service) =>
        linked ? (
          <SquareLink
            key={service.name}
            mark={serviceMark(service)}
            label={sentence(service)}
            to={clusterRoute(entry.name, service.name)}
          />
        ) : (
          // No component: a wall has thousands.
          <i key={service.name} class="sq" data-mark={serviceMark(service)} title={sentence(service)} />
        ),
      )}
      {hidden > 0 && <span class="more">+{hidden}</span>}
    </span>
  );
}
