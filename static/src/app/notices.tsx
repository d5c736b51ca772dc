import { report } from '../lib/rest';
import type { Tone } from '../ui/badge';
import { Button, Link } from '../ui/button';
import { Icon, type IconName } from '../ui/icons';
import { UserText } from '../ui/text';
import { useExpiry } from '../ui/transient';
import { dismiss, type Notice, notices } from './state';

const ICONS: Record<Notice['tone'], IconName> = {
  good: 'circle-check',
  bad: 'circle-cross',
  warn: 'alert',
  busy: 'info',
};

const EXPIRES_AFTER_MS = 8000;

/** What happened. A success leaves by itself, an error stays until it is dismissed. Screen readers hear it once, when it comes. */
export function Notices() {
  return (
    <section class="notices" aria-label="Notices" aria-live="polite">
      {notices.value.map((notice) => (
        <NoticeCard key={notice.id} notice={notice} />
      ))}
    </section>
  );
}

export function NoticeCard({ notice }: { notice: Notice }) {
  const close = () => dismiss(notice.id);
  const expiry = useExpiry(notice.tone === 'good' || notice.tone === 'busy' ? EXPIRES_AFTER_MS : null, close);
  const retry = notice.error?.retryable === false ? undefined : notice.retry;
  return (
    <div class={notice.tone === 'busy' ? 'notice' : 'notice onsignal'} data-tone={notice.tone as Tone} {...expiry}>
      <Icon name={ICONS[notice.tone]} />
      <div class="what">
        <h2>{notice.title}</h2>
        {notice.text && (
          <p class="small soft">
            <UserText text={notice.text} clamped />
          </p>
        )}
        {notice.error && (
          <p class="small soft">
            <UserText text={notice.error.message} />
            {notice.error.requestId && (
              <>
                {' '}
                · <code>{notice.error.requestId}</code>
              </>
            )}
          </p>
        )}
        {(notice.link || retry || notice.error) && (
          <div class="actions">
            {notice.link && (
              <Link to={notice.link.to} class="small" onClickCapture={close}>
                {notice.link.label}
              </Link>
            )}
            {retry && (
              <Button
                onClick={() => {
                  close();
                  retry();
                }}
              >
                Retry
              </Button>
            )}
            {notice.error && (
              <Button icon="copy" onClick={() => void navigator.clipboard?.writeText(report(notice.error!))}>
                Copy
              </Button>
            )}
          </div>
        )}
      </div>
      <Button kind="quiet" icon="cross" label="Dismiss" onClick={close} />
    </div>
  );
}
