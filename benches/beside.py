#!/usr/bin/env python3
"""khien beside sslscan and sslyze, one after the other, on the same nginx on loopback: wall clock, CPU time, connections,
peak memory. Every host has a name and, if not told otherwise, an address (127.16.0.0/12) of its own; nginx has Mozilla's
intermediate profile.

    benches/beside.py [--sizes 1,100,1000,1000/100] [--tools khien,sslscan,sslyze] [--khien target/release/khien]

A size of 1000/100 is 1,000 names at 100 addresses.

Needs nginx, openssl, sslscan, and sslyze as tests/run installs it; no root, no network. 1,000 hosts take sslscan and
sslyze many minutes each: `--tools khien` leaves them out. Prints a table in Markdown; progress goes to stderr.

sslyze is run with all targets at once, sslscan with its list of targets (it takes one after the other), khien with all
names in one check. What each is asked for is what it does by itself, and where its name ends in «enumeration» what khien
looks for: versions, suites, groups, certificate.
"""

import argparse
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SECURE, PLAIN, STATUS = 18443, 18080, 18081
NGINX = """
daemon off; master_process on; worker_processes 2; worker_rlimit_nofile 20000; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 8000; }}
http {{
    access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    ssl_certificate {folder}/chain.pem; ssl_certificate_key {folder}/key.pem;
    ssl_protocols TLSv1.2 TLSv1.3; ssl_prefer_server_ciphers off; ssl_ecdh_curve X25519:prime256v1:secp384r1;
    ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305;
    server {{ listen 0.0.0.0:{plain}; return 301 https://$host$request_uri; }}
    server {{
        listen 0.0.0.0:{secure} ssl;
        add_header Strict-Transport-Security max-age=63072000 always;
        location / {{ default_type text/html; return 200 "<!doctype html><title>ok</title>"; }}
    }}
    server {{ listen 127.0.0.1:{status}; location / {{ stub_status; }} }}
}}
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1,100,1000")
    parser.add_argument("--tools", default="khien,sslscan,sslyze")
    parser.add_argument("--khien", default=str(ROOT / "target/release/khien"))
    parser.add_argument("--sslyze", default=str(ROOT / "target/consumers/python/bin/sslyze"))
    options = parser.parse_args()
    tools = options.tools.split(",")
    if "khien" in tools and not Path(options.khien).exists():
        sys.exit(f"{options.khien} is not there: cargo build --release")
    with tempfile.TemporaryDirectory() as folder:
        nginx = start(Path(folder))
        try:
            table = Table()
            for size, hosts in map(named, options.sizes.split(",")):
                for name, command in runs(hosts, Path(folder), options):
                    if name.split()[0] in tools:
                        print(f"{size} hosts: {name}", file=sys.stderr)
                        table.add(size, len(hosts), name, measured(command))
            table.print()
        finally:
            nginx.send_signal(signal.SIGTERM)
            nginx.wait()


def named(size):
    """The names and addresses of a size."""
    count, _, addresses = size.partition("/")
    place = lambda n: f"127.{16 + n // 62500}.{n // 250 % 250}.{n % 250 + 1}"
    return size, [(f"h{n:04}.bench.test", place(n % int(addresses or count))) for n in range(int(count))]


def start(folder):
    """nginx with a certificate of its own root; returns when it answers."""
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    subprocess.run(
        ["openssl", "req", "-x509", *curve, "-subj", "/CN=Bench Root", "-days", "30",
         "-keyout", folder / "root.key", "-out", folder / "root.pem"], **quiet)
    subprocess.run(
        ["openssl", "req", "-x509", *curve, "-subj", "/CN=bench.test", "-days", "30",
         "-addext", "subjectAltName=DNS:*.bench.test", "-addext", "basicConstraints=critical,CA:FALSE",
         "-addext", "extendedKeyUsage=serverAuth", "-CA", folder / "root.pem", "-CAkey", folder / "root.key",
         "-keyout", folder / "key.pem", "-out", folder / "leaf.pem"], **quiet)
    (folder / "chain.pem").write_text((folder / "leaf.pem").read_text())
    configuration = folder / "nginx.conf"
    configuration.write_text(NGINX.format(folder=folder, plain=PLAIN, secure=SECURE, status=STATUS))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(20000, hard), hard))
    nginx = subprocess.Popen(["/usr/sbin/nginx", "-c", configuration, "-e", folder / "error.log"])
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", STATUS), 1).close()
            return nginx
        except OSError:
            if nginx.poll() is not None:
                break
            time.sleep(0.05)
    sys.exit(f"nginx does not start: {(folder / 'error.log').read_text()}")


def runs(hosts, folder, options):
    """Name and command of each program at these hosts."""
    pinned = []
    for name, address in hosts:
        # the twin too, or it would be looked for in the DNS
        for host in (name, f"www.{name}"):
            for port, dialled in ((443, SECURE), (80, PLAIN)):
                pinned += ["--connect-to", f"{host}:{port}:{address}:{dialled}"]
    khien = [options.khien, "check", "--allow-private", "--authorised-by", "bench", "--ca-file", str(folder / "root.pem"),
             "--format", "observations", *pinned]
    names = [name for name, _ in hosts]
    only = ["--only", "tls,certificate"]
    yield "khien (tls, certificate)", [*khien, "--pace", "lab", *only, *names]
    yield "khien (everything but DNS)", [*khien, "--pace", "lab", *names]
    yield "khien (tls, certificate; 100 ms between connections)", [*khien, *only, *names]
    targets = [f"{name}:{SECURE}{{{address}}}" for name, address in hosts]
    part = ["--sslv2", "--sslv3", "--tlsv1", "--tlsv1_1", "--tlsv1_2", "--tlsv1_3", "--elliptic_curves", "--certinfo"]
    yield "sslyze (all)", [options.sslyze, *targets]
    yield "sslyze (enumeration)", [options.sslyze, *part, *targets]
    # the list takes addresses as they are
    (folder / "targets.txt").write_text("".join(f"{address}:{SECURE}\n" for _, address in hosts))
    listed = f"--targets={folder / 'targets.txt'}"
    yield "sslscan (all)", ["sslscan", "--show-certificate", listed]
    # options that take away, for it has none that choose
    less = ["--no-heartbleed", "--no-renegotiation", "--no-compression", "--no-fallback"]
    yield "sslscan (enumeration)", ["sslscan", "--show-certificate", *less, listed]


def accepted():
    """Connections that nginx accepted so far."""
    with urllib.request.urlopen(f"http://127.0.0.1:{STATUS}/") as answer:
        return int(re.search(r"requests\s+(\d+)", answer.read().decode()).group(1))


def measured(command):
    before, began = accepted(), time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    # read to the end, so that nobody waits for a full pipe
    said = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    wall = time.monotonic() - began
    # the second question is itself a connection
    connections = accepted() - before - 1
    if os.waitstatus_to_exitcode(status) not in (0, 1, 3):
        print(said.decode(errors="replace")[-2000:], file=sys.stderr)
    return wall, used.ru_utime + used.ru_stime, connections, used.ru_maxrss / 1024


class Table:
    """Rows, and beside each how it compares with sslyze's usual run of the same size."""

    def __init__(self):
        self.rows = []

    def add(self, *row):
        self.rows.append(row)

    def print(self):
        print("| hosts | program | wall | CPU | connections a host | peak memory | wall, CPU beside sslyze (all) |")
        print("|---|---|---|---|---|---|---|")
        whole = {size: figures for size, _, name, figures in self.rows if name == "sslyze (all)"}
        for size, count, name, (wall, cpu, connections, memory) in self.rows:
            beside = "–"
            if size in whole:
                beside = f"{wall / whole[size][0]:.3f} ×, {cpu / whole[size][1]:.3f} ×"
            print(f"| {size} | {name} | {wall:.1f} s | {cpu:.2f} s | {connections / count:.0f} | {memory:.0f} MiB | {beside} |")


if __name__ == "__main__":
    main()
