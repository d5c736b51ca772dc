"""Stackfiles that several tests look at."""

from typing import Any

import yaml

# Seconds of the thread's own time. Ten times what is needed on a free machine, and a tenth of what a fault would cost.
TOO_LONG = 5

EXAMPLE = """\
vpc:
  id: vpc-0a1b2c
  subnets: {public: [subnet-a, subnet-b], private: [subnet-c, subnet-d]}
  security_groups: {public: [sg-a], private: [sg-b]}
logging:
  log_driver: awslogs
  options: {awslogs-group: /ecs/staging, awslogs-region: us-east-1, awslogs-stream-prefix: svc}
service_discovery: {namespace: example.sd}
defaults:
  memory: 930
  environment: [{SERVER_PORT: 80}, {LOG_LEVEL: INFO}]
services:
  - routing-service:
      image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/routing-service:v1.2.3
      ports: ["8080:8080"]
      environment: [{SERVER_PORT: 8080}]
      desired_count: 1
      elb:
        type: public
        protocol: HTTPS
        ports: {public: 443, container: 8080}
        certificates: ["arn:aws:acm:us-east-1:123456789012:certificate/abc"]
        dns: {hosted_zone_id: Z123, record_name: staging.example.com}
        healthcheck: {protocol: HTTP, port: 8080, path: /health}
  - user-service:
      image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/user-service:v7
      ports: ["80:80"]
      desired_count: 1
      dns_discovery: {name: user.staging}
  - email-worker: {image: "team/email-worker:2024-01-02"}
"""


def example() -> dict[str, Any]:
    return yaml.safe_load(EXAMPLE)


def one_service(**settings: Any) -> dict[str, Any]:
    """A stackfile with one service, `web`, that has an image and these settings."""
    return {'services': [{'web': {'image': 'team/web:1', **settings}}]}


def with_vpc(document: dict[str, Any]) -> dict[str, Any]:
    """The same with a network that every service can use."""
    return {**document, 'vpc': example()['vpc'], 'service_discovery': {'namespace': 'example.sd'}}


def balanced(**elb: Any) -> dict[str, Any]:
    """Settings of a service that is behind a load balancer; `elb` replaces or adds keys."""
    return {'ports': ['80:80'], 'elb': {'type': 'public', 'ports': {'public': 80, 'container': 80}, **elb}}
