# The server, for production: `docker build -t nysa-api-server .` needs nothing but Docker.
# The embedded AWS of PROFILE=local is not in it.

# Digests of the base images, as @sha256:…: `make release` states them in its archive, `make lock-images` here.
# See docs/operations.md.
ARG NODE_DIGEST=""
ARG PYTHON_DIGEST=""

FROM node:24.19.0-trixie-slim${NODE_DIGEST} AS control-plane
WORKDIR /build/static
COPY static/package.json static/package-lock.json static/.npmrc ./
RUN npm ci
COPY static ./
RUN npm run build

FROM python:3.13.16-slim-trixie${PYTHON_DIGEST} AS packages
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes --no-deps --prefix=/packages -r requirements.lock
COPY docs/notices.py ./
RUN python notices.py requirements.lock /packages/lib/python3.*/site-packages > THIRD-PARTY-NOTICES.txt

FROM python:3.13.16-slim-trixie${PYTHON_DIGEST}
RUN useradd --system --uid 10001 --no-create-home nysa
COPY --from=packages /packages /usr/local
WORKDIR /nysa
COPY LICENSE nysa_server.py ./
COPY handlers handlers
COPY stack stack
COPY templates templates
COPY --from=packages THIRD-PARTY-NOTICES.txt ./
COPY --from=control-plane /build/static/dist static/dist
# The user below cannot write here: without compiled files, every start would compile the sources again.
RUN python -m compileall -q .
ENV NYSA_HOST=0.0.0.0 NYSA_PORT=8888 NYSA_HEALTH_FILE=/tmp/nysa-health.json PYTHONUNBUFFERED=1
EXPOSE 8888
USER nysa
# For every role: a server must answer, a scheduler and a relay must make progress.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
    CMD ["python", "-m", "stack.runtime.heartbeat"]
# In exec form, so that the server receives SIGTERM.
ENTRYPOINT ["python", "nysa_server.py"]
CMD ["serve"]
