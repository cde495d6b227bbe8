# Two images of one file: `durascope` (the default) and `demo`, which holds the emulator with its coffee shop.

FROM python:3.11-slim-bookworm AS packages
WORKDIR /build
RUN python -m venv /venv
COPY requirements.txt ./
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt

FROM packages AS demo-packages
COPY demo/requirements.txt ./demo-requirements.txt
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r demo-requirements.txt

FROM python:3.11-slim-bookworm AS base
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin durascope
WORKDIR /app

FROM base AS demo
COPY --from=demo-packages /venv /venv
COPY demo ./demo
USER durascope
EXPOSE 8001
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8001/healthz', timeout=2)"]
CMD ["python", "-m", "demo", "--host", "0.0.0.0", "--port", "8001"]

FROM base AS durascope
COPY --from=packages /venv /venv
COPY manage.py LICENSE NOTICE ./
COPY static ./static
# The server sends a file's compressed twin when there is one beside it.
RUN python -m whitenoise.compress --quiet static
COPY templates ./templates
COPY executions ./executions
COPY dashboard ./dashboard
# Where SQLite and a generated key go when neither DATABASE_URL nor SECRET_KEY is given.
RUN install -d -o durascope -g durascope var
USER durascope
VOLUME /app/var
EXPOSE 8000
# Asks under the first name of ALLOWED_HOSTS, for any other one is refused.
HEALTHCHECK --interval=15s --timeout=4s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; h = os.environ.get('ALLOWED_HOSTS') or 'localhost'; u.urlopen(u.Request('http://127.0.0.1:8000/readyz', headers={'Host': h.split(',')[0].strip().lstrip('.').replace('*', 'localhost')}), timeout=3)"]
CMD ["uvicorn", "dashboard.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--timeout-graceful-shutdown", "5"]
