# The image of sequence-agent: Python, the locked dependencies, the agent, nothing else.
#
#   docker build --tag sequence-agent:0.1.0 --build-arg VERSION=0.1.0 .
#   docker run --read-only --tmpfs /tmp --publish 9753:9753 \
#     --volume ./config:/etc/sequence-agent:ro sequence-agent:0.1.0
#   docker run --rm sequence-agent:0.1.0 inspect --dsn postgresql://agent@db.staging/app
#
# BASE is any image that has Python 3.11 or newer as python3, with its venv module; pin
# it by digest where that matters. A package index other than PyPI is named in a build
# secret, which leaves no trace: --secret id=pip.conf,src=$HOME/.config/pip/pip.conf
ARG BASE=docker.io/library/python:3.13-slim-bookworm

FROM ${BASE} AS build
# pip stays in an environment of its own; the one that is shipped goes without.
RUN ["python3", "-m", "venv", "/pip"]
RUN ["python3", "-m", "venv", "--without-pip", "/opt/sequence-agent"]
COPY requirements/runtime.txt /build/
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    /pip/bin/python -m pip --python /opt/sequence-agent/bin/python install \
    --disable-pip-version-check --no-cache-dir --no-compile --quiet \
    --require-hashes --only-binary :all: --requirement /build/runtime.txt
# The agent is pure Python: put beside its dependencies it needs no build tool, which
# would have to be fetched and trusted. The tests that numpy ships are left behind.
COPY LICENSE /opt/sequence-agent/
COPY agent/ /build/agent/
RUN set -eu; \
    packages=$(/opt/sequence-agent/bin/python -c \
        'import sysconfig; print(sysconfig.get_path("purelib"))'); \
    find "$packages/numpy" -type d -name tests -prune -exec rm -r {} +; \
    cp -R /build/agent "$packages/agent"; \
    printf '%s\n' '#!/opt/sequence-agent/bin/python' \
        'import sys' '' 'from agent.cli import main' '' 'sys.exit(main())' \
        >/opt/sequence-agent/bin/sequence-agent; \
    chmod 755 /opt/sequence-agent/bin/sequence-agent; \
    chmod -R u=rwX,go=rX /opt/sequence-agent; \
    /opt/sequence-agent/bin/python -m compileall -q -j 0 \
        --invalidation-mode unchecked-hash "$packages"; \
    install -d -m 1777 /state/sequence-agent

# Nothing is run in here, so that BASE's second use may well be without a shell.
FROM ${BASE}
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="sequence-agent" \
      org.opencontainers.image.description="Knows, for every PostgreSQL sequence, how much is left, and says so to Prometheus." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /opt/sequence-agent /opt/sequence-agent
COPY --from=build /state /var/lib
# Bytecode is there already, and the root may be read-only. The working directory is
# writable for everybody, so no module may come from it.
ENV PATH=/opt/sequence-agent/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONSAFEPATH=1 \
    PYTHONUNBUFFERED=1
# The history's SQLite file, unless the configuration says something else.
WORKDIR /var/lib/sequence-agent
VOLUME ["/var/lib/sequence-agent"]
# A number, so that Kubernetes can tell that it is not root; any other does as well.
USER 65532:65532
EXPOSE 9753
# No HEALTHCHECK: the port is the configuration's, and most commands serve nothing.
# Whoever runs the daemon asks /healthz.
ENTRYPOINT ["sequence-agent"]
CMD ["run", "--config", "/etc/sequence-agent/sequence-agent.yaml"]
