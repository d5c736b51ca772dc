"""Conversion of AWS Copilot manifests. https://aws.github.io/copilot-cli/docs/manifest/overview/"""

from typing import Any

from stack.changes.conversion.draft import Conversion, Draft, finished, mapping
from stack.changes.conversion.units import seconds, words
from stack.reconcile.plan import Note
from stack.stackfile.values import deeply_merged

SERVICES = ('Load Balanced Web Service', 'Backend Service', 'Worker Service')
ARCHITECTURES = {'linux/amd64': 'x86_64', 'linux/x86_64': 'x86_64', 'linux/arm64': 'arm64', 'linux/arm': 'arm64'}

# Copilot's own defaults: https://aws.github.io/copilot-cli/docs/manifest/lb-web-service/
CPU, MEMORY = 256, 512


def convert(sources: list[Any], environment: str | None = None) -> Conversion:
    """The stackfile of some manifests; with `environment` its overrides are merged over each of them."""
    drafts, notes = [], []
    for source in map(mapping, sources):
        name, kind = str(source.get('name') or 'service'), source.get('type')
        if kind not in SERVICES:
            notes.append(
                Note(name, f'The manifest is not carried over: a stackfile has no {kind or "manifest without type"}.')
            )
            continue
        drafts.append(_service(name, str(kind), _overridden(source, environment)))
    return finished(drafts, {}, notes)


def _overridden(source: dict[str, Any], environment: str | None) -> dict[str, Any]:
    environments = mapping(source.pop('environments', None))
    if environment is None:
        return source | ({'environments': environments} if environments else {})
    return dict(deeply_merged(source, mapping(environments.get(environment))))


def _service(name: str, kind: str, source: dict[str, Any]) -> Draft:
    draft = Draft(name, {key: value for key, value in source.items() if key not in ('name', 'type')})
    draft.settings['launch_type'] = 'FARGATE'
    if environments := draft.take('environments'):
        draft.note(f'environments ({", ".join(environments)}) are not merged: name one with --environment.')
    _size(draft)
    port = _image(draft)
    _container(draft)
    draft.put('exec', draft.take('exec'))
    _network(draft)
    _volumes(draft)
    _sidecars(draft)
    if kind == 'Load Balanced Web Service':
        _load_balancer(draft, port)
    elif kind == 'Backend Service' and port is not None:
        draft.note('Copilot gives it a name in service discovery: add dns_discovery, and service_discovery at the top.')
    draft.note_rest()
    return draft


def _size(draft: Draft) -> None:
    draft.put('cpu', draft.take('cpu') or CPU)
    draft.put('memory', draft.take('memory') or MEMORY)
    count = draft.take('count')
    if isinstance(count, dict):
        draft.note('count is not carried over as a range or on Spot: desired_count is its lower bound.')
        given = mapping(count.get('range')).get('min') if isinstance(count.get('range'), dict) else count.get('range')
        lowest = str(count.get('spot', given if given is not None else 1)).partition('-')[0]
        count = int(lowest) if lowest.isdecimal() else 1
    draft.put('desired_count', count)
    platform = draft.take('platform')
    draft.put('architecture', ARCHITECTURES.get(str(platform)) if platform else None)
    if platform is not None and str(platform) not in ARCHITECTURES:
        draft.note('platform is not carried over: see architecture and operating_system.')


def _image(draft: Draft) -> int | None:
    """Image, health check and port of the main container; the port."""
    image = draft.take('image')
    parts = mapping(image) if isinstance(image, dict) else {'location': image}
    if 'build' in parts:
        draft.note('image.build is not carried over: build the image, push it to a registry, and name it in image.')
    draft.put('image', parts.pop('location', None) or f'{draft.name}:latest')
    draft.put('registry_credentials', parts.pop('credentials', None))
    draft.put('labels', mapping(parts.pop('labels', None)))
    draft.put('depends_on', mapping(parts.pop('depends_on', None)))
    check = mapping(parts.pop('healthcheck', None))
    if check.get('command'):
        draft.put('healthcheck', _healthcheck(check))
    port = parts.pop('port', None)
    draft.put('ports', [{'container': port}] if isinstance(port, int) else None)
    for key in parts.keys() - {'build'}:
        draft.note(f'image.{key} is not carried over.')
    return port if isinstance(port, int) else None


def _healthcheck(check: dict[str, Any]) -> dict[str, Any]:
    command = check['command']
    converted: dict[str, Any] = {'command': ['CMD-SHELL', command] if isinstance(command, str) else command}
    for name in ('interval', 'timeout', 'start_period'):
        value = seconds(check.get(name))
        if value is not None:
            converted[name] = value
    return converted | ({'retries': check['retries']} if 'retries' in check else {})


def _container(draft: Draft) -> None:
    for field in ('command', 'entrypoint'):
        draft.put(field, words(draft.take(field)))
    variables = mapping(draft.take('variables'))
    imported = [name for name, value in variables.items() if isinstance(value, dict)]
    draft.put('environment', {name: str(value) for name, value in variables.items() if name not in imported})
    for name in imported:
        draft.note(f'The variable {name} comes from CloudFormation: add its value to environment.')
    secrets = mapping(draft.take('secrets'))
    plain = {name: value for name, value in secrets.items() if isinstance(value, str)}
    draft.put('secrets', plain)
    for name in secrets.keys() - plain.keys():
        draft.note(f'The secret {name} is not carried over: add its ARN to secrets.')


def _network(draft: Draft) -> None:
    vpc = mapping(mapping(draft.take('network')).get('vpc'))
    groups = vpc.get('security_groups')
    listed = [group for group in groups if isinstance(group, str)] if isinstance(groups, list) else []
    placement = 'private' if vpc.get('placement') == 'private' else 'public'
    network: dict[str, Any] = {'public_ip': True} if placement == 'public' else {}
    draft.put('network', network | ({'security_groups': listed} if listed else {}))


def _volumes(draft: Draft) -> None:
    storage = mapping(draft.take('storage'))
    draft.put('ephemeral_storage', storage.get('ephemeral'))
    if storage.get('readonly_fs'):
        draft.put('read_only_root', True)
    volumes = []
    for name, given in mapping(storage.get('volumes')).items():
        parts = mapping(given)
        volume: dict[str, Any] = {'name': name, 'mount': parts.get('path')}
        if parts.get('read_only', True):
            volume['read_only'] = True
        efs = parts.get('efs')
        file_system = efs.get('id') if isinstance(efs, dict) else efs if isinstance(efs, str) else None
        if isinstance(file_system, str):
            root = mapping(efs).get('root_dir')
            volume['efs'] = {'file_system': file_system} | ({'root': root} if root else {})
        elif efs:
            draft.note(f"The volume {name} is on Copilot's own file system: add efs with its id.")
        volumes.append(volume)
    draft.put('volumes', volumes)


def _sidecars(draft: Draft) -> None:
    containers = []
    for name, given in mapping(draft.take('sidecars')).items():
        sidecar = Draft(name, mapping(given))
        sidecar.put('image', sidecar.take('image'))
        sidecar.settings['essential'] = sidecar.source.pop('essential', True)
        port = str(sidecar.take('port') or '').partition('/')[0]
        sidecar.put('ports', [{'container': int(port)}] if port.isdecimal() else None)
        sidecar.put('depends_on', mapping(sidecar.take('depends_on')))
        check = mapping(sidecar.take('healthcheck'))
        sidecar.put('healthcheck', _healthcheck(check) if check.get('command') else None)
        _container(sidecar)
        sidecar.note_rest()
        draft.notes += [Note(draft.name, f'{name}: {note.text}') for note in sidecar.notes]
        containers.append({name: sidecar.settings})
    draft.put('containers', containers)


def _load_balancer(draft: Draft, port: int | None) -> None:
    http = mapping(draft.take('http'))
    if port is None:
        draft.note('http is not carried over: image.port is missing.')
        return
    check = _target_healthcheck(draft, http.get('healthcheck'))
    elb: dict[str, Any] = {'type': 'public', 'ports': {'public': 80, 'container': port}}
    draft.put('elb', elb | ({'healthcheck': check} if check else {}))
    draft.note('It gets a load balancer of its own with HTTP on port 80, as Copilot shares one for all services.')
    if http.get('path') not in (None, '/'):
        draft.note(f'http.path {http["path"]} is not carried over: the load balancer forwards every path.')
    if http.get('alias'):
        draft.note('http.alias is not carried over: add protocol: HTTPS, certificates and dns to elb.')
    for key in http.keys() - {'path', 'alias', 'healthcheck'}:
        draft.note(f'http.{key} is not carried over.')


# Copilot → `elb.healthcheck`.
TARGET_HEALTHCHECK = {
    'path': 'path',
    'port': 'port',
    'interval': 'interval_seconds',
    'timeout': 'timeout_seconds',
    'healthy_threshold': 'healthy_threshold_count',
    'unhealthy_threshold': 'unhealthy_threshold_count',
}


def _target_healthcheck(draft: Draft, given: Any) -> dict[str, Any]:
    parts = {'path': given} if isinstance(given, str) else mapping(given)
    for key in parts.keys() - TARGET_HEALTHCHECK.keys():
        draft.note(f'http.healthcheck.{key} is not carried over.')
    check = {field: parts[key] for key, field in TARGET_HEALTHCHECK.items() if key in parts}
    return {field: seconds(value) if field.endswith('_seconds') else value for field, value in check.items()}
