import { useMemo, useState } from 'preact/hooks';
import { refusedAnyway, useChange, whyNot } from '../app/change';
import { useKeys } from '../app/keyboard';
import { missingOverride, Overriding, type Override } from '../app/override';
import { useRead } from '../app/read';
import { ReasonField } from '../app/reason-field';
import { ChangeErrors, ShownPlan } from '../app/shown-plan';
import { go, hindrance, store } from '../app/state';
import { changeTag, SERVICES } from '../app/actions';
import { plural } from '../lib/changes';
import { versionOf } from '../lib/images';
import { needsApproval } from '../lib/changes';
import type { Service } from '../lib/model';
import { call, path } from '../lib/rest';
import { clusterRoute } from '../lib/router';
import { proposed, type SentTag, versionsOf } from '../lib/tags';
import { DialogButtons } from '../ui/dialog-buttons';
import { Icon } from '../ui/icons';
import { Split } from '../ui/split-dialog';
import { FreezesSoon, Others, SeenElsewhere } from './deploy-context';
import { VersionList } from './version-list';

const LIMIT = 200;

interface Props {
  cluster: string;
  services: readonly Service[];
  /** The tag to begin with, where the caller knows it. */
  tag: string | null;
  after: (() => void) | undefined;
  onClose: () => void;
}

/** Deploying as one dialog: versions on the left, the newest proposed; its plan, the reason and the button on the right. */
export function DeployDialog({ cluster, services, tag, after, onClose }: Props) {
  const service = services[0]!;
  const [picked, setPicked] = useState<string | null>(tag);
  const [reason, setReason] = useState('');
  const reading = useRead<{ content: SentTag[] }>(service.name, (signal) =>
    call(path('clusters', cluster, 'services', service.name, 'tags'), { query: { limit: LIMIT }, signal }),
  );
  const versions = useMemo(() => versionsOf(reading.data?.content ?? []), [reading.data]);
  const chosen = picked ?? proposed(versions, service.image)?.tag ?? null;
  const what = services.length === 1 ? service.name : plural(services.length, 'service');
  return (
    <Split
      title={
        <>
          Deploy <b>{what}</b>
        </>
      }
      label={`Deploy ${what}`}
      onClose={onClose}
      side={
        <VersionList
          services={services}
          versions={versions}
          reading={reading}
          chosen={chosen}
          onPick={setPicked}
          onDone={focusReason}
        />
      }
    >
      {chosen ? (
        <Planned
          key={chosen}
          cluster={cluster}
          services={services}
          tag={chosen}
          reason={reason}
          onReason={setReason}
          after={after}
          onClose={onClose}
        />
      ) : (
        <div class="split-rest">
          <p class="soft">
            {reading.data
              ? 'No newer version to propose. Choose one from the list, or type a tag.'
              : 'Reading the tags…'}
          </p>
        </div>
      )}
    </Split>
  );
}

interface PlannedProps {
  cluster: string;
  services: readonly Service[];
  tag: string;
  reason: string;
  onReason: (reason: string) => void;
  after: (() => void) | undefined;
  onClose: () => void;
}

/** The plan of one version, and the way to carry it out. */
function Planned({ cluster, services, tag, reason, onReason, after, onClose }: PlannedProps) {
  const [override, setOverride] = useState<Override>(null);
  const [only] = services.length === 1 ? services : [];
  const action = {
    ...changeTag(cluster, services, tag),
    after: () => {
      after?.();
      go(only ? clusterRoute(cluster, only.name) : { screen: 'rollout', cluster });
    },
  };
  const { plan, moved, refusedBy, error, busy, again, apply } = useChange(action);
  const freeze = store.get(cluster)?.summary.value.frozen ?? refusedBy;
  const missing =
    hindranceBut(cluster, services, freeze !== null) ??
    whyNot({ planned: plan !== null, reason, typed: '', wanted: undefined, busy }) ??
    missingOverride(freeze, override) ??
    refusedAnyway(plan);
  const confirm = () => {
    if (!missing) void apply(reason.trim(), freeze && override);
  };
  useKeys([{ keys: 'mod+enter', label: 'Confirm', group: 'Dialog', always: true, run: confirm }]);
  return (
    <form
      class="split-form"
      onSubmit={(event) => {
        event.preventDefault();
        confirm();
      }}
    >
      {/* It scrolls, and must be reached by the keyboard where nothing in it takes the focus. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div class="split-rest" role="group" aria-label="Plan" tabIndex={0}>
        <p class="to">
          to <b>{cluster}</b>
        </p>
        <p class="jump">
          {only && (
            <>
              <span>{versionOf(only.image ?? only.deployedImage)}</span>
              <Icon name="arrow" />
              <span class="visually-hidden"> to </span>
            </>
          )}
          <b data-long={tag.length > 12}>{tag}</b>
        </p>
        <ChangeErrors verb={action.verb} error={error} moved={moved} again={again} />
        <ShownPlan plan={plan} failed={error !== null} frozen={freeze !== null} />
        {only && <SeenElsewhere service={only} tag={tag} />}
        <FreezesSoon cluster={cluster} />
        <Others cluster={cluster} services={services} plan={plan} />
      </div>
      <div class="split-foot">
        {freeze && <Overriding cluster={cluster} freeze={freeze} override={override} onChange={setOverride} />}
        <ReasonField value={reason} onChange={onReason} submits />
        <div class="spread">
          <DialogButtons
            why={missing}
            note={busy ? null : missing}
            danger={freeze !== null}
            icon="up-arrow"
            onCancel={onClose}
          >
            {busy ? 'Working…' : freeze ? `Override: ${action.verb}` : needsApproval(plan) ? 'Propose' : action.verb}
          </DialogButtons>
        </div>
      </div>
    </form>
  );
}

/** On to the reason, once the version that was just picked is drawn. */
function focusReason(): void {
  requestAnimationFrame(() => document.getElementById('reason')?.focus());
}

/** Why nothing can be deployed, a freeze aside: that one is overridden in the dialog. */
function hindranceBut(cluster: string, services: readonly Service[], frozen: boolean): string | null {
  const names = services.map((service) => service.name);
  return hindrance('PATCH', SERVICES, frozen ? null : cluster, names);
}
