/** Bars of state, notices, plans, and what a list shows while it has nothing to show. */

import { ChangeErrors, ShownPlan } from '../../app/shown-plan';
import { NoticeCard } from '../../app/notices';
import type { Action, Plan } from '../../lib/changes';
import type { Happening } from '../../lib/activity';
import type { Tone } from '../../ui/badge';
import { Button } from '../../ui/button';
import { HappeningLine } from '../../ui/happening';
import { Banner, Empty, ErrorBanner, Failed, Skeleton } from '../../ui/states';
import { error, LONG, services, UNBROKEN } from './samples';
import { Section } from './section';
import { RolloutNow } from '../service/rollout-now';

const BARS: [Tone, string, string][] = [
  ['warn', 'Reconnecting · data 9 s old', 'Deploying is disabled until the page is connected again.'],
  ['busy', 'Frozen by farah, until Friday', 'Sales week: changes only for incidents'],
  ['bad', 'The desired state cannot be read', `not JSON: ${UNBROKEN}`],
  ['good', 'v2.6.1 is live', '12 s faster than usual'],
  ['mute', `${LONG} will be blocked`, 'Deploys of it are refused until someone unblocks it.'],
];

export function Bars() {
  return (
    <Section title="Bars of state">
      {BARS.map(([tone, title, text]) => (
        <Banner key={tone} tone={tone} icon="info" title={title} actions={<Button>Retry</Button>}>
          {text}
        </Banner>
      ))}
      <ErrorBanner error={error(503)} title={`Couldn't plan: deploy ${LONG}`} retry={() => undefined} />
      <ChangeErrors verb="deploy" error={error(409)} moved again={() => undefined} />
    </Section>
  );
}

export function NoticeCards() {
  const notices = [
    { tone: 'warn', title: 'user-service: tasks failing', text: UNBROKEN },
    { tone: 'bad', title: `Couldn't deploy ${LONG}`, error: error(503), retry: () => undefined },
  ] as const;
  return (
    <Section title="Cards of notices">
      <div class="partnotices">
        {notices.map((notice, i) => (
          <NoticeCard key={notice.title} notice={{ id: -1 - i, ...notice }} />
        ))}
      </div>
    </Section>
  );
}

const ACTIONS: Action[] = ['update', 'create', 'replace', 'run', 'destroy', 'unmanage', 'nothing'];

export function Plans() {
  const fields = [
    { path: 'image', before: 'team/user-service:v2.6.0', after: 'team/user-service:v2.6.1', running: undefined },
    { path: `environment.${LONG}`, before: null, after: UNBROKEN, running: undefined },
    { path: 'environment.PASSWORD', before: null, after: null, running: undefined, concealed: true },
  ];
  const plan: Plan = {
    id: 'sample',
    services: ACTIONS.map((action) => ({
      name: action === 'create' ? LONG : `${action}-service`,
      action,
      fields: action === 'update' ? fields : [],
    })),
    steps: [{ text: 'Register a task definition of user-service', service: 'user-service', kind: 'register' }],
    notes: [{ service: null, message: 'billing-service has failing tasks', code: null }],
    unmanaged: [],
    waves: [['user-service'], ['email-worker']],
    quarantined: [{ service: 'user-service', image: 'team/user-service:v2.4.1-broken' }],
    estimateSeconds: 50,
    also: [{ effect: 'lost', message: 'user-service has 1 task set that a deployment removes' }],
    findings: [{ service: 'user-service', message: 'the secret does not exist', advice: 'Create it', starts: false }],
    notChecked: ['iam:GetRole is not allowed'],
  };
  return (
    <Section title="Plans">
      <ShownPlan plan={plan} failed={false} frozen={false} />
    </Section>
  );
}

export function Rollouts({ at }: { at: number }) {
  const rolling = services(at).find(({ name }) => name === 'user-service')!;
  const verbs = ['change', 'rollback', 'freeze', 'delete'] as const;
  const happenings = verbs.map((verb, i): Happening => ({
    at: at - (i + 1) * 3_600_000,
    cluster: i ? 'production' : LONG,
    kind: verb === 'delete' ? 'refusal' : verb === 'freeze' ? 'freeze' : verb === 'rollback' ? 'rollback' : 'change',
    verb,
    by: i === 2 ? UNBROKEN : 'ann',
    summary: `${verb} user-service v2.6.${i}`,
    message: i ? 'Fix VAT rounding' : UNBROKEN,
    revision: null,
    services: ['user-service'],
    until: null,
    outcome: null,
  }));
  return (
    <Section title="A rollout, and activity">
      <RolloutNow service={rolling} />
      <ol>
        {happenings.map((happening) => (
          <HappeningLine key={happening.verb} happening={happening} />
        ))}
      </ol>
    </Section>
  );
}

export function EmptyStates() {
  return (
    <Section title="Loading, empty, failed">
      <div class="partgrid wide">
        <Skeleton />
        <Empty icon="layers" title="No clusters yet" actions={<Button kind="primary">New cluster</Button>}>
          Manage your first ECS cluster. Nysa keeps it in sync with a stackfile.
        </Empty>
        <Empty icon="search" title="0 of 200 match" actions={<Button>Clear the filter</Button>}>
          No service fits “{LONG}”.
        </Empty>
        <Failed error={error(404)} retry={() => undefined} />
        <Failed error={error(502)} retry={() => undefined} />
      </div>
    </Section>
  );
}
