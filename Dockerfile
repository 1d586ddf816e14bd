# The weblog's image: an AWS Lambda container image that also runs under the emulator.
# Two targets: `weblog`, what the test suite and AWS run, and `dev`, which adds what a person needs.

# Plain names and plain FROM lines: the test suite reads this file to learn which images it needs.
ARG PYTHON_IMAGE=python:3.13-slim-trixie
ARG EMULATOR_IMAGE=public.ecr.aws/lambda/python:3.13
ARG EXTENSION_IMAGE=public.ecr.aws/datadog/lambda-extension:100

FROM $EMULATOR_IMAGE AS emulator
FROM $EXTENSION_IMAGE AS extension

FROM $PYTHON_IMAGE AS build

# In /var/lang, as in AWS's own images. An environment, so that the user's tracer replaces the pinned one
# cleanly. Without pip, so that the function finds its own packages only.
RUN python -m venv --without-pip /var/lang

# Dependencies before code: they change rarely, and this is the slow step.
COPY constraints.txt requirements.txt /src/
RUN --mount=type=cache,target=/root/.cache/pip \
    pip --python /var/lang/bin/python install --quiet -r /src/requirements.txt

# The drivers of databases, brokers and AWS. Without them their endpoints answer 501, and the image is smaller.
ARG DRIVERS=false
COPY requirements-drivers.txt /src/
RUN --mount=type=cache,target=/root/.cache/pip \
    if [ "$DRIVERS" = true ]; then \
        pip --python /var/lang/bin/python install --quiet -r /src/requirements-drivers.txt; \
    fi

# The user's own tracer, if there is one in binaries/, and the versions that the image then has.
COPY scripts/docker-install-tracer.sh /src/scripts/
ARG EXTENSION_IMAGE
ARG WEBLOG_VERSION=unknown
RUN --mount=type=cache,target=/root/.cache/pip --mount=type=bind,source=binaries,target=/src/binaries \
    /src/scripts/docker-install-tracer.sh /src/binaries /layer /binaries/metadata.txt


# Apart from the packages: neither is made again when the other changes.
FROM $PYTHON_IMAGE AS code

# The extension moves to /opt/datadog: a script of this project takes its usual place, so that a broken extension
# does not stop the function. Moved here because the extension's own image has no shell.
COPY --from=extension /opt/ /extension/
RUN mkdir /extension/datadog && mv /extension/extensions /extension/datadog/
COPY extension/supervisor/supervisor.py /extension/datadog/
COPY --chmod=755 extension/supervisor/datadog-agent.sh /extension/extensions/datadog-agent

# An environment of its own, so that the function cannot import it.
RUN python -m venv --without-pip /opt/invoke_api

# Compiled here, because Lambda's file system is read-only: every cold start would compile again.
COPY invoke_api/ /opt/invoke_api/lib/python3.13/site-packages/invoke_api/
COPY app/ /var/task/app/
COPY traced_handler.py /var/task/
COPY --chmod=755 entrypoint.sh /var/task/
RUN ln -s entrypoint.sh /var/task/app.sh \
    && python -m compileall -q /var/task /opt/invoke_api/lib/python3.13/site-packages


FROM $PYTHON_IMAGE AS weblog

# curl: the test suite's readiness check. socat: port 8127. tini: PID 1, which reaps what socat forks.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates curl socat tini \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/apt /var/log/dpkg.log

# From what changes rarely to what changes often.
COPY --from=emulator /usr/local/bin/aws-lambda-rie /usr/local/bin/
COPY --from=code /extension/ /opt/
COPY --from=build /var/lang/ /var/lang/
COPY --from=code /opt/invoke_api/ /opt/invoke_api/
# A Lambda layer's place: Python searches it after the function's own folder and before everything else.
COPY --from=build /layer/ /opt/
COPY --from=build /binaries/ /binaries/
WORKDIR /var/task
COPY --from=code /var/task/ /var/task/

# ALLOWED_HOSTS: containers call each other by names such as host.docker.internal.
ENV LAMBDA_TASK_ROOT=/var/task \
    PATH=/var/lang/bin:/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin \
    PYTHONPATH=/var/task:/opt/python/lib/python3.13/site-packages:/opt/python \
    DD_LAMBDA_HANDLER=app.handler.lambda_handler \
    LISTEN_HOST=0.0.0.0 \
    ALLOWED_HOSTS=*
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

# One environment for all that runs around the function; the function does not see it.
RUN python -m venv --without-pip /opt/dev
COPY constraints.txt requirements-debugger.txt requirements-reload.txt /src/
COPY trace_agent/requirements.txt /src/trace_agent/
COPY trace_view/requirements.txt /src/trace_view/
COPY lambda_proxy/requirements.txt /src/lambda_proxy/
RUN --mount=type=cache,target=/root/.cache/pip \
    pip --python /opt/dev/bin/python install --quiet \
        -r /src/trace_agent/requirements.txt -r /src/trace_view/requirements.txt \
        -r /src/lambda_proxy/requirements.txt -r /src/requirements-reload.txt \
    && pip install --quiet --target /opt/debugger -r /src/requirements-debugger.txt
WORKDIR /opt/dev/lib/python3.13/site-packages
COPY scripts/*.py scripts/
# The pinned versions, to say so when a mount has another tracer.
COPY requirements.txt ./
COPY invoke_api/ invoke_api/
COPY lambda_proxy/ lambda_proxy/
COPY trace_agent/ trace_agent/
COPY trace_checks/ trace_checks/
COPY trace_view/ trace_view/
# The samples that the trace view offers.
COPY events/ events/
RUN python -m compileall -q scripts invoke_api lambda_proxy trace_agent trace_checks trace_view


# Indented, so that the suite does not take the name of this stage for an image to pull.
 FROM weblog AS dev

COPY --from=dev-build /opt/ /opt/
# The trace agent with its view takes the extension's ports. The tracer wants the path to exist all the
# same; the emulator passes over a folder.
RUN rm /opt/extensions/datadog-agent && mkdir /opt/extensions/datadog-agent
# A person's browser runs on the same machine, so the rule against other web sites is on.
ENV ALLOWED_HOSTS=
EXPOSE 5678 7777 8128
CMD ["tini", "--", "/opt/dev/bin/python", "-I", "-m", "scripts.run"]
