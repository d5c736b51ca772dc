import { useEffect } from 'preact/hooks';
import { asked, scale } from '../app/actions';
import { opened } from '../app/menus';
import { route, store } from '../app/state';
import { DeployDialog } from './deploy-dialog';
import { lazy } from '../ui/lazy';

const staged = () => import('./staged/staged');
const ContinueDialog = lazy(() => staged().then((parts) => parts.ContinueDialog));
const StopDialog = lazy(() => staged().then((parts) => parts.StopDialog));
const CountDialog = lazy(() => import('./count-dialog').then((part) => part.CountDialog));
const FreezeDialog = lazy(() => import('./freeze-dialog').then((part) => part.FreezeDialog));
const PromoteDialog = lazy(() => import('./later').then((screens) => screens.PromoteDialog));

/** The dialog that is open, over whichever page; another page closes it. */
export function Dialogs() {
  const dialog = opened.value;
  const at = route.value;
  const close = () => (opened.value = null);
  useEffect(() => void close(), [at.screen, 'cluster' in at ? at.cluster : null]);
  if (!dialog) return null;
  const { cluster } = dialog;
  if (dialog.kind === 'freeze') return <FreezeDialog cluster={cluster} onClose={close} />;
  if (dialog.kind === 'promote') {
    const entry = store.get(cluster);
    const { from, services } = dialog;
    return (
      entry && (
        <PromoteDialog entry={entry} onClose={close} {...(from ? { from } : {})} {...(services ? { services } : {})} />
      )
    );
  }
  const rows = store.get(cluster)?.rows;
  if (dialog.kind === 'stop' || dialog.kind === 'continue') {
    const { service: seen } = dialog;
    const service = rows?.get(seen.name)?.value ?? seen;
    if (dialog.kind === 'stop') return <StopDialog service={service} seen={seen} onClose={close} />;
    return <ContinueDialog service={service} seen={seen} action={dialog.action} onClose={close} />;
  }
  const { kind, after, tag = null } = dialog;
  const services = dialog.services.map((service) => rows?.get(service.name)?.value ?? service);
  if (kind === 'deploy') {
    return <DeployDialog cluster={cluster} services={services} tag={tag} after={after} onClose={close} />;
  }
  const pick = (count: number) => {
    close();
    asked.value = { ...scale(cluster, services, count), ...(after ? { after } : {}) };
  };
  return <CountDialog services={services} onClose={close} onPick={pick} />;
}
