import type { VNode } from 'preact';
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { accountParts } from '../../app/accounts';
import { store } from '../../app/state';
import { clusterRoute } from '../../lib/router';
import { behindByCluster, isBehind, type MatrixRow, windowOf } from '../../lib/versions';
import { Button, Link } from '../../ui/button';
import { useSameElements } from '../rows';
import { makeOffer, offerFor, offerForAll, promotionHindrance } from './promotion';
import { lag, shownMark, VersionText } from './version-cell';

const ROW = 56;
const HEAD = 64;
/** With a line for the account. */
const TALL_HEAD = 80;
const FIRST = 232;
const LEAST_COLUMN = 168;
const NO_HOVER = matchMedia('(hover: none)');
/** How many rows a page key goes. */
const PAGE = 10;

interface Sight {
  top: number;
  left: number;
  width: number;
  height: number;
}

interface Place {
  row: number;
  column: number;
}

/** Services by clusters; only the part in sight is in the page, and the arrow keys lead from cell to cell. */
export function Matrix({ rows, clusters }: { rows: readonly MatrixRow[]; clusters: readonly string[] }) {
  const box = useRef<HTMLDivElement>(null);
  const [sight, setSight] = useState<Sight>({ top: 0, left: 0, width: 1200, height: 800 });
  const [active, setActive] = useState<Place>({ row: 0, column: 0 });
  const look = () => {
    const { scrollTop, scrollLeft, clientWidth: width, clientHeight: height } = box.current!;
    // In whole rows and columns: most steps of scrolling change nothing.
    const top = scrollTop - (scrollTop % ROW);
    const left = scrollLeft - (scrollLeft % LEAST_COLUMN);
    setSight((was) =>
      was.top === top && was.left === left && was.width === width && was.height === height
        ? was
        : { top, left, width, height },
    );
  };
  useLayoutEffect(() => {
    look();
    const observer = new ResizeObserver(look);
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);
  const head = accountParts.value ? TALL_HEAD : HEAD;
  const column = Math.max(LEAST_COLUMN, Math.floor((sight.width - FIRST) / Math.max(1, clusters.length)));
  const [top, bottom] = windowOf(sight.top, sight.height - head, ROW, rows.length);
  const [left, right] = windowOf(sight.left, sight.width - FIRST, column, clusters.length, 1);
  const shown = clusters.slice(left, right);
  const place = { row: Math.min(active.row, rows.length - 1), column: Math.min(active.column, clusters.length - 1) };

  const behind = useMemo(() => behindByCluster(rows), [rows]);
  const indices = useMemo(() => new Map(rows.map((row, i) => [row, i])), [rows]);
  // While one scrolls down, the rows that stay in sight are not looked at.
  const how = [left, right, column, place.row, place.column].join(' ');
  const element = useSameElements(
    (row: MatrixRow) => {
      const index = indices.get(row)!;
      return (
        <MatrixLine
          key={row.service}
          row={row}
          index={index}
          clusters={clusters}
          left={left}
          right={right}
          space={left * column}
          active={index === place.row ? place.column : -1}
          onFocus={setActive}
        />
      );
    },
    useMemo(() => ({}), [how, rows, clusters]),
  );

  const wanted = useRef(false);
  useLayoutEffect(() => {
    if (!wanted.current) return;
    const cell = box.current!.querySelector<HTMLElement>('[data-active=true]');
    if (!cell) return;
    wanted.current = false;
    (cell.querySelector<HTMLElement>('a') ?? cell).focus({ preventScroll: true });
  });
  const move = (to: Place) => {
    wanted.current = true;
    setActive(to);
    reveal(box.current!, to, column, head);
    look();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const to = moved(event, place, rows.length, clusters.length);
    if (!to) return;
    event.preventDefault();
    event.stopPropagation();
    move(to);
  };
  return (
    <div
      ref={box}
      class="matrix"
      onScroll={look}
      style={{ '--column': `${column}px`, '--first': `${FIRST}px`, '--head': `${head}px` }}
    >
      {/* oxlint-disable-next-line jsx-a11y/interactive-supports-focus -- the active cell has the focus */}
      <div
        role="grid"
        aria-label="Versions by service and cluster"
        aria-rowcount={rows.length + 1}
        aria-colcount={clusters.length + 1}
        style={{ width: `${FIRST + column * clusters.length}px` }}
        onKeyDown={onKeyDown}
      >
        <div class="matrixhead" role="row" aria-rowindex={1}>
          <span role="columnheader" aria-colindex={1} class="first">
            <span class="visually-hidden">Service</span>
          </span>
          {shown.map((cluster, i) => (
            <ClusterHead
              key={cluster}
              cluster={cluster}
              rows={rows}
              clusters={clusters}
              behind={behind.get(cluster) ?? 0}
              index={left + i}
              margin={i ? 0 : left * column}
              focusable={left + i === place.column}
            />
          ))}
        </div>
        <div role="rowgroup" class="matrixrows" style={{ height: `${rows.length * ROW}px` }}>
          {rows.slice(top, bottom).map(element)}
        </div>
      </div>
    </div>
  );
}

interface LineProps {
  row: MatrixRow;
  index: number;
  clusters: readonly string[];
  left: number;
  right: number;
  /** How many pixels the columns to the left of the window take. */
  space: number;
  /** The column that has the focus in this row, -1 for none. */
  active: number;
  onFocus: (place: Place) => void;
}

/** A row: while one scrolls sideways or filters, the cells that stay in sight are not looked at. */
function MatrixLine({ row, index, clusters, left, right, space, active, onFocus }: LineProps) {
  const cells = useMemo(() => new Map<string, VNode>(), [row, clusters]);
  const place = useRef(index);
  place.current = index;
  const cellAt = (column: number): VNode => {
    const key = `${column} ${column === active}`;
    const known = cells.get(key);
    if (known) return known;
    const cell = (
      <MatrixCell
        key={clusters[column]}
        row={row}
        cluster={clusters[column]!}
        clusters={clusters}
        index={column}
        active={column === active}
        onFocus={() => onFocus({ row: place.current, column })}
      />
    );
    cells.set(key, cell);
    return cell;
  };
  return (
    <div class="matrixrow" role="row" aria-rowindex={index + 2} style={{ top: `${index * ROW}px` }}>
      <bdi role="rowheader" aria-colindex={1} class="first cut" title={row.service}>
        {row.service}
      </bdi>
      <i class="space" style={{ width: `${space}px` }} />
      {clusters.slice(left, right).map((_, j) => cellAt(left + j))}
    </div>
  );
}

/** Where a key leads in the grid; null for a key that it does not take. */
function moved({ key, ctrlKey }: KeyboardEvent, { row, column }: Place, rows: number, columns: number): Place | null {
  const at = (r: number, c: number) => ({
    row: Math.max(0, Math.min(rows - 1, r)),
    column: Math.max(0, Math.min(columns - 1, c)),
  });
  switch (key) {
    case 'ArrowDown':
      return at(row + 1, column);
    case 'ArrowUp':
      return at(row - 1, column);
    case 'ArrowRight':
      return at(row, column + 1);
    case 'ArrowLeft':
      return at(row, column - 1);
    case 'PageDown':
      return at(row + PAGE, column);
    case 'PageUp':
      return at(row - PAGE, column);
    case 'Home':
      return at(ctrlKey ? 0 : row, 0);
    case 'End':
      return at(ctrlKey ? rows - 1 : row, columns - 1);
    default:
      return null;
  }
}

/** Scrolls a cell into the part of the box that the headers leave free. */
function reveal(box: HTMLElement, { row, column: index }: Place, column: number, head: number): void {
  const [y, x] = [row * ROW, index * column];
  const [height, width] = [box.clientHeight - head, box.clientWidth - FIRST];
  box.scrollTop = Math.min(y, Math.max(box.scrollTop, y + ROW - height));
  box.scrollLeft = Math.min(x, Math.max(box.scrollLeft, x + column - width));
}

/** Whether the pointer is over an element, and the handlers that notice; always true where nothing can be hovered over. */
function useHover() {
  const [hovered, setHovered] = useState(NO_HOVER.matches);
  const handlers = { onPointerEnter: () => setHovered(true), onPointerLeave: () => setHovered(NO_HOVER.matches) };
  return [hovered, handlers] as const;
}

function ClusterHead({
  cluster,
  rows,
  clusters,
  behind,
  index,
  margin,
  focusable,
}: {
  cluster: string;
  rows: readonly MatrixRow[];
  clusters: readonly string[];
  /** How many of its services are behind. */
  behind: number;
  index: number;
  margin: number;
  focusable: boolean;
}) {
  const frozen = store.get(cluster)?.summary.value.frozen;
  const account = accountParts.value?.labelOf(cluster);
  const [hovered, onHover] = useHover();
  const [focused, setFocused] = useState(false);
  const near = hovered || focused;
  // It looks at every row, in all clusters: not for each column that scrolls into sight.
  const offer = useMemo(() => (near ? offerForAll(rows, cluster, clusters) : null), [near, rows, cluster, clusters]);
  const tabIndex = focusable ? 0 : -1;
  return (
    <span
      role="columnheader"
      aria-colindex={index + 2}
      style={{ marginLeft: `${margin}px` }}
      {...onHover}
      onFocusIn={() => setFocused(true)}
      onFocusOut={(event) => setFocused(event.currentTarget.contains(event.relatedTarget as Node | null))}
    >
      <Link to={clusterRoute(cluster)} class="cut" title={cluster} tabIndex={tabIndex}>
        {cluster}
      </Link>
      {account && (
        <small class="cut" title={`AWS account ${account}`}>
          account {account}
        </small>
      )}
      <small class="cut">
        {[behind ? `${behind} behind` : 'newest', frozen ? 'frozen' : ''].filter(Boolean).join(', ')}
      </small>
      {offer && offer.services.length > 1 && (
        <Button
          icon="up-arrow"
          why={promotionHindrance(cluster, offer)}
          title={`Promote from ${offer.from} to ${cluster}`}
          onClick={() => makeOffer(offer, cluster)}
          tabIndex={tabIndex}
        >
          Promote {offer.services.length}
          <span class="visually-hidden">
            {' '}
            from {offer.from} to {cluster}
          </span>
        </Button>
      )}
    </span>
  );
}

function MatrixCell({
  row,
  cluster,
  clusters,
  index,
  active,
  onFocus,
}: {
  row: MatrixRow;
  cluster: string;
  clusters: readonly string[];
  index: number;
  active: boolean;
  onFocus: () => void;
}) {
  const cell = row.cells.get(cluster);
  // A button in each of a thousand cells would make scrolling slow.
  const [hovered, onHover] = useHover();
  const shared = {
    role: 'gridcell' as const,
    'aria-colindex': index + 2,
    'data-active': active,
    onFocusCapture: onFocus,
  };
  if (!cell)
    return (
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- an empty cell of a grid takes the focus itself
      <span {...shared} class="version" tabIndex={active ? 0 : -1}>
        <span class="mute">–</span>
      </span>
    );
  return (
    <span
      {...shared}
      class="version"
      {...onHover}
      data-lag={isBehind(cell)}
      data-mark={shownMark(cluster, row.service) ?? ''}
      style={{ '--lag': lag(cell) }}
    >
      <VersionText
        row={row}
        cluster={cluster}
        offer={hovered || active ? offerFor(row, cluster, clusters) : null}
        tabIndex={active ? 0 : -1}
      />
    </span>
  );
}
