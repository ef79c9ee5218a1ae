"""What happens in the long run and on a bad day; docs/reliability.md has the figures.

python -m keras2cv_bench.reliability.soak      hours of work: memory, handles, threads, latency
python -m keras2cv_bench.reliability.threads   one predictor, sixteen threads
python -m keras2cv_bench.reliability.faults    every system call of an export fails once
python -m keras2cv_bench.reliability.kills     kill -9 during export, and during run --resume
"""
