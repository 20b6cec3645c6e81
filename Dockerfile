# The arena in a container: its wheel, the locked dependencies, a C compiler for the model server, and an unprivileged user.
# It is checked with hadolint; no image has been built from it yet. Build one with: docker compose build

FROM python:3.11-slim AS wheel
WORKDIR /source
COPY . .
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.11-slim
# Its C code is compiled where it runs, for that processor (-march=native), into the user's cache.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*

# An index to take torch from, such as PyTorch's own for CPUs: without a GPU it saves gigabytes.
ARG TORCH_INDEX=""
COPY requirements.txt /tmp/
RUN if [ -n "$TORCH_INDEX" ]; then \
        pip install --no-cache-dir --index-url "$TORCH_INDEX" "$(grep '^torch==' /tmp/requirements.txt)"; fi \
    && pip install --no-cache-dir -r /tmp/requirements.txt
COPY --from=wheel /wheels /wheels
RUN pip install --no-cache-dir "$(echo /wheels/arena-*.whl)[hf,tekken,postgres]" && rm -r /wheels /tmp/requirements.txt

RUN useradd --create-home --uid 1000 arena && install --directory --owner=arena /srv/arena /srv/arena/data
USER 1000
WORKDIR /srv/arena
# Mount a file of your own at /srv/arena/arena.toml to replace this one.
RUN arena init
ENV ARENA_WEB_HOST=0.0.0.0 PYTHONUNBUFFERED=1
EXPOSE 7860
VOLUME /srv/arena/data
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7860/health', timeout=5)"]
CMD ["arena"]
