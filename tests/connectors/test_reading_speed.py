from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

READ = """
import resource, sys, time
from sales_operations.connectors.batches import read
from sales_operations.connectors.files import open_source
from sales_operations.connectors.library import load_mapping
from sales_operations.settings import load

began = time.perf_counter()
source = open_source(sys.argv[1])
batches = read(source, load_mapping("salesforce"), "opportunities", load({"sales_operations": {}}))
count = sum(map(len, batches))
print(count, round(count / (time.perf_counter() - began)), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""
KNOWN = ("Id", "Name", "AccountId", "StageName", "Amount", "Probability", "CloseDate", "OwnerId", "Type", "LeadSource",
         "CreatedDate", "LastModifiedDate")  # fmt: skip


@pytest.mark.long
def test_a_large_file_is_streamed(tmp_path: Path) -> None:
    path = tmp_path / "deals.csv"
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([*KNOWN, *(f"Custom_{number}__c" for number in range(18))])
        for number in range(200_000):
            moment = f"2024-{number % 12 + 1:02d}-11T{number % 24:02d}:30:{number % 60:02d}.000+0000"
            deal, account, owner = f"006{number:012d}AAA", f"001{number % 9999:012d}AAA", f"005{number % 99:012d}AAA"
            known = [
                deal,
                f"Deal {number}",
                account,
                "Needs Analysis",
                f"{number}.50",
                20,
                "2024-09-30",
                owner,
                "New Business",
            ]
            known += ["Web", moment, moment]
            writer.writerow([*known, *(f"value {(number * place) % 997}" for place in range(18))])
    done = subprocess.run([sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=True)
    count, speed, memory = map(int, done.stdout.split())
    print(f"{speed} rows/s, {memory} MiB")
    assert count == 200_000
    assert memory < 600
