import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useSlow } from '../app/read';
import { Button } from './button';
import { Banner, Skeleton } from './states';

/** A component of a chunk that is loaded when it is first shown, or before by `ready`. */
export function lazy<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  let loaded: ComponentType<Props> | null = null;
  return function Lazy(props: Props) {
    const [Part, setPart] = useState<ComponentType<Props> | null>(() => loaded);
    const [failed, setFailed] = useState(false);
    const slow = useSlow(!Part && !failed);
    useEffect(() => {
      if (Part) return;
      load().then(
        (part) => {
          loaded = part;
          setPart(() => part);
        },
        () => setFailed(true),
      );
    }, []);
    if (Part) return <Part {...props} />;
    if (!failed) return slow ? <Skeleton /> : null;
    return (
      <Banner
        tone="bad"
        icon="alert"
        title="This page couldn't be loaded"
        actions={<Button onClick={() => location.reload()}>Reload</Button>}
      >
        The server may have been upgraded. Drafts are kept.
      </Banner>
    );
  };
}
