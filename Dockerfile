# The service and nothing of training. `docker compose up --build`, or:
#   docker build --tag planspot .
#   docker run --env PLANSPOT_ALLOW_KEYLESS=true --publish 127.0.0.1:8000:8000 --volume planspot:/data planspot
# Without that setting it does not start until it has an API key: docker run --volume planspot:/data planspot planspot keys create NAME
#
# The locked torch brings its CUDA libraries: about 5 GB, CPU and GPU alike. For a small image that runs on the CPU only:
#   docker build --build-arg TORCH_INDEX=URL .     URL: a package index with CPU builds of the locked torch and torchvision
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /srv/planspot

ARG TORCH_INDEX=""
COPY requirements.lock ./
# triton (for torch.compile), headers, tests and static libraries are of no use here; removed in the same layer, or they
# would stay in the image
RUN if [ -z "$TORCH_INDEX" ]; then pip install --require-hashes --requirement requirements.lock; \
    else \
      awk '/^[a-z]/ { skip = /^(torch|torchvision|triton|nvidia-[a-z0-9-]+|cuda-[a-z]+)==/ } !skip' requirements.lock > /tmp/rest.lock \
      && pip install --require-hashes --no-deps --requirement /tmp/rest.lock \
      && pip install --no-deps --index-url "$TORCH_INDEX" $(grep -oE '^torch(vision)?==[0-9.]+' requirements.lock) \
      && rm /tmp/rest.lock; \
    fi \
    && pip check && pip uninstall --yes --quiet triton \
    && torch="$(python -c 'import importlib.util as u; print(u.find_spec("torch").submodule_search_locations[0])')" \
    && rm -rf "$torch/include" "$torch/test" && find "$torch/.." -name '*.a' -delete

COPY LICENSE README.md pyproject.toml ./
COPY app app
COPY model_weights model_weights

# the files may be readable by their owner only where the image is built
RUN pip install --no-deps --no-build-isolation --editable . && chmod -R a+rX /srv/planspot \
    && useradd --uid 10001 --home-dir /data --create-home --shell /usr/sbin/nologin planspot
USER planspot
VOLUME /data
ENV PLANSPOT_HOST=0.0.0.0 PLANSPOT_PORT=8000 PLANSPOT_DATA_DIR=/data PLANSPOT_WEIGHTS=/srv/planspot/model_weights
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=120s --retries=3 \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health/ready', timeout=4)"]
STOPSIGNAL SIGTERM
CMD ["planspot", "serve"]
