import { store } from '../../app/state';
import { type Mark, MARK_WORDS, serviceMark } from '../../lib/marks';
import { clusterRoute } from '../../lib/router';
import { behindInWords, type Cell, isBehind, type MatrixRow } from '../../lib/versions';
import { Button, Link } from '../../ui/button';
import { Icon, type IconName } from '../../ui/icons';
import { makeOffer, type Offer, promotionHindrance } from './promotion';

const MOST_DAYS = 21;
const DAY_MS = 86_400_000;

/** States that stand out in the matrix. */
const SHOWN: Partial<Record<Mark, IconName>> = {
  failing: 'cross',
  rolling: 'up-arrow',
  paused: 'pause',
  drifted: 'drift',
};

/** The state of a service that stands out now; null where there is nothing to show. */
export function shownMark(cluster: string, service: string): Mark | null {
  const row = store.get(cluster)?.rows.get(service)?.value;
  const mark = row ? serviceMark(row) : null;
  return mark && SHOWN[mark] ? mark : null;
}

/** How much of the bar is filled, from 0 to 1. */
export function lag({ behind }: Cell): number {
  return Math.min(1, (behind ?? 0) / (MOST_DAYS * DAY_MS));
}

/** The version with its link, its state or its age, and the way to promote. */
export function VersionText({
  row,
  cluster,
  offer,
  tabIndex,
}: {
  row: MatrixRow;
  cluster: string;
  offer: Offer | null;
  tabIndex?: number;
}) {
  const cell = row.cells.get(cluster)!;
  const mark = shownMark(cluster, row.service);
  const { version } = cell;
  const focus = tabIndex === undefined ? {} : { tabIndex };
  const note = mark ? MARK_WORDS[mark] : noteOf(cell, row);
  return (
    <>
      <Link to={clusterRoute(cluster, row.service)} class="cut" title={version.image} {...focus}>
        {version.name}
      </Link>
      {version.next && (
        <em>
          <Icon name="arrow" />
          <span class="visually-hidden"> to </span>
          <span class="cut" title={version.next}>
            {version.next}
          </span>
        </em>
      )}
      {note && (
        <small>
          {mark && <Icon name={SHOWN[mark]!} />}
          {note}
        </small>
      )}
      {offer && (
        <Button
          kind="primary"
          icon="up-arrow"
          why={promotionHindrance(cluster, offer)}
          title={`Promote ${row.service} from ${offer.from} to ${cluster}`}
          onClick={() => makeOffer(offer, cluster)}
          {...focus}
        >
          Promote
          <span class="visually-hidden">
            {' '}
            {row.service} from {offer.from} to {cluster}
          </span>
        </Button>
      )}
    </>
  );
}

function noteOf(cell: Cell, row: MatrixRow): string {
  if (isBehind(cell)) return behindInWords(cell);
  return row.differs && cell.behind === null && cell.version.resolved ? 'differs' : '';
}
