import { useState } from 'preact/hooks';
import { accountParts } from '../../app/accounts';
import { plural } from '../../lib/changes';
import { isBehind, type MatrixRow } from '../../lib/versions';
import { offerFor } from './promotion';
import { lag, shownMark, VersionText } from './version-cell';

/** The versions on a narrow screen: a list of services, each with its clusters. */
export function ServiceList({ rows, clusters }: { rows: readonly MatrixRow[]; clusters: readonly string[] }) {
  return (
    <div class="panel versionlist">
      {rows.map((row) => (
        <Versions key={row.service} row={row} clusters={clusters} />
      ))}
    </div>
  );
}

function Versions({ row, clusters }: { row: MatrixRow; clusters: readonly string[] }) {
  const [open, setOpen] = useState(false);
  const present = clusters.filter((cluster) => row.cells.has(cluster));
  const cells = present.map((cluster) => row.cells.get(cluster)!);
  const newest = cells.find((cell) => cell.behind === 0) ?? cells[0];
  const behind = cells.filter(isBehind).length;
  return (
    <details onToggle={(e) => setOpen(e.currentTarget.open)}>
      <summary>
        <bdi class="cut">{row.service}</bdi>
        <b class="cut">{newest?.version.name ?? '–'}</b>
        <small>
          {behind ? `${behind} of ${plural(present.length, 'cluster')} behind` : plural(present.length, 'cluster')}
        </small>
      </summary>
      {open && (
        <ul>
          {present.map((cluster) => {
            const cell = row.cells.get(cluster)!;
            const account = accountParts.value?.labelOf(cluster);
            return (
              <li
                key={cluster}
                class="version"
                data-lag={isBehind(cell)}
                data-mark={shownMark(cluster, row.service) ?? ''}
                style={{ '--lag': lag(cell) }}
              >
                <span class="cut">
                  <bdi>{cluster}</bdi>
                  {account && <small class="cut">account {account}</small>}
                </span>
                <VersionText row={row} cluster={cluster} offer={offerFor(row, cluster, clusters)} />
              </li>
            );
          })}
        </ul>
      )}
    </details>
  );
}
