# syntax=docker/dockerfile:1

FROM node:24-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY bin/package.json bin/
COPY packages/protocol/package.json packages/protocol/
COPY packages/client/package.json packages/client/
COPY packages/engine/package.json packages/engine/
COPY ui/package.json ui/

FROM packages AS build
RUN npm ci --ignore-scripts
COPY . .
# The image gets a plain folder instead of the link to the newest build.
RUN npm run build && cp -RH dist plain && rm dist && mv plain dist

FROM packages AS dependencies
# The pages are built above; their own dependencies are not needed any more.
RUN npm ci --omit=dev --ignore-scripts --include-workspace-root --workspace=bin --workspace=packages/engine

FROM node:24-bookworm-slim
LABEL org.opencontainers.image.title="Runcast" \
      org.opencontainers.image.description="Live-run service: publish what a run is doing, watch it in a browser, lose nothing silently." \
      org.opencontainers.image.licenses="MIT"
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=3000
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY --from=dependencies /app/packages/engine/node_modules packages/engine/node_modules
COPY --from=build /app/package.json ./
COPY --from=build /app/bin/package.json /app/bin/runcast.js bin/
# It has the packages of this project in a node_modules of its own; the links to them in the outer one lead nowhere here.
COPY --from=build /app/dist dist
# For the embedded log, which DATA_DIR=/data asks for.
RUN mkdir /data && chown node:node /data
# By number: Kubernetes takes no name as proof that it is not root.
USER 1000:1000
VOLUME /data
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/live`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--enable-source-maps", "dist/server.js"]
