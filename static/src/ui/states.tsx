/** What a list shows when it has nothing to show: why, and what next. */

import type { ComponentChildren } from 'preact';
import { type ApiError, report } from '../lib/rest';
import type { Tone } from './badge';
import { Button } from './button';
import { Icon, type IconName } from './icons';
import { UserText } from './text';

/** `page`: it stands for a whole page, and its title is the page's. */
export function Empty({
  icon,
  title,
  page = false,
  children,
  actions,
}: {
  icon: IconName;
  title: string;
  page?: boolean;
  children?: ComponentChildren;
  actions?: ComponentChildren;
}) {
  return (
    <div class="state">
      <Icon name={icon} />
      {page ? <h1>{title}</h1> : <h2>{title}</h2>}
      {children && <p>{children}</p>}
      {actions && <div class="row">{actions}</div>}
    </div>
  );
}

export function Skeleton({ rows = 6 }: { rows?: number }) {
  return (
    <div role="status" class="panel body stack">
      <span class="visually-hidden">Loading</span>
      {Array.from({ length: rows }, (_, i) => (
        <span key={i} class="skeleton" style={{ width: `${90 - ((i * 17) % 40)}%`, margin: '8px 16px' }} />
      ))}
    </div>
  );
}

export function Banner({
  tone,
  icon,
  title,
  children,
  actions,
}: {
  tone: Tone;
  icon: IconName;
  title: ComponentChildren;
  children?: ComponentChildren;
  actions?: ComponentChildren;
}) {
  return (
    <div
      class={tone === 'mute' ? 'banner' : 'banner onsignal'}
      data-tone={tone}
      role={tone === 'bad' ? 'alert' : 'status'}
    >
      <Icon name={icon} />
      <div class="grow">
        <p class="title">{title}</p>
        {children && <div class="small soft">{children}</div>}
        {actions && <div class="row actions">{actions}</div>}
      </div>
    </div>
  );
}

/** An error as it came: the cause, each mistake, the request's id, and what can be done. */
export function ErrorBanner({
  error,
  title,
  retry,
}: {
  error: ApiError;
  title?: string;
  retry?: (() => void) | undefined;
}) {
  return (
    <Banner
      tone="bad"
      icon="circle-cross"
      title={title ?? <UserText text={error.message} />}
      actions={
        <>
          {retry && error.retryable && (
            <Button icon="undo" onClick={retry}>
              Retry
            </Button>
          )}
          <Button icon="copy" onClick={() => void navigator.clipboard?.writeText(report(error))}>
            Copy
          </Button>
        </>
      }
    >
      {title && (
        <p>
          <UserText text={error.message} />
        </p>
      )}
      {error.details.length > 0 && (
        <ul>
          {error.details.slice(0, 20).map((d, i) => (
            <li key={i}>
              {d.path && <code>{d.path}</code>} <UserText text={d.message} />
              {d.line ? ` (line ${d.line})` : ''}
            </li>
          ))}
        </ul>
      )}
      {error.requestId && (
        <p class="mute">
          Request <code>{error.requestId}</code>
        </p>
      )}
    </Banner>
  );
}

export function Failed({ error, retry }: { error: ApiError; retry: () => void }) {
  if (error.status === 404)
    return (
      <Empty icon="question" title="Not found">
        <UserText text={error.message} />
      </Empty>
    );
  return <ErrorBanner error={error} retry={retry} />;
}
