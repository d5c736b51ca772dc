"""Conversion of Docker Compose files. https://github.com/compose-spec/compose-spec/blob/main/spec.md"""

from typing import Any

from stack.changes.conversion.draft import Conversion, Draft, finished, items, mapping, pairs
from stack.changes.conversion.units import cpu_units, mebibytes, seconds, words
from stack.reconcile.plan import Note

ARCHITECTURES = {'linux/amd64': 'x86_64', 'linux/arm64': 'arm64', 'linux/arm64/v8': 'arm64'}
NETWORK_MODES = ('bridge', 'host', 'none')

# Compose → field, for values that both write alike.
PLAIN = {
    'user': 'user',
    'working_dir': 'working_directory',
    'read_only': 'read_only_root',
    'init': 'init',
    'privileged': 'privileged',
    'hostname': 'hostname',
    'tty': 'tty',
    'stdin_open': 'interactive',
}

# Top-level keys without a note of their own: they have none in ECS, or services that use them have one.
WITHOUT_EFFECT = ('version', 'name', 'services', 'volumes', 'networks', 'secrets', 'configs')


def convert(source: Any) -> Conversion:
    """The stackfile of a Compose project: one service for each of its services, on EC2 in `bridge` mode."""
    project = mapping(source)
    named = mapping(project.get('volumes'))
    drafts = [_service(name, mapping(service), named) for name, service in mapping(project.get('services')).items()]
    notes = [
        Note(None, f'{key} of the project is not carried over: a stackfile has no counterpart.')
        for key in project
        if key not in WITHOUT_EFFECT and not key.startswith('x-')
    ]
    return finished(drafts, {}, notes)


def _service(name: str, source: dict[str, Any], named: dict[str, Any]) -> Draft:
    draft = Draft(name, {key: value for key, value in source.items() if not key.startswith('x-')})
    _image(draft)
    for key, field in PLAIN.items():
        draft.put(field, draft.take(key))
    draft.put('command', words(draft.take('command')))
    draft.put('entrypoint', words(draft.take('entrypoint')))
    draft.put('container_name', draft.take('container_name'))
    _environment(draft)
    _network(draft)
    _volumes(draft, named)
    _size(draft)
    _limits(draft)
    draft.put('healthcheck', _healthcheck(draft))
    draft.put(
        'labels', {key: '' if value is None else str(value) for key, value in pairs(draft.take('labels')).items()}
    )
    draft.put('stop_timeout', seconds(draft.take('stop_grace_period')))
    logging = mapping(draft.take('logging'))
    draft.put(
        'logging',
        {'log_driver': logging.get('driver'), 'options': mapping(logging.get('options'))} if logging else None,
    )
    _dependencies(draft)
    if draft.take('restart') in ('no', False):
        draft.note('restart: "no" is not carried over: ECS restarts services; add type: task for one that ends.')
    draft.take('networks', 'pull_policy', 'profiles')
    draft.note_rest()
    return draft


def _image(draft: Draft) -> None:
    image = draft.take('image')
    if draft.take('build') is not None:
        draft.note('build is not carried over: build the image, push it to a registry, and name it in image.')
    draft.put('image', image or f'{draft.name}:latest')


def _environment(draft: Draft) -> None:
    given = pairs(draft.take('environment'))
    draft.put('environment', {name: _text(value) for name, value in given.items() if value is not None})
    for name in (name for name, value in given.items() if value is None):
        draft.note(f'The variable {name} has its value from the shell of Compose: add it to environment.')
    if draft.take('env_file') is not None:
        draft.note('env_file is not carried over: copy its variables to environment, or the file to S3 (env_files).')
    for key in ('secrets', 'configs'):
        if draft.take(key):
            draft.note(f'{key} are not carried over: store them in Secrets Manager, and name their ARNs in secrets.')


def _text(value: Any) -> str:
    return {True: 'true', False: 'false'}[value] if isinstance(value, bool) else str(value)


def _network(draft: Draft) -> None:
    mode = draft.take('network_mode')
    draft.settings['network_mode'] = mode if mode in NETWORK_MODES else 'bridge'
    if mode is not None and mode not in NETWORK_MODES:
        draft.note(f'network_mode {mode} is not carried over: it is bridge.')
    ports = [port for given in items(draft.take('ports')) for port in _ports(draft, given)]
    for exposed in items(draft.take('expose')):
        port, _, protocol = str(exposed).partition('/')
        if port.isdecimal() and all(mapped['container'] != int(port) for mapped in ports):
            ports.append({'container': int(port)} | ({'protocol': protocol} if protocol else {}))
    draft.put('ports', ports)
    draft.put('dns', _dns(draft))
    hosts = draft.take('extra_hosts')
    if isinstance(hosts, list):
        hosts = {
            name: address for name, _, address in (str(host).replace('=', ':', 1).partition(':') for host in hosts)
        }
    draft.put('extra_hosts', hosts)


def _dns(draft: Draft) -> dict[str, Any] | None:
    servers, search = items(draft.take('dns')), items(draft.take('dns_search'))
    parts = {'servers': servers, 'search': search}
    return {name: part for name, part in parts.items() if part} or None


def _ports(draft: Draft, given: Any) -> list[dict[str, Any]]:
    """A port of the short syntax, `[[IP:]HOST:]CONTAINER[/PROTOCOL]`, or of the long one."""
    if isinstance(given, dict):
        host, container, protocol = given.get('published'), given.get('target'), given.get('protocol')
    else:
        address, _, protocol = str(given).partition('/')
        *before, container = address.rsplit(':', 2)
        host = before[-1] if before else None
        if len(before) == 2:
            draft.note(f'The port {given} is not limited to {before[0]}: use security groups.')
    if not str(container).isdecimal() or not (host in (None, '') or str(host).isdecimal()):
        draft.note(f'The port {given} is not carried over: write it as a mapping with range.')
        return []
    mapped: dict[str, Any] = {'container': int(str(container))}
    if host not in (None, ''):
        mapped['host'] = int(str(host))
    return [mapped | ({'protocol': protocol} if protocol not in (None, '', 'tcp') else {})]


def _volumes(draft: Draft, named: dict[str, Any]) -> None:
    volumes = []
    for number, given in enumerate(items(draft.take('volumes'))):
        volume = _volume(draft, given, f'volume-{number}', named)
        if volume is not None:
            volumes.append(volume)
    draft.put('volumes', volumes)
    tmpfs = [str(path).partition(':')[0] for path in items(draft.take('tmpfs'))]
    if tmpfs:
        draft.put('tmpfs', [{'path': path, 'size': 64} for path in tmpfs])
        draft.note(f'tmpfs has a size of 64 MiB for {", ".join(tmpfs)}: ECS requires one.')


def _volume(draft: Draft, given: Any, name: str, named: dict[str, Any]) -> dict[str, Any] | None:
    if isinstance(given, dict):
        kind, source, target = given.get('type'), given.get('source'), given.get('target')
        read_only = bool(given.get('read_only'))
        if kind not in ('bind', 'volume'):
            draft.note(f'The volume at {target} is not carried over: a stackfile has no type {kind}.')
            return None
    else:
        first, *rest = str(given).split(':')
        source, target = (first, rest[0]) if rest else (None, first)
        read_only = 'ro' in ','.join(rest[1:]).split(',')
    volume: dict[str, Any] = {'name': name, 'mount': target} | ({'read_only': True} if read_only else {})
    if source is None:
        return volume
    if str(source).startswith('/'):
        return volume | {'host': source}
    if str(source).startswith(('.', '~')):
        draft.note(f'The volume at {target} is not carried over: {source} is a directory beside the Compose file.')
        return None
    options = mapping(named.get(str(source)))
    driver = {'driver': options['driver']} if options.get('driver') else {}
    return volume | {'name': source, 'docker': {'scope': 'shared', 'autoprovision': True, **driver}}


def _size(draft: Draft) -> None:
    deploy = mapping(draft.take('deploy'))
    resources = mapping(deploy.pop('resources', None))
    limits, reserved = mapping(resources.get('limits')), mapping(resources.get('reservations'))
    replicas, scale = deploy.pop('replicas', None), draft.take('scale')
    draft.put('desired_count', scale if replicas is None else replicas)
    if deploy.pop('mode', None) == 'global':
        draft.put('scheduling_strategy', 'DAEMON')
    cpus, memory = draft.take('cpus'), draft.take('mem_limit')
    draft.put('cpu', cpu_units(limits.get('cpus', reserved.get('cpus', cpus))))
    draft.put('memory', mebibytes(limits.get('memory', memory)))
    draft.put('memory_reservation', mebibytes(reserved.get('memory', draft.take('mem_reservation'))))
    if not draft.settings.keys() & {'memory', 'memory_reservation'}:
        draft.note('It has no limit of memory in Compose; the default of a stackfile is memory: 1024 (MiB).')
    draft.put('shared_memory', mebibytes(draft.take('shm_size')))
    platform = draft.take('platform')
    draft.put('architecture', ARCHITECTURES.get(str(platform)))
    if platform is not None and str(platform) not in ARCHITECTURES:
        draft.note(f'platform {platform} is not carried over.')
    for key in deploy:
        draft.note(f'deploy.{key} is not carried over: see deployment_configuration and placement_constraints.')


def _limits(draft: Draft) -> None:
    ulimits = {}
    for name, limit in mapping(draft.take('ulimits')).items():
        parts = limit if isinstance(limit, dict) else {'soft': limit, 'hard': limit}
        ulimits[name] = {'soft': parts.get('soft'), 'hard': parts.get('hard')}
    draft.put('ulimits', ulimits)
    draft.put('sysctls', {key: str(value) for key, value in pairs(draft.take('sysctls')).items()})
    add, drop = items(draft.take('cap_add')), items(draft.take('cap_drop'))
    parts = {'add': add, 'drop': drop}
    draft.put('capabilities', {name: [str(item) for item in part] for name, part in parts.items() if part})


def _healthcheck(draft: Draft) -> dict[str, Any] | None:
    given = mapping(draft.take('healthcheck'))
    test = given.get('test')
    if given.get('disable') or not test or test == ['NONE']:
        return None
    command = ['CMD-SHELL', test] if isinstance(test, str) else [str(word) for word in test]
    check: dict[str, Any] = {'command': command}
    for name in ('interval', 'timeout', 'start_period'):
        value = seconds(given.get(name))
        if value is not None:
            check[name] = value
    return check | ({'retries': given['retries']} if given.get('retries') is not None else {})


def _dependencies(draft: Draft) -> None:
    names = draft.take('depends_on')
    draft.put('depends_on', [str(name) for name in names] if isinstance(names, dict | list) else None)
    if draft.take('links'):
        draft.note('links is not carried over: use service discovery (dns_discovery) between services.')
