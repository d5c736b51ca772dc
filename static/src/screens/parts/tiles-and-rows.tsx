/** Tiles of the wall, large and dense, and the rows of the services table, in every state. */

import { signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { deployments } from '../../app/activity';
import type { Deployed } from '../../lib/ticks';
import { DenseTile } from '../fleet/dense-tile';
import { Tile } from '../fleet/tile';
import { Hiding } from '../hiding';
import { ServiceRow } from '../service-row';
import { ServiceRows } from '../service-rows';
import { tableState } from '../table-state';
import { loadView } from '../telemetry/sparkline';
import { clusters, services } from './samples';
import { Section } from './section';

const DAY = 86_400_000;

export function Tiles({ at }: { at: number }) {
  const entries = useMemo(() => clusters(at), [at]);
  const hiding = useMemo(() => {
    const names = entries.map(({ name }) => name);
    return new Hiding(signal(new Set(names)), signal({ names }));
  }, [entries]);
  useEffect(() => {
    const before = deployments.peek();
    const ticks: Deployed[] = [0.2, 1.1, 1.2, 4, 6.5].map((days, i) => ({
      at: at - days * DAY,
      kind: i === 1 ? 'back' : 'succeeded',
    }));
    deployments.value = new Map(entries.map(({ name }) => [name, ticks]));
    return () => void (deployments.value = before);
  }, [at, entries]);
  return (
    <>
      <Section title="Tiles">
        <div class="walls">
          <div class="wall" data-size="large">
            {entries.map((entry) => (
              <Tile key={entry.name} entry={entry} hiding={hiding} wide={entry.name === 'failing'} />
            ))}
          </div>
        </div>
      </Section>
      <Section title="Dense tiles">
        <div class="walls">
          <div class="wall" data-size="dense">
            {entries.map((entry) => (
              <DenseTile key={entry.name} entry={entry} hiding={hiding} />
            ))}
          </div>
        </div>
      </Section>
    </>
  );
}

export function Rows({ at }: { at: number }) {
  const table = useMemo(() => {
    const [entry] = clusters(at);
    entry!.replaceRows(services(at));
    return { entry: entry!, state: tableState(entry!) };
  }, [at]);
  const { entry, state } = table;
  useEffect(() => {
    state.load.value = loadView({
      from: new Date(at - 3 * DAY).toISOString(),
      step: 6 * 3600,
      content: Object.fromEntries(
        entry.names.peek().map((name, i) => [name, { cpu: [10 + 8 * i, 30, 20 + 7 * i], memory: [60, 62, 61] }]),
      ),
    });
  }, [at, entry, state]);
  return (
    <Section title="Rows of services">
      <div class="table services" role="table" aria-label="Services in every state">
        <ServiceRows cluster={entry.name} table={state}>
          {entry.names.value.map((name) => (
            <ServiceRow key={name} row={entry.rows.get(name)!} table={state} />
          ))}
        </ServiceRows>
      </div>
    </Section>
  );
}
