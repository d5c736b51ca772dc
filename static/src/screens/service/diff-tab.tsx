import type { Field } from '../../lib/changes';
import type { Service } from '../../lib/model';
import { Fields } from '../../ui/fields';
import { Empty } from '../../ui/states';

/** What ECS runs beside what is desired, field by field. */
export function DiffTab({ service }: { service: Service }) {
  if (service.sync === 'unmanaged')
    return (
      <Empty icon="question" title="Nothing to compare">
        {service.name} runs in ECS and is in no stackfile.
      </Empty>
    );
  const isUnread = service.running !== null && service.deployedImage === null && !service.drift;
  if (service.running === null || isUnread)
    return (
      <Empty icon="question" title="Nothing to compare yet">
        What ECS runs for {service.name} has not been read.
      </Empty>
    );
  const fields: Field[] = (service.drift ?? []).map((d) => ({ ...d, running: undefined }));
  if (!service.drift && service.deployedImage !== service.image)
    fields.push({ path: 'image', before: service.deployedImage, after: service.image, running: undefined });
  return <Compared fields={fields} />;
}

function Compared({ fields }: { fields: Field[] }) {
  if (!fields.length)
    return (
      <Empty icon="circle-check" title="No difference">
        ECS runs the desired state.
      </Empty>
    );
  return (
    <div class="panel">
      <Fields fields={fields} labels={['Running', 'Desired']} />
    </div>
  );
}
