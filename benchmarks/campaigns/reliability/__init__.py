"""Long runs and failures; docs/reliability.md has the results.

python -m campaigns.reliability.soak      hours of work: memory, handles, threads, latency
python -m campaigns.reliability.threads   one predictor, sixteen threads
python -m campaigns.reliability.faults    every system call of an export fails once
python -m campaigns.reliability.kills     kill -9 during export, and during run --resume
"""
