# One image for every role: `docker buildx build --platform linux/amd64,linux/arm64 --tag aisle .`
# Debian, because the query planner has no build for musl.
FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# The embedded Postgres is optional and stays out; nothing that a role needs is made by an install script.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund && npm cache clean --force

# The explorer's page is the same on every platform: it is bundled once, on the builder's own.
FROM --platform=$BUILDPLATFORM node:24.21.0-bookworm-slim AS explorer
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --include=dev --omit=optional --ignore-scripts --no-audit --no-fund
COPY gateway/explorer gateway/explorer
RUN node gateway/explorer/build.ts

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production
# The young generation grows to twice this where it may: past this it costs memory and caches, and saves nothing.
ENV NODE_OPTIONS=--max-semi-space-size=32
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json LICENSE aisle.ts ./
COPY runtime runtime
COPY schema schema
COPY subgraphs subgraphs
COPY gateway gateway
COPY --from=explorer /app/gateway/explorer/dist gateway/explorer/dist
COPY edge-cache edge-cache
COPY local local
# Nothing is written but to the folders that a role is told of, so that the root file system may be read-only.
USER 65532:65532
EXPOSE 4000 4001 4002 4003 4004 4010 4100
ENTRYPOINT ["node", "aisle.ts"]
CMD ["--help"]
