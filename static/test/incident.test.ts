import { describe, expect, it } from 'vitest';
import { chatText, incidentOf } from '../src/lib/incident';
import { readCluster, readService } from '../src/lib/model';

const AT = Date.parse('2026-11-29T14:00:00Z');
const trouble = { kind: 'application-exit', what: 'The application exited with code 1.', advice: 'Read its log.' };
const cluster = readCluster('prod', {
  last_change: { by: 'ann', message: 'VAT rules', changed_at: '2026-11-29T14:00:00Z' },
  rollouts: [{ services: ['billing'], since: '2026-11-29T14:00:01Z' }],
});
const rolling = {
  image: 'ecr/billing:v2.7.0',
  image_before: 'ecr/billing:v2.6.4',
  desired_count: 3,
  sync: 'rolling-out',
  health: 'healthy',
  deployed: { image: 'ecr/billing:v2.6.4', running: 3 },
  trouble,
};
const service = (sent: object) => readService('prod', 'billing', { ...rolling, ...sent });

describe('an incident', () => {
  it('counts what still serves before its version is read', () => {
    expect(incidentOf(service({ deployed: { image: null, running: 2 } }), cluster).serves).toBe(
      '2 of 3 tasks still run.',
    );
  });

  it('names what fails, why, since when, by whom and what still serves', () => {
    expect(incidentOf(service({}), cluster)).toEqual({
      title: 'billing v2.7.0: the application exited with code 1',
      serves: 'v2.6.4 still serves 3 of 3 tasks.',
      by: 'ann',
      reason: 'VAT rules',
      since: AT + 1000,
      back: 'v2.6.4',
    });
  });

  it('without a deployment blames no change', () => {
    const { by, serves, since } = incidentOf(
      service({
        sync: 'in-sync',
        health: 'failing',
        deployed: { running: 0 },
        stop_reasons: [{ at: '2026-11-29T14:00:09Z', reason: 'Essential container in task exited' }],
      }),
      readCluster('prod', {}),
    );
    expect([by, serves, since]).toEqual([null, 'No task runs.', AT + 9000]);
  });

  it('goes back to no version that is the same', () => {
    expect(
      incidentOf(service({ image_before: null, deployed: { image: 'ecr/billing:v2.7.0', running: 1 } }), cluster).back,
    ).toBeNull();
  });

  it('is text for a chat', () => {
    expect(chatText(service({}), incidentOf(service({}), cluster), AT + 193_000, 'https://nysa/cp')).toBe(
      'billing v2.7.0: the application exited with code 1 in prod, failing for 3:12.\nv2.6.4 still serves 3 of 3 tasks. Deployed by ann ("VAT rules").\nhttps://nysa/cp',
    );
  });
});

describe('a schedule that fails', () => {
  const scheduled = (state: string) =>
    service({ sync: 'in-sync', health: 'failing', trouble: null, schedule: { state, since: '2026-11-29T15:00:00Z' } });

  it('is an incident since its first failed run', () => {
    const incident = incidentOf(scheduled('failing'), cluster);
    expect(incident.title).toBe('billing v2.7.0: the last runs of its schedule failed');
    expect(incident.serves).toBe('The schedule goes on.');
    expect(incident.since).toBe(AT + 3_600_000);
  });

  it('names a run that was missed', () => {
    expect(incidentOf(scheduled('missed'), cluster).title).toContain('no task started when its schedule was due');
  });
});
