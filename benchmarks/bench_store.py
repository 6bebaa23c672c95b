"""Upload of many small objects: one after the other, and as `write_release` does, on a folder and on S3.

    infra/s3.sh s3-local & . s3-local/keys.sh; export AWS_ENDPOINT_URL=http://127.0.0.1:8333
    python benchmarks/bench_store.py s3://gvio --latency-ms 30

A server on the loopback answers at once, so its rate is that of the processor; `--latency-ms` adds to every upload
the wait for an answer from far away, which is what threads are for.
"""

from __future__ import annotations

import argparse
import random
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from gvio.store.objects import ObjectStore, open_store
from gvio.store.writing import THREADS as UPLOADS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", help="folder or s3://bucket/prefix")
    parser.add_argument("--objects", type=int, default=200)
    parser.add_argument("--kilobytes", type=int, default=200)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    options = parser.parse_args()
    store = open_store(options.store)
    data = random.Random(0).randbytes(options.kilobytes * 1024)
    for name, threads in (("one by one", 1), (f"{UPLOADS} threads", UPLOADS), ("one by one", 1)):
        seconds = upload(store, data, options.objects, threads, options.latency_ms / 1000)
        print(f"{name:12} {seconds:6.2f} s  {options.objects / seconds:6.0f} objects/s")


def upload(store: ObjectStore, data: bytes, count: int, threads: int, latency: float) -> float:
    def put(key: str) -> None:
        time.sleep(latency)
        store.put_new(key, data, "application/octet-stream")

    run = f"_bench-{uuid.uuid4().hex}"
    keys = [f"{run}/{number}" for number in range(count)]
    start = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(put, keys))
    seconds = time.perf_counter() - start
    for key in keys:
        store.delete(key)
    return seconds


if __name__ == "__main__":
    main()
