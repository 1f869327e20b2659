# Verbatim, installed from its wheel. Building needs the network, running does not. compose.yaml says how to start it.
FROM python:3.11-slim AS wheel
WORKDIR /source
COPY . .
RUN python -m pip wheel --no-cache-dir --no-deps --wheel-dir /wheel .

FROM python:3.11-slim
# Reads scans and pictures. Versions are those of the base image's Debian, which keeps no older ones to pin.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --no-install-recommends -y tesseract-ocr tesseract-ocr-nld \
    && rm -rf /var/lib/apt/lists/*
COPY constraints.txt /install/
COPY --from=wheel /wheel/ /install/
RUN python -m pip install --no-cache-dir -c /install/constraints.txt /install/*.whl
# A new volume takes over the owner of the folder that it covers.
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /tmp verbatim \
    && mkdir /documents /store /models \
    && chown 10001:10001 /store /models
ENV QA_STORE=/store QA_MODEL_DIR=/models HOME=/tmp PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /documents
VOLUME ["/store", "/models"]
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=10s --start-period=2m \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7860/local/hello', timeout=8)"]
ENTRYPOINT ["qa"]
# Reached by this container alone: for others a host and logins are to be named, as compose.yaml does.
CMD ["serve", "--port", "7860"]
