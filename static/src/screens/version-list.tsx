import { useMemo, useState } from 'preact/hooks';
import type { Reading } from '../app/read';
import { intoList } from '../app/rows';
import { store } from '../app/state';
import { plural } from '../lib/changes';
import { repositoryName, shortDigest } from '../lib/images';
import { MARK_WORDS, serviceMark } from '../lib/marks';
import type { Service } from '../lib/model';
import { isFound, isVersion, type SentTag, type Version } from '../lib/tags';
import { Icon, type IconName } from '../ui/icons';
import { useScrollFocus } from '../ui/scroll-focus';
import { ErrorBanner, Skeleton } from '../ui/states';
import { Ago } from '../ui/time';

interface Props {
  services: readonly Service[];
  versions: readonly Version[];
  reading: Reading<{ content: SentTag[] }>;
  chosen: string | null;
  onPick: (tag: string) => void;
  /** Enter in the search: what is found first is picked. */
  onDone: () => void;
}

/** The versions of a service's repository, newest first: how old, which tags, and where each runs already. */
export function VersionList({ services, versions, reading, chosen, onPick, onDone }: Props) {
  const service = services[0]!;
  const list = useScrollFocus();
  const [query, setQuery] = useState('');
  const running = useMemo(() => whereItRuns(service.image), [service.image]);
  const typed = query.trim();
  const found = versions.filter((version) => isFound(version, typed));
  const other = typed && !versions.some(({ tag, also }) => tag === typed || also.includes(typed));
  return (
    <>
      <div class="field">
        <label class="visually-hidden" htmlFor="tag-search">
          Tag
        </label>
        <input
          id="tag-search"
          class="input"
          autocomplete="off"
          spellcheck={false}
          placeholder={`Tag or digest of ${repositoryName(service.image ?? '')}`}
          value={query}
          onInput={(e) => setQuery(e.currentTarget.value)}
          onKeyDown={(e) => {
            intoList(e);
            if (e.key !== 'Enter') return;
            e.preventDefault();
            if (found[0]) onPick(found[0].tag);
            else if (other) onPick(typed);
            onDone();
          }}
        />
        {reading.data && (
          <p class="hint" role="status">
            {typed ? `${found.length} of ${plural(versions.length, 'version')}` : plural(versions.length, 'version')},
            newest first. <kbd>↓</kbd> to browse
          </p>
        )}
      </div>
      {services.length > 1 && (
        <p class="small soft">
          Tags of {service.name}. The same tag is set for all {services.length} services.
        </p>
      )}
      {reading.error && <ErrorBanner error={reading.error} title="Couldn't read the tags" retry={reading.again} />}
      {reading.slow && !reading.data && <Skeleton rows={4} />}
      {/* oxlint-disable-next-line jsx-a11y/interactive-supports-focus -- its radio buttons have the focus */}
      <div
        ref={list}
        class="versions"
        role="radiogroup"
        aria-label="Versions, newest first"
        onKeyDown={(e) => {
          if (e.key !== 'Enter') return;
          e.preventDefault();
          onDone();
        }}
      >
        {found.map((version) => (
          <Row
            key={version.tag}
            version={version}
            chosen={chosen === version.tag}
            desired={services.length === 1 && isVersion(service.image, version)}
            runs={running.filter(({ image }) => isVersion(image, version)).map(({ row }) => row)}
            cluster={service.cluster}
            onPick={onPick}
          />
        ))}
        {other && (reading.data || reading.error) && (
          <label>
            <input type="radio" name="tag" checked={chosen === typed} onChange={() => onPick(typed)} />
            <span>
              Use “<span class="mono">{typed}</span>”
              <small>
                not in {reading.error ? 'what could be read' : `the ${plural(versions.length, 'newest version')}`}
              </small>
            </span>
          </label>
        )}
      </div>
      {reading.data && !versions.length && !typed && <p class="hint">The repository has no tags.</p>}
    </>
  );
}

interface RowProps {
  version: Version;
  chosen: boolean;
  desired: boolean;
  runs: readonly Service[];
  cluster: string;
  onPick: (tag: string) => void;
}

function Row({ version, chosen, desired, runs, cluster, onPick }: RowProps) {
  const { tag, also, digest, pushedAt, blocked } = version;
  return (
    <label data-blocked={blocked}>
      <input type="radio" name="tag" checked={chosen} disabled={desired} onChange={() => onPick(tag)} />
      <span>
        <span class="row">
          <b>{tag}</b>
          {also.map((name) => (
            <i key={name} class="also">
              {name}
            </i>
          ))}
        </span>
        {digest && <small class="mono">{shortDigest(digest)}</small>}
        {desired && <Fact icon="check">Desired here</Fact>}
        {runs.map((service) => (
          <Fact key={`${service.cluster}/${service.name}`} icon={service.cluster === cluster ? 'right' : 'check'}>
            {service.cluster === cluster ? 'Running here' : `Running in ${service.cluster}`},{' '}
            {MARK_WORDS[serviceMark(service)]}
          </Fact>
        ))}
        {blocked && <Fact icon="hold">Blocked after a rollback</Fact>}
      </span>
      <Ago at={pushedAt} />
    </label>
  );
}

function Fact({ icon, children }: { icon: IconName; children: preact.ComponentChildren }) {
  return (
    <small class="fact">
      <Icon name={icon} />
      {children}
    </small>
  );
}

/** The services that run an image of the same repository, in all clusters. */
export function whereItRuns(image: string | null): { image: string; row: Service }[] {
  const repository = image ? repositoryName(image) : '';
  return [...store.clusters.values()].flatMap((entry) =>
    [...entry.rows.values()].flatMap((signal) => {
      const row = signal.peek();
      const runs = row.deployedImage;
      return runs && repositoryName(runs) === repository ? [{ image: runs, row }] : [];
    }),
  );
}
