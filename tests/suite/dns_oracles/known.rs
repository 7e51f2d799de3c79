//! Where the programs differ, and why.

use super::account::Tool;

/// Who says it alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Only {
    Khien,
    Oracle,
}

/// A kind of difference.
pub(super) struct Difference {
    pub(super) tool: Tool,
    /// Where; empty for everywhere.
    pub(super) zones: &'static [&'static str],
    pub(super) only: Only,
    pub(super) facts: &'static [&'static str],
    pub(super) why: &'static str,
}

pub(super) const KNOWN: &[Difference] = &[
    Difference {
        tool: Tool::Zonemaster,
        zones: &[],
        only: Only::Oracle,
        facts: &["NAMESERVER_IP_PRIVATE_NETWORK", "Z01_MNAME_HAS_LOCALHOST_ADDR"],
        why: "The world stands on loopback (127.60.0.0/16), which is no defect of its zones; khien was told that it may.",
    },
    Difference {
        tool: Tool::Zonemaster,
        zones: &[],
        only: Only::Oracle,
        facts: &["NOT_ENOUGH_IPV6_NS_DEL", "NOT_ENOUGH_IPV6_NS_CHILD"],
        why: "One server of two has IPv6. Zonemaster wants none or two; khien asks for one, as RFC 3901 section 3 does for IPv4; no RFC asks for two in each family.",
    },
    Difference {
        tool: Tool::Zonemaster,
        zones: &["child-extra", "glue-wrong", "ns-disagree"],
        only: Only::Oracle,
        facts: &["EXTRA_ADDRESS_CHILD"],
        why: "The other side of what both say already: an address that only one side has.",
    },
    Difference {
        tool: Tool::Zonemaster,
        zones: &["ns-disagree"],
        only: Only::Oracle,
        facts: &["parent and zone differ", "server's name is missing"],
        why: "One server has a name more than the other. khien holds the parent's list against the first server that answers, and says once that the servers disagree (a zone is the same on all its servers, RFC 1034 section 4.3.5); Zonemaster holds it against all of them together.",
    },
    Difference {
        tool: Tool::Zonemaster,
        zones: &["drops-edns", "drops-options"],
        only: Only::Oracle,
        facts: &["Z09_NO_RESPONSE_MX_QUERY"],
        why: "A consequence: the server drops some questions, and one of them was for MX.",
    },
    Difference {
        tool: Tool::Zonemaster,
        zones: &["ds-no-key", "formerr-edns", "ns-lame", "refuses", "upward"],
        only: Only::Oracle,
        facts: &["NO_RESPONSE_DNSKEY"],
        why: "A consequence of what both say: there is no key, or the server does not serve the zone, or refuses EDNS.",
    },
    Difference {
        tool: Tool::Zonemaster,
        zones: &["upward"],
        only: Only::Oracle,
        facts: &["EDNS"],
        why: "A server that is not one of the zone is not asked about EDNS: that it is lame is the fault to mend.",
    },
    Difference {
        tool: Tool::Zonemaster,
        zones: &["ds-mismatch"],
        only: Only::Oracle,
        facts: &["stale DS"],
        why: "The only DS matches no key: bogus (RFC 4035 section 5.2), which both say. khien calls a DS stale where another one matches.",
    },
    Difference {
        tool: Tool::Zonemaster,
        zones: &["ed448"],
        only: Only::Khien,
        facts: &["not signed"],
        why: "Validators that do not know an algorithm treat the zone as unsigned (RFC 4035 section 5.2), and khien's does not know Ed448, as many resolvers do not: RFC 8624 section 3.1 only recommends it for validation. Zonemaster says nothing of it.",
    },
    Difference {
        tool: Tool::Checkdmarc,
        zones: &["ed448"],
        only: Only::Khien,
        facts: &["not secure"],
        why: "The same; checkdmarc's library knows Ed448.",
    },
    Difference {
        tool: Tool::Zonemaster,
        zones: &["island"],
        only: Only::Khien,
        facts: &["not signed"],
        why: "An island without DS is unsigned for every visitor (RFC 4033 section 5). khien says both: that it is, and why.",
    },
    Difference {
        tool: Tool::Zonemaster,
        zones: &["expiring"],
        only: Only::Khien,
        facts: &["expiring"],
        why: "Two days are left of three weeks. Zonemaster's limit is 12 hours; khien warns at three days, so that somebody can act in office hours.",
    },
    Difference {
        tool: Tool::Zonemaster,
        zones: &["nsec3-rounds", "nsec3-salt"],
        only: Only::Khien,
        facts: &["costly NSEC3"],
        why: "RFC 9276 section 3.1: no rounds beyond the first, no salt. This version of Zonemaster still allows the rounds of RFC 5155 section 10.3 and does not look at the salt.",
    },
    Difference {
        tool: Tool::Zonemaster,
        zones: &["retry"],
        only: Only::Khien,
        facts: &["timers"],
        why: "Retry equals refresh, so that a failed check is not repeated sooner (RFC 1912 section 2.2). Zonemaster says so on a level below NOTICE.",
    },
    Difference {
        tool: Tool::Zonemaster,
        zones: &["tampered-a", "tampered-mx", "signature-missing"],
        only: Only::Khien,
        facts: &["bogus"],
        why: "Zonemaster verifies SOA, DNSKEY and denials. The tampered records are the site's own address and its MX, which every validating resolver refuses (RFC 4035 section 5.3).",
    },
    Difference {
        tool: Tool::Checkdmarc,
        zones: &["tampered-a", "signature-missing"],
        only: Only::Khien,
        facts: &["not secure"],
        why: "checkdmarc verifies the zone's keys and one record set at its apex; what is bogus is the address of www below it.",
    },
    Difference {
        tool: Tool::Zonemaster,
        zones: &["wrong-id"],
        only: Only::Khien,
        facts: &["silent"],
        why: "The answer has another id than the question. Resolvers have to drop it (RFC 5452 section 9.1), so nothing was answered; Zonemaster's library takes it.",
    },
    Difference {
        tool: Tool::Zonemaster,
        zones: &["garbage"],
        only: Only::Oracle,
        facts: &["silent", "no TCP"],
        why: "What comes back is no message of the DNS. Zonemaster counts it as silence, khien as an answer of a server that does not serve the zone: it is there, and the fault is another one to look for.",
    },
    Difference {
        tool: Tool::Zonemaster,
        zones: &["garbage"],
        only: Only::Khien,
        facts: &["lame"],
        why: "The same, the other way round.",
    },
    Difference {
        tool: Tool::Zonemaster,
        zones: &["late", "mute-a", "mute-b", "ns-silent"],
        only: Only::Oracle,
        facts: &["no TCP"],
        why: "A server that says nothing over UDP is not asked over TCP as well: a dead one costs one time-out.",
    },
    Difference {
        tool: Tool::Zonemaster,
        zones: &["mx-null", "mx-null-beside"],
        only: Only::Oracle,
        facts: &["mail exchanger"],
        why: "The SOA's mailbox lies in a domain that takes no mail (RFC 7505). khien looks at the mailbox's form; that mail is not taken is no fault of the exchangers, or said already.",
    },
    Difference {
        tool: Tool::Zonemaster,
        zones: &["transfer"],
        only: Only::Oracle,
        facts: &["AXFR_AVAILABLE"],
        why: "khien asks for a zone transfer only with permission (`--intrusive`); another test sees that it then says so.",
    },
    Difference {
        tool: Tool::Checkdmarc,
        zones: &["mx-null"],
        only: Only::Oracle,
        facts: &["mta-sts missing"],
        why: "A domain that takes no mail needs no MTA-STS: there is no exchanger to protect (RFC 8461 section 1).",
    },
    Difference {
        tool: Tool::Checkdmarc,
        zones: &["sts-version"],
        only: Only::Khien,
        facts: &["mta-sts broken"],
        why: "The record is `v=STSv1` without a semicolon, which the grammar of RFC 8461 section 3.1 does not allow. Senders act as without MTA-STS in either case; khien says that somebody meant to have it.",
    },
    Difference {
        tool: Tool::Checkdmarc,
        zones: &["sts-version"],
        only: Only::Oracle,
        facts: &["mta-sts missing"],
        why: "The same, the other way round.",
    },
];

impl Difference {
    pub(super) fn explains(&self, tool: Tool, zone: &str, only: Only, fact: &str) -> bool {
        let matches = |pattern: &&str| match pattern.strip_suffix('*') {
            Some(start) => fact.starts_with(start),
            None => fact == *pattern,
        };
        self.tool == tool
            && self.only == only
            && (self.zones.is_empty() || self.zones.contains(&zone))
            && self.facts.iter().any(matches)
    }
}
