import { store } from '../../app/state';
import { incidentOf } from '../../lib/incident';
import { presentTrouble, type Service, troublesomeStop } from '../../lib/model';
import { Clock } from '../../ui/clock';
import { UserText } from '../../ui/text';
import { Ago } from '../../ui/time';
import { IncidentActions } from './incident-actions';

/** Its advice is to read the log, which is on the same screen. */
const LOGGED = 'application-exit';

/** A failing service in one sentence: what fails and why, since when, what still serves, whose deployment; and the way back. */
export function IncidentSlab({ service, linked = false }: { service: Service; linked?: boolean }) {
  const entry = store.get(service.cluster);
  if (!entry) return null;
  const incident = incidentOf(service, entry.summary.value);
  const trouble = presentTrouble(service);
  const stop = troublesomeStop(service);
  const ended = service.sync !== 'rolling-out' && service.verdict?.failed ? service.verdict : null;
  return (
    <section class="slab" role="alert" aria-label={`${service.name} is failing`}>
      {incident.since !== null && (
        <p class="clock">
          <Clock since={incident.since} />
          <span>{ended ? 'since it failed' : 'failing'}</span>
        </p>
      )}
      <div>
        <h3>{incident.title}</h3>
        <p class="serves">{incident.serves}</p>
        <p>
          {trouble?.kind !== LOGGED && trouble?.advice}{' '}
          {ended?.reason && ended.reason !== trouble?.what && <UserText text={ended.reason} />}
        </p>
        {incident.by && (
          <p>
            Deployed by <UserText text={incident.by} />
            {incident.reason && (
              <>
                , <UserText text={incident.reason} quoted />
              </>
            )}
          </p>
        )}
        {stop && (
          <p class="small">
            ECS: <UserText text={stop.reason} />
            {stop.exitCode !== null && ` (exit code ${stop.exitCode})`}, <Ago at={stop.at} />
          </p>
        )}
        <IncidentActions service={service} incident={incident} linked={linked} />
      </div>
    </section>
  );
}
