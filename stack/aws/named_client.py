"""A client that translates the name of a cluster in Nysa to its name in ECS."""

from collections.abc import Mapping
from typing import Any

from stack.aws.client import AwsClient, ForwardingClient

Values = Mapping[str, Any]

_SCALING = 'application-autoscaling'


class NamedClient(ForwardingClient):
    """Calls about one cluster: callers use the name `cluster`, AWS gets `ecs_cluster`.

    ARNs, alarms and text are passed on as they are. Metrics are translated where they are read only: an alarm may be
    about any cluster, and its desired state names that one as CloudWatch does.
    """

    def __init__(self, client: AwsClient, cluster: str, ecs_cluster: str):
        super().__init__(client)
        self._cluster = cluster
        self._ecs_cluster = ecs_cluster
        self._here = f'service/{cluster}/'
        self._in_ecs = f'service/{ecs_cluster}/'

    async def call(self, service: str, operation: str, /, **arguments: Any) -> Any:
        """Make one call."""
        if service == 'ecs':
            return self._with_own_name(await self._client.call(service, operation, **self._of_ecs(arguments)))
        if service == _SCALING:
            return self._with_own_ids(await self._client.call(service, operation, **self._of_scaling(arguments)))
        if (service, operation) == ('cloudwatch', 'GetMetricData'):
            queries = [self._query(query) for query in arguments['MetricDataQueries']]
            return await self._client.call(service, operation, **{**arguments, 'MetricDataQueries': queries})
        return await self._client.call(service, operation, **arguments)

    def _name(self, cluster: Any) -> Any:
        return self._ecs_cluster if cluster == self._cluster else cluster

    def _of_ecs(self, arguments: Values) -> Values:
        renamed: dict[str, Any] = {}
        if 'cluster' in arguments:
            renamed['cluster'] = self._name(arguments['cluster'])
        if 'clusters' in arguments:
            renamed['clusters'] = [self._name(each) for each in arguments['clusters']]
        return {**arguments, **renamed}

    def _with_own_name(self, answer: Values) -> Values:
        """The answer of ECS; that of DescribeClusters has the names of clusters."""
        if 'clusters' not in answer:
            return answer
        clusters = [
            {**each, 'clusterName': self._cluster} if each.get('clusterName') == self._ecs_cluster else each
            for each in answer['clusters']
        ]
        return {**answer, 'clusters': clusters}

    def _of_scaling(self, arguments: Values) -> Values:
        """The arguments with the id of a service in Application Auto Scaling, which contains the cluster's name."""
        renamed: dict[str, Any] = {}
        if 'ResourceId' in arguments:
            renamed['ResourceId'] = _moved(arguments['ResourceId'], self._here, self._in_ecs)
        if 'ResourceIds' in arguments:
            renamed['ResourceIds'] = [_moved(each, self._here, self._in_ecs) for each in arguments['ResourceIds']]
        return {**arguments, **renamed}

    def _with_own_ids(self, answer: Values) -> Values:
        return {key: self._rows(value) if isinstance(value, list) else value for key, value in answer.items()}

    def _rows(self, rows: list[Any]) -> list[Any]:
        return [
            {**row, 'ResourceId': _moved(row['ResourceId'], self._in_ecs, self._here)}
            if isinstance(row, Mapping) and 'ResourceId' in row
            else row
            for row in rows
        ]

    def _query(self, query: Values) -> Values:
        stat = query['MetricStat']
        dimensions = [
            {**each, 'Value': self._name(each['Value'])} if each['Name'] == 'ClusterName' else each
            for each in stat['Metric']['Dimensions']
        ]
        return {**query, 'MetricStat': {**stat, 'Metric': {**stat['Metric'], 'Dimensions': dimensions}}}


def _moved(resource: str, before: str, after: str) -> str:
    """The id with another beginning, where it begins so."""
    return after + resource.removeprefix(before) if resource.startswith(before) else resource
