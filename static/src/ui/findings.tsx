import { type Finding, plural } from '../lib/changes';
import { Banner } from './states';

interface Props {
  findings: readonly Finding[];
  notChecked: readonly string[];
}

/** What would fail when the services of a plan start, and which checks could not be made. */
export function Findings({ findings, notChecked }: Props) {
  return (
    <>
      {findings.length > 0 && (
        <Banner tone="warn" icon="alert" title={`${plural(findings.length, 'problem')} expected at the start`}>
          <ul>
            {findings.map(({ service, message, advice, starts }) => (
              <li key={`${service} ${message}`}>
                <b>{service}</b> {starts ? 'may not start' : 'would not start'}: <bdi>{message}</bdi>{' '}
                <span class="mute">{advice}</span>
              </li>
            ))}
          </ul>
        </Banner>
      )}
      {notChecked.length > 0 && (
        <details class="small">
          <summary>{plural(notChecked.length, 'check')} could not be made</summary>
          <ul>
            {notChecked.map((message) => (
              <li key={message}>
                <bdi>{message}</bdi>
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}
