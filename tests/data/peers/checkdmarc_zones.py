"""What checkdmarc says of each domain: its exceptions by class, its warnings, and the values it read.

    python3 checkdmarc_zones.py RESOLVER DOMAIN… < /dev/null

Prints one JSON object, domains as keys. The resolver answers at port 53.
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor

from checkdmarc import bimi, dmarc, dnssec, mta_sts, smtp, smtp_tls_reporting, spf

options = {"nameservers": [sys.argv[1]], "timeout": 3.0, "retries": 0}


def attempt(ask):
    """Warnings and whatever else it found, or the class of its exception and what was said."""
    try:
        return ask()
    except Exception as error:  # its own, and those it forgot
        return {"error": type(error).__name__, "said": str(error)}


def of_spf(domain):
    found = spf.query_spf_record(domain, **options)
    parsed = spf.parse_spf_record(found["record"], domain, **options)
    return {
        "warnings": found["warnings"] + parsed["warnings"],
        "all": parsed["parsed"]["all"],
        "lookups": parsed["dns_lookups"],
        "voids": parsed["void_dns_lookups"],
    }


def of_dmarc(domain):
    found = dmarc.query_dmarc_record(domain, **options)
    parsed = dmarc.parse_dmarc_record(found["record"], found["location"], **options)
    return {
        "warnings": found["warnings"] + parsed["warnings"],
        "policy": parsed["tags"]["p"]["value"],
    }


def of_mx(domain):
    found = smtp.get_mx_hosts(domain, **options)
    return {"warnings": found["warnings"], "hosts": [host["hostname"] for host in found["hosts"]]}


def of_mta_sts(domain):
    found = mta_sts.query_mta_sts_record(domain, **options)
    mta_sts.parse_mta_sts_record(found["record"])
    return {"warnings": found["warnings"]}


def of_tls_rpt(domain):
    found = smtp_tls_reporting.query_smtp_tls_reporting_record(domain, **options)
    smtp_tls_reporting.parse_smtp_tls_reporting_record(found["record"])
    return {"warnings": found["warnings"]}


def of_bimi(domain):
    found = bimi.query_bimi_record(domain, **options)
    bimi.parse_bimi_record(found["record"], domain=domain)
    return {"warnings": found["warnings"]}


def of_dnssec(domain):
    return {"secure": dnssec.check_dnssec(domain, nameservers=[sys.argv[1]], timeout=3.0)}


PARTS = {
    "spf": of_spf,
    "dmarc": of_dmarc,
    "mx": of_mx,
    "mta_sts": of_mta_sts,
    "tls_rpt": of_tls_rpt,
    "bimi": of_bimi,
    "dnssec": of_dnssec,
}


def look(domain):
    return {part: attempt(lambda: ask(domain)) for part, ask in PARTS.items()}


domains = sys.argv[2:]
with ThreadPoolExecutor(8) as pool:
    print(json.dumps(dict(zip(domains, pool.map(look, domains))), default=str))
