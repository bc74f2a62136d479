cd /tmp/imp && PYTHONPATH=/tmp/imp OMP_NUM_THREADS=1 /work/main/.venv/bin/python -m pytest -q -x -p no:cacheprovider "$@"
