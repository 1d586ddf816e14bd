# The weblog's image: an AWS Lambda container image that also brings up the whole system by itself.
# Two targets: `weblog`, what the test suite and AWS run, and `dev`, which adds what a person needs.

# Plain names and plain FROM lines, because the test suite reads this file to learn which images it needs.
ARG PYTHON_IMAGE=python:3.13-slim-trixie
ARG EMULATOR_IMAGE=public.ecr.aws/lambda/python:3.13
ARG EXTENSION_IMAGE=public.ecr.aws/datadog/lambda-extension:100

FROM $EMULATOR_IMAGE AS emulator
FROM $EXTENSION_IMAGE AS extension

FROM $PYTHON_IMAGE AS build

# AWS keeps Python in /var/lang too. An environment, so that a tracer of the user's own replaces the
# pinned one cleanly; without pip, so that the function has nothing but its own packages. The queue in
# front of the emulator has another, so that the function does not find it.
RUN python -m venv --without-pip /var/lang && python -m venv --without-pip /opt/lambda_proxy

# Dependencies before code: they change rarely, and this is the slow step.
COPY constraints.txt requirements.txt /src/
RUN --mount=type=cache,target=/root/.cache/pip \
    pip --python /var/lang/bin/python install --quiet -r /src/requirements.txt

# The user's own tracer, if there is one in binaries/, and the versions that the image then has.
COPY scripts/docker-install-tracer.sh /src/scripts/
ARG EXTENSION_IMAGE
ARG WEBLOG_VERSION=unknown
RUN --mount=type=cache,target=/root/.cache/pip --mount=type=bind,source=binaries,target=/src/binaries \
    /src/scripts/docker-install-tracer.sh /src/binaries /layer /binaries/metadata.txt

# Beside its usual place, which extension/datadog-agent.sh takes, to keep a broken extension from
# stopping the function. Its own image has no shell to move it with.
COPY --from=extension /opt/ /extension/
RUN mkdir /extension/datadog && mv /extension/extensions /extension/datadog/
COPY extension/supervisor.py /extension/datadog/
COPY --chmod=755 extension/datadog-agent.sh /extension/extensions/datadog-agent

# Compiled here because Lambda's file system is read-only: every cold start would compile again.
COPY invoke_api/ /opt/lambda_proxy/lib/python3.13/site-packages/invoke_api/
COPY lambda_proxy/ /opt/lambda_proxy/lib/python3.13/site-packages/lambda_proxy/
COPY app/ /var/task/app/
COPY --chmod=755 entrypoint.sh /var/task/
RUN ln -s entrypoint.sh /var/task/app.sh \
    && python -m compileall -q /var/task/app /opt/lambda_proxy/lib/python3.13/site-packages


FROM $PYTHON_IMAGE AS weblog

# curl for the test suite's readiness check, socat for port 8127, an init that reaps what socat forks.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates curl socat tini \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/apt /var/log/dpkg.log

# From what changes rarely to what changes often.
COPY --from=emulator /usr/local/bin/aws-lambda-rie /usr/local/bin/
COPY --from=build /extension/ /opt/
COPY --from=build /var/lang/ /var/lang/
COPY --from=build /opt/lambda_proxy/ /opt/lambda_proxy/
# A Lambda layer's place; Lambda searches it after the function's own folder and before all else.
COPY --from=build /layer/ /opt/
COPY --from=build /binaries/ /binaries/
WORKDIR /var/task
COPY --from=build /var/task/ /var/task/

ENV LAMBDA_TASK_ROOT=/var/task \
    PATH=/var/lang/bin:/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin \
    PYTHONPATH=/var/task:/opt/python/lib/python3.13/site-packages:/opt/python \
    DD_LAMBDA_HANDLER=app.handler.lambda_handler \
    LISTEN_HOST=0.0.0.0
EXPOSE 8080 8127
ENTRYPOINT ["/var/task/entrypoint.sh"]
CMD ["./app.sh"]

# Last, so that the variants share every layer.
ARG VARIANT=apigw-rest
ARG LAMBDA_EVENT_TYPE=apigateway-rest
ENV LAMBDA_EVENT_TYPE=$LAMBDA_EVENT_TYPE
LABEL system-tests-library=python_lambda \
      system-tests-weblog-variant=$VARIANT \
      system-tests.lambda-proxy.event-type=$LAMBDA_EVENT_TYPE


FROM $PYTHON_IMAGE AS dev-build

RUN python -m venv --without-pip /opt/dev && python -m venv --without-pip /opt/lambda_proxy
COPY constraints.txt requirements-debugger.txt /src/
COPY trace_agent/requirements.txt /src/trace_agent/
COPY lambda_proxy/requirements.txt /src/lambda_proxy/
RUN --mount=type=cache,target=/root/.cache/pip \
    pip --python /opt/dev/bin/python install --quiet -r /src/trace_agent/requirements.txt \
    && pip --python /opt/lambda_proxy/bin/python install --quiet -r /src/lambda_proxy/requirements.txt \
    && pip install --quiet --target /opt/debugger -r /src/requirements-debugger.txt
COPY trace_agent/ /opt/dev/lib/python3.13/site-packages/trace_agent/


# Indented, so that the suite does not take the name of this stage for an image to pull.
 FROM weblog AS dev

COPY --from=dev-build /opt/ /opt/
COPY --chmod=755 scripts/docker-dev.sh /var/task/dev.sh
# The trace agent with its view takes the extension's ports; for the tracer the path must exist all the
# same, and the emulator passes over a folder.
RUN rm /opt/extensions/datadog-agent && mkdir /opt/extensions/datadog-agent
EXPOSE 5678 7777 8128
CMD ["./dev.sh"]
