import { deployments } from '../../app/activity';

/** What the squares and the ticks on the wall stand for. */
export function Legend() {
  return (
    <p class="legend">
      <span>A square is a service.</span>
      {deployments.value && (
        <>
          <span>
            <i class="key">
              <i class="tick" data-kind="succeeded" />
            </i>
            deployed
          </span>
          <span>
            <i class="key">
              <i class="tick" data-kind="back" />
            </i>
            rolled back
          </span>
          <span>7 days, now at the right edge</span>
        </>
      )}
    </p>
  );
}
