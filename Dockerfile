# imprint in a container: podman build -t imprint . && podman run --rm -v "$PWD:/work" imprint --version
# The first stage compiles Debian's packages, the second installs the program and the agent.
ARG BASE=debian:13-slim
FROM ${BASE} AS build
COPY . /src
RUN cd /src && ./run packages

FROM ${BASE}
RUN --mount=type=bind,from=build,source=/src/build/packages,target=/packages \
    apt-get update && \
    apt-get install -y --no-install-recommends /packages/imprint_*.deb /packages/imprint-agent_*.deb && \
    rm -rf /var/lib/apt/lists/* && \
    useradd --uid 1000 --create-home imprint && \
    install -d -o imprint -g imprint /work
USER imprint
WORKDIR /work
ENTRYPOINT ["imprint"]
