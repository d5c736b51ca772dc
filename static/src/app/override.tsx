/** A change in spite of a freeze: a step of its own, with a reason of its own, for those who may. */

import { type Freeze, freezer } from '../lib/model';
import { Button } from '../ui/button';
import { Banner } from '../ui/states';
import { UserText } from '../ui/text';
import { Until } from '../ui/time';
import { overrideHindrance } from './state';

/** Why a change is made in spite of a freeze; null while no override was begun. */
export type Override = string | null;

/** What is still missing for a change of a cluster that is frozen, or is not. */
export function missingOverride(freeze: Freeze | null, override: Override): string | null {
  if (!freeze) return null;
  if (overrideHindrance()) return 'The cluster is frozen';
  return override?.trim() ? null : 'The cluster is frozen: override it with a reason';
}

/** The button was pressed to type this, and is gone; it stays one function, so that only the first drawing moves the focus. */
const focused = (input: HTMLInputElement | null) => input?.focus();

export function Overriding({
  cluster,
  freeze,
  override,
  onChange,
}: {
  cluster: string;
  freeze: Freeze;
  override: Override;
  onChange: (override: Override) => void;
}) {
  const hindrance = overrideHindrance();
  return (
    <Banner
      tone="busy"
      icon="frozen"
      title={
        <>
          {cluster} is frozen by <UserText text={freezer(freeze)} />
          {freeze.until === null ? (
            ', until manually lifted'
          ) : (
            <>
              , until <Until at={freeze.until} />
            </>
          )}
        </>
      }
      actions={
        override === null ? (
          <Button why={hindrance} onClick={() => onChange('')}>
            Override the freeze…
          </Button>
        ) : (
          <Button onClick={() => onChange(null)}>Cancel override</Button>
        )
      }
    >
      <p>
        <UserText text={freeze.reason} quoted />
      </p>
      {hindrance && <p>{hindrance}.</p>}
      {override !== null && (
        <div class="field">
          <label htmlFor="override">Why override the freeze?</label>
          <input
            id="override"
            class="input"
            ref={focused}
            value={override}
            placeholder="Logged in the audit"
            onInput={(e) => onChange(e.currentTarget.value)}
          />
        </div>
      )}
    </Banner>
  );
}
