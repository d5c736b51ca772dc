import { percent } from '../../lib/staged';

/** Below that many percent, a share has no room for its version. */
const NARROW = 14;

/** The split of the production traffic between old and new tasks, as one bar with its numbers. */
export function Traffic({
  traffic: { old, new: fresh },
  former,
  version,
}: {
  traffic: { old: number; new: number };
  former: string;
  version: string;
}) {
  return (
    <section>
      <h3>Traffic</h3>
      <div
        class="traffic"
        role="img"
        aria-label={`${percent(old)} on old tasks (${former}), ${percent(fresh)} on new tasks (${version})`}
      >
        <Share kind="old" share={old} version={former} />
        <Share kind="new" share={fresh} version={version} />
      </div>
    </section>
  );
}

function Share({ kind, share, version }: { kind: 'old' | 'new'; share: number; version: string }) {
  return (
    <span data-kind={kind} data-none={share === 0} style={{ flexGrow: share }}>
      <b>{percent(share)}</b> {kind}
      {share >= NARROW && `, ${version}`}
    </span>
  );
}
