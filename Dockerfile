# syntax=docker/dockerfile:1

# Both programs in one image. What starts is the API; `worker` starts a worker, `api migrate`
# brings the database up to date.

FROM rust:1.95.0-slim-bookworm AS build
WORKDIR /src
# The image has the toolchain; rust-toolchain.toml would fetch clippy and rustfmt besides.
ENV RUSTUP_TOOLCHAIN=1.95.0
COPY . .
# The caches stay with the builder, so the programs are copied out of them.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked -p api -p worker && \
    cp target/release/api target/release/worker /usr/local/bin/

FROM debian:bookworm-slim
# TLS to object storage, mail and OpenAI trusts the certificates of the system.
RUN apt-get update && \
    apt-get install -y --no-install-recommends ca-certificates && \
    rm -rf /var/lib/apt/lists/*
COPY --from=build /usr/local/bin/api /usr/local/bin/worker /usr/local/bin/
# A number, so that an orchestrator can see that it is not root.
USER 10001:10001
EXPOSE 8000
# For a worker, replace it by `worker health`, as docker-compose.yml does.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["api", "health"]
CMD ["api", "serve"]
