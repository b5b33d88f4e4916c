# One image for every process: web by default; live, worker and beat by another command (docker-compose.yml).
FROM python:3.11-slim AS packages
COPY requirements.txt constraints.txt /
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --disable-pip-version-check -r /requirements.txt

FROM python:3.11-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 VAR_DIR=/var/lib/delivery
RUN useradd --system --uid 10001 --no-create-home delivery && install -d -o delivery /var/lib/delivery
COPY --from=packages /venv /venv
COPY . /app
WORKDIR /app
USER delivery
EXPOSE 8000
CMD ["gunicorn", "--config=python:delivery_site.gunicorn", "--bind=0.0.0.0:8000", "--workers=2", "--worker-tmp-dir=/dev/shm", "delivery_site.wsgi"]
