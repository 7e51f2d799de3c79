#!/usr/bin/env python3
"""Makes ct-logs.tsv from log lists of Google Chrome (log_list.json, version 3 of the schema).

    ct-logs.py NEWEST.json [OLDER.json ...] > ct-logs.tsv

Of a log that several lists have, the first list given counts. Logs whose certificates have all run out by the day of the
newest list are left out: nobody meets them any more. A log's id is the hash of its key, which is checked here.
"""

import base64
import hashlib
import json
import sys


def logs(path):
    with open(path, encoding="utf-8") as file:
        listed = json.load(file)
    for operator in listed["operators"]:
        for log in operator.get("logs", []) + operator.get("tiled_logs", []):
            key = base64.b64decode(log["key"], validate=True)
            if hashlib.sha256(key).digest() != base64.b64decode(log["log_id"]):
                sys.exit(f"{path}: the id of {log.get('description')} is not the hash of its key")
            end = log.get("temporal_interval", {}).get("end_exclusive", "9999")
            # a placeholder that keeps old readers of the list alive
            if "example.com" in log.get("url", ""):
                continue
            state = next(iter(log.get("state", {"pending": {}})))
            name = log.get("description") or log.get("submission_url", "")
            yield key, state, operator["name"], name.removesuffix(" log").removesuffix(" Log"), end
    return


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        newest = json.load(file)
    day = newest["log_list_timestamp"][:10]
    rows = {}
    for path in sys.argv[1:]:
        for key, state, operator, name, end in logs(path):
            if end[:10] > day:
                rows.setdefault(key, (state, operator, name))
    print(f"# {day} key (base64), state, operator, name; made by ct-logs.py from version {newest['version']}")
    for key, (state, operator, name) in sorted(rows.items(), key=lambda row: row[1][1:]):
        print(base64.b64encode(key).decode(), state, operator, name, sep="\t")


main()
