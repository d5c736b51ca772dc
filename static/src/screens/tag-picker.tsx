import { useMemo, useState } from 'preact/hooks';
import { SERVICES } from '../app/actions';
import { useRead } from '../app/read';
import { intoList } from '../app/rows';
import { hindrance, store } from '../app/state';
import { plural } from '../lib/changes';
import { digestAmong, names, repositoryName, shortDigest } from '../lib/images';
import type { Service } from '../lib/model';
import { call, path } from '../lib/rest';
import { instant } from '../lib/time';
import { Badge } from '../ui/badge';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { ErrorBanner, Skeleton } from '../ui/states';
import { Ago } from '../ui/time';

interface Tag {
  tag: string;
  pushed_at: string;
  digest?: string;
  quarantined?: boolean;
}

const LIMIT = 200;

/** Which version to deploy: newest first, how old, and where it runs already. */
export function TagPicker({
  cluster,
  services,
  onClose,
  onPick,
}: {
  cluster: string;
  services: readonly Service[];
  onClose: () => void;
  onPick: (tag: string) => void;
}) {
  const service = services[0]!;
  const [query, setQuery] = useState('');
  const [chosen, setChosen] = useState<string | null>(null);
  const reading = useRead<{ content: Tag[] }>(service.name, (signal) =>
    call(path('clusters', cluster, 'services', service.name, 'tags'), { query: { limit: LIMIT }, signal }),
  );
  const running = useMemo(() => whereItRuns(service.image), [service.image]);
  const here = digestAmong(service.image, reading.data?.content ?? []);
  const wanted = (t: Tag) => names(service.image, t);
  const runsIn = (t: Tag) => [...new Set(running.filter((each) => names(each.image, t)).map((each) => each.cluster))];
  const tags = (reading.data?.content ?? []).filter((t) => t.tag.toLowerCase().includes(query.trim().toLowerCase()));
  const typed = query.trim();
  const why = hindrance('PATCH', SERVICES, cluster) ?? (chosen ? null : 'Choose a tag');
  return (
    <Dialog
      title={
        services.length === 1 ? `Change the tag of ${service.name}` : `Change the tag of ${services.length} services`
      }
      onClose={onClose}
      onSubmit={() => chosen && !why && onPick(chosen)}
      footer={
        <>
          <span class="small mute">{why}</span>
          <div class="row">
            <Button onClick={onClose}>Cancel</Button>
            <Button type="submit" kind="primary" why={why}>
              {chosen ? `Plan ${chosen}` : 'Plan'}
            </Button>
          </div>
        </>
      }
    >
      {services.length > 1 && (
        <p class="soft">
          These are the tags of {service.name}. The same tag is set for all {services.length} services.
        </p>
      )}
      <div class="field">
        <label htmlFor="tag-search">Tag</label>
        <input
          id="tag-search"
          class="input mono"
          // oxlint-disable-next-line jsx-a11y/no-autofocus -- the dialog was opened to type this
          autoFocus
          autocomplete="off"
          spellcheck={false}
          placeholder={`Search ${repositoryName(service.image ?? '')}`}
          value={query}
          onInput={(e) => setQuery(e.currentTarget.value)}
          onKeyDown={intoList}
        />
        {reading.data && (
          <p class="hint" role="status">
            {typed ? `${tags.length} of ${plural(reading.data.content.length, 'tag')}` : plural(tags.length, 'tag')},
            newest first. <kbd>↓</kbd> goes into the list.
          </p>
        )}
      </div>
      {reading.error && (
        <ErrorBanner error={reading.error} title="The registry's tags cannot be read" retry={reading.again} />
      )}
      {reading.slow && !reading.data && <Skeleton rows={4} />}
      {tags.length > 0 && (
        <div class="tags" role="radiogroup" aria-label="Tags, newest first">
          {tags.map((t) => (
            <label key={t.tag}>
              <input
                type="radio"
                name="tag"
                checked={chosen === t.tag}
                disabled={services.length === 1 && wanted(t)}
                onChange={() => setChosen(t.tag)}
              />
              <span class="row">
                <span class="mono">{t.tag}</span>
                {wanted(t) ? (
                  <Badge tone="mute" icon="check">
                    Wanted here
                  </Badge>
                ) : (
                  here !== null &&
                  t.digest === here && (
                    <Badge tone="mute" icon="check">
                      Same image
                    </Badge>
                  )
                )}
                {runsIn(t).includes(cluster) && (
                  <Badge tone="good" icon="circle-check">
                    Runs here
                  </Badge>
                )}
                {runsIn(t)
                  .filter((c) => c !== cluster)
                  .map((c) => (
                    <Badge key={c} tone="good" icon="layers">
                      Runs in {c}
                    </Badge>
                  ))}
                {t.quarantined && (
                  <Badge tone="bad" icon="alert">
                    Quarantined
                  </Badge>
                )}
              </span>
              <span class="mute small">
                <Ago at={instant(t.pushed_at)} />
              </span>
              {t.digest && <span class="also mono">{shortDigest(t.digest)}</span>}
            </label>
          ))}
        </div>
      )}
      {reading.data && !tags.length && !typed && <p class="hint">The repository has no tags.</p>}
      {typed && !tags.some((t) => t.tag === typed) && (reading.data || reading.error) && (
        <label class="row small">
          <input type="radio" name="tag" checked={chosen === typed} onChange={() => setChosen(typed)} />
          <span>
            Deploy <code>{typed}</code>, which is not among{' '}
            {reading.error ? 'what could be read' : `the ${LIMIT} newest tags`}
          </span>
        </label>
      )}
    </Dialog>
  );
}

/** The images of the same repository that run, each with its cluster. */
function whereItRuns(image: string | null): { cluster: string; image: string }[] {
  const repository = image ? repositoryName(image) : '';
  return [...store.clusters].flatMap(([cluster, entry]) =>
    [...entry.rows.values()].flatMap((row) => {
      const runs = row.peek().deployedImage;
      return runs && repositoryName(runs) === repository ? [{ cluster, image: runs }] : [];
    }),
  );
}
