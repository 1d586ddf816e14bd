"""The events that are not HTTP requests, one class a source. docs/triggers.md tells what each one does."""

from __future__ import annotations

from app.events.base import EventType
from app.events.triggers.appsync import AppSync
from app.events.triggers.authorizers import RequestAuthorizer, RequestAuthorizerV2, TokenAuthorizer
from app.events.triggers.cloudfront import CloudFront
from app.events.triggers.cloudwatch_logs import CloudWatchLogs
from app.events.triggers.cognito import Cognito
from app.events.triggers.custom import Custom
from app.events.triggers.durable import Durable
from app.events.triggers.dynamodb import DynamoDb
from app.events.triggers.empty import EmptyBatch
from app.events.triggers.eventbridge import EventBridge
from app.events.triggers.healthcheck import Healthcheck
from app.events.triggers.kafka import Kafka
from app.events.triggers.kinesis import Kinesis
from app.events.triggers.s3 import S3
from app.events.triggers.sns import Sns
from app.events.triggers.sqs import Sqs
from app.events.triggers.step_functions import StepFunctions
from app.events.triggers.websocket import WebSocket

TRIGGERS: tuple[type[EventType], ...] = (
    Healthcheck,
    Sqs,
    Sns,
    S3,
    Kinesis,
    DynamoDb,
    EventBridge,
    CloudWatchLogs,
    StepFunctions,
    WebSocket,
    TokenAuthorizer,
    RequestAuthorizer,
    RequestAuthorizerV2,
    AppSync,
    Cognito,
    Kafka,
    CloudFront,
    Durable,
    EmptyBatch,
    Custom,
)
