/** The stages of a rolling deployment, as far as each is; no number stands for what ECS alone decides. */

import { plural } from './changes';
import type { Service } from './model';

export interface Stage {
  name: string;
  state: 'done' | 'now' | 'next';
  note: string;
}

export function stagesOf(service: Service): Stage[] {
  const { fresh, running, desired } = service;
  const target = fresh?.desired || desired;
  const started = fresh?.running ?? 0;
  const old = Math.max(0, (running ?? 0) - started);
  const registered = fresh !== null && service.state !== 'queued';
  const allStarted = registered && started >= target;
  const drained = allStarted && old === 0;
  const ended = service.sync !== 'rolling-out';
  return [
    { name: 'Registered', state: stateOf(registered, true), note: registered ? '' : 'waiting for ECS' },
    { name: 'Started', state: stateOf(allStarted, registered), note: `${Math.min(started, target)} of ${target}` },
    {
      name: 'Old drained',
      state: stateOf(drained, registered && started > 0),
      note: old ? `${plural(old, 'task')} left` : '',
    },
    { name: 'Stable', state: stateOf(ended, drained), note: '' },
  ];
}

function stateOf(done: boolean, begun: boolean): Stage['state'] {
  return done ? 'done' : begun ? 'now' : 'next';
}
