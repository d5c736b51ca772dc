import { useSignal } from '@preact/signals';
import { useMemo, useRef } from 'preact/hooks';
import { accountParts, inAccount } from '../../app/accounts';
import { adjust } from '../../app/state';
import { useVersions } from '../../app/versions';
import { useSlow } from '../../app/read';
import { plural } from '../../lib/changes';
import { keptOrder, matchesText, wordsOf } from '../../lib/filter';
import type { VersionsRoute } from '../../lib/router';
import { sameList } from '../../lib/stable';
import { columnOrder, matrix, type MatrixRow, rowOrder } from '../../lib/versions';
import { Button } from '../../ui/button';
import { useMedia } from '../../ui/media';
import { SearchField } from '../../ui/search';
import { Segments } from '../../ui/segments';
import { Empty, ErrorBanner, Skeleton } from '../../ui/states';
import { FREE, holding } from '../rows';
import { Matrix } from './matrix';
import { ServiceList } from './service-list';
import '../../styles/versions.css';

/** Which version of each service runs in which cluster, what is behind, and the way to promote it. */
export function VersionsScreen({ at }: { at: VersionsRoute }) {
  const { table, loaded, resolved, error, again } = useVersions();
  const narrow = useMedia('(max-width: 620px)');
  const names = useMemo(() => [...table.keys()], [table]);
  const rows = useMemo(() => matrix(table), [table]);
  const held = useSignal(FREE);
  const isHeld = held.value.pointer || held.value.focus;
  const clusters = useHeldOrder(
    isHeld,
    '',
    useMemo(() => columnOrder(rows, names), [rows, names]),
  );
  const services = useHeldOrder(
    isHeld,
    at.sort,
    useMemo(() => rowOrder(rows, at.sort), [rows, at.sort]),
  );
  const slow = useSlow(!loaded && !error);
  // What ECR has comes soon, as a rule: then nothing moves.
  const late = useSlow(loaded && !resolved);
  const ready = loaded && (resolved || late);
  const byService = useMemo(() => new Map(rows.map((row) => [row.service, row])), [rows]);
  const parts = accountParts.value;
  const ofAccount = useSameList(clusters.filter((name) => inAccount(name, at.account)));
  const shownClusters = useMatching(ofAccount, at.clusters);
  const shownServices = useMatching(services, at.filter);
  const some = shownClusters.length < clusters.length;
  const shownRows = useMemo(() => {
    const found = shownServices.map((name) => byService.get(name)!);
    return some ? found.filter((row) => shownClusters.some((cluster) => row.cells.has(cluster))) : found;
  }, [shownServices, byService, some && shownClusters]);
  const Shown = narrow ? ServiceList : Matrix;
  return (
    <>
      <div class="pagehead">
        <div>
          <h1>Versions</h1>
          {resolved && rows.length > 0 && <p class="about">{inWords(rows)}</p>}
        </div>
        <div class="row versiontools">
          <Segments
            label="Order"
            value={at.sort === 'name' ? 'name' : 'differing'}
            choices={[
              ['differing', 'Differing first'],
              ['name', 'By name'],
            ]}
            onChange={(sort) => adjust({ sort: sort === 'name' ? 'name' : '' })}
          />
          {parts && <parts.AccountFilter value={at.account} />}
          {(names.length > 1 || at.clusters) && (
            <input
              class="input"
              type="search"
              aria-label="Filter clusters"
              placeholder="Filter clusters"
              value={at.clusters}
              onInput={(e) => adjust({ clusters: e.currentTarget.value })}
            />
          )}
          <SearchField label="Filter services" value={at.filter} onChange={(filter) => adjust({ filter })} />
        </div>
      </div>
      {error && <ErrorBanner error={error} title="Couldn't read the versions" retry={again} />}
      {slow && <Skeleton rows={10} />}
      {ready && !rows.length && (
        <Empty icon="tag" title="No versions yet">
          Services appear here once a cluster has a stackfile.
        </Empty>
      )}
      {ready && rows.length > 0 && !shownRows.length && (
        <Empty
          icon="search"
          title={`0 of ${rows.length} match`}
          actions={<Button onClick={() => adjust({ filter: '', clusters: '', account: '' })}>Clear the filter</Button>}
        />
      )}
      {ready && shownRows.length > 0 && (
        <div class="stack" {...holding(held)}>
          <Shown rows={shownRows} clusters={shownClusters} />
          <p class="small mute">
            The bar under a version is its age behind the newest version of that service, 21 days at most. Compared by
            digest, shown as tag.
          </p>
        </div>
      )}
    </>
  );
}

function inWords(rows: readonly MatrixRow[]): string {
  const differing = rows.filter((row) => row.differs).length;
  if (!differing) return `${plural(rows.length, 'service')}, each with one version in all its clusters`;
  return `${differing} of ${plural(rows.length, 'service')} ${differing === 1 ? 'differs' : 'differ'} between clusters`;
}

/** The same list again while its names are the same. */
function useSameList(names: readonly string[]): readonly string[] {
  const kept = useRef(names);
  if (!sameList(kept.current, names)) kept.current = names;
  return kept.current;
}

/** The names with all words of a filter; the same list again while neither changes. */
function useMatching(names: readonly string[], filter: string): readonly string[] {
  return useMemo(() => {
    const words = wordsOf(filter);
    return words.length ? names.filter((name) => matchesText(words, name.toLowerCase())) : names;
  }, [names, filter]);
}

/** The order that is wanted, except while the pointer or the focus is in the matrix: then nothing moves until `key` changes. */
function useHeldOrder(isHeld: boolean, key: string, wanted: readonly string[]): readonly string[] {
  const shown = useRef({ key, order: wanted });
  const before = shown.current;
  const order = isHeld && before.key === key ? keptOrder(before.order, wanted) : wanted;
  shown.current = { key, order: sameList(before.order, order) ? before.order : order };
  return shown.current.order;
}
