//! What TLS is offered at an address: versions, suites by version, groups, primes, signatures, and the rest in one list.

use std::io::{self, Write};

use super::{COLUMNS, Ink, Style, cut_short, line, seen, title, unseen};
use crate::{
    observation::{Attempt, CipherSuite, DhPrime, Group, Listing, OrderOf, Protocol, Support, Tls},
    render::{escape, hang, pad},
    report::SheetFact,
    rule::Lang,
};

/// Columns of a suite's name.
const SUITE: usize = 52;
/// Columns of an option's name.
const OPTION: usize = 36;

/// Which versions there are.
pub(super) fn versions(out: &mut dyn Write, tls: &Tls, style: Style) -> io::Result<()> {
    title(out, style.word("Phiên bản", "Versions"), style)?;
    let all = [
        ("TLSv1.3", &tls.versions.tls1_3, Ink::Good),
        ("TLSv1.2", &tls.versions.tls1_2, Ink::Good),
        ("TLSv1.1", &tls.versions.tls1_1, Ink::High),
        ("TLSv1.0", &tls.versions.tls1_0, Ink::High),
        ("SSLv3", &tls.versions.ssl3, Ink::Critical),
        ("SSLv2", &tls.versions.ssl2, Ink::Critical),
    ];
    for (wanted, vi, en) in [(Support::Offered, "có", "yes"), (Support::NotOffered, "không", "no")] {
        let these = all.iter().filter(|(_, support, _)| support.completed() == Some(&wanted));
        let words: Vec<String> = these
            .map(|(name, _, ink)| style.ink(if wanted == Support::Offered { *ink } else { Ink::Faint }, name))
            .collect();
        if !words.is_empty() {
            line(out, &format!("  {}{}", pad(style.word(vi, en), 7), words.join("  ")))?;
        }
    }
    for (name, support, _) in all {
        if let Some(text) = unseen(&format!("{name}: "), support, style) {
            line(out, &text)?;
        }
    }
    if let Some(host) = &tls.shared_with {
        let text = match style.lang {
            Lang::Vi => format!("lấy từ {}, trang khác ở cùng địa chỉ, trả lời giống hệt", escape(host)),
            Lang::En => format!("found at {}, another site at this address that answers alike", escape(host)),
        };
        line(out, &style.ink(Ink::Faint, &hang("  ", &text, COLUMNS)))?;
    }
    Ok(())
}

/// The suites of each version in the order they were chosen in; versions with the same ones share a table.
pub(super) fn suites(out: &mut dyn Write, tls: &Tls, style: Style) -> io::Result<()> {
    title(out, style.word("Bộ mã", "Cipher suites"), style)?;
    let Some(listing) = seen(out, &tls.cipher_suites, style)? else { return Ok(()) };
    let mut tables: Vec<(Vec<Protocol>, Option<OrderOf>, Vec<&CipherSuite>)> = Vec::new();
    for version in [Protocol::Tls13, Protocol::Tls12, Protocol::Tls11, Protocol::Tls10, Protocol::Ssl3] {
        let of: Vec<&CipherSuite> = listing.items.iter().filter(|suite| suite.version == version).collect();
        if of.is_empty() {
            continue;
        }
        let orders = tls.suite_order.completed().map(|orders| &orders.items);
        let order = orders.and_then(|all| all.iter().find(|o| o.version == version)).map(|o| o.of);
        let same = |known: &[&CipherSuite]| known.iter().map(|s| &s.name).eq(of.iter().map(|s| &s.name));
        match tables.iter_mut().find(|(_, theirs, known)| *theirs == order && same(known)) {
            Some((versions, ..)) => versions.push(version),
            None => tables.push((vec![version], order, of)),
        }
    }
    for (versions, order, mut of) in tables {
        if order == Some(OrderOf::Client) {
            // their order says nothing: what a client should take first
            of.sort_by_key(|suite| (is_broken(suite), !suite.forward_secrecy, !suite.aead));
        }
        let names: Vec<&str> = versions.into_iter().map(Protocol::name).collect();
        let order = match order {
            Some(OrderOf::Server) => style.word(", theo thứ tự của máy chủ", ", in the server's order"),
            Some(OrderOf::ServerButChacha20) => style.word(
                ", theo thứ tự của máy chủ, trừ trình duyệt chuộng ChaCha20",
                ", in the server's order, but for clients that prefer ChaCha20",
            ),
            Some(OrderOf::Client) => style.word(", trình duyệt chọn", ", the client chooses"),
            Some(OrderOf::Mixed) => {
                style.word(", không theo thứ tự nào thấy được", ", in no order that could be seen")
            }
            None => "",
        };
        line(out, &format!("  {}{order}", style.ink(Ink::Strong, &names.join(", "))))?;
        for suite in of {
            self::suite(out, suite, style)?;
        }
    }
    if let Some(text) = cut_short(listing.incomplete.as_ref(), style) {
        line(out, &text)?;
    }
    Ok(())
}

/// One suite: mark, name, bits of the key, forward secrecy, how the cipher is used.
fn suite(out: &mut dyn Write, suite: &CipherSuite, style: Style) -> io::Result<()> {
    let (mark, ink) = if is_broken(suite) {
        ("■", Ink::Critical)
    } else if suite.block_bits.is_some_and(|bits| bits < 128) {
        ("▲", Ink::High)
    } else if suite.forward_secrecy && suite.aead {
        ("✓", Ink::Good)
    } else {
        ("○", Ink::Low)
    };
    let secrecy = if suite.forward_secrecy { "FS" } else { "– " };
    let mode = if suite.aead { "AEAD" } else { suite.mode.as_str() };
    let text =
        format!("{} {:>3}  {secrecy}  {}", pad(&escape(&suite.name), SUITE), suite.key_bits, escape(mode));
    line(out, &format!("    {}", style.ink(ink, &format!("{mark} {text}"))))
}

fn is_broken(suite: &CipherSuite) -> bool {
    suite.anonymous || suite.export || suite.key_bits < 112 || suite.cipher == "RC4" || suite.hash == "MD5"
}

/// The groups, those that resist a quantum computer marked.
pub(super) fn groups(out: &mut dyn Write, tls: &Tls, style: Style) -> io::Result<()> {
    title(out, style.word("Nhóm trao đổi khóa", "Key exchange groups"), style)?;
    let Some(listing) = seen(out, &tls.groups, style)? else { return Ok(()) };
    let told = |group: &Group| {
        let mark = style.word("hậu lượng tử", "post-quantum");
        let name = escape(&group.name).into_owned();
        if group.post_quantum { format!("{name} ({mark})") } else { name }
    };
    let mut of = |lead: &str, new: bool| -> io::Result<()> {
        let here = listing.items.iter().filter(|group| (group.version == Protocol::Tls13) == new);
        let words: Vec<String> = here.map(told).collect();
        if words.is_empty() {
            return Ok(());
        }
        line(out, &hang(&format!("  {}", pad(lead, 11)), &words.join(", "), COLUMNS))
    };
    of("TLSv1.3", true)?;
    of(style.word("≤ TLSv1.2", "≤ TLSv1.2"), false)?;
    let none = match (listing.items.is_empty(), listing.items.iter().any(|group| group.post_quantum)) {
        (true, _) => style.word("không dùng nhóm nào", "none is used"),
        (false, false) => style.word("không có nhóm hậu lượng tử", "no post-quantum group"),
        (false, true) => "",
    };
    if listing.incomplete.is_none() && !none.is_empty() {
        line(out, &style.ink(Ink::Faint, &format!("  {none}")))?;
    }
    if let Some(text) = cut_short(listing.incomplete.as_ref(), style) {
        line(out, &text)?;
    }
    Ok(())
}

/// The primes of finite-field Diffie-Hellman; nothing where it is not used.
pub(super) fn primes(out: &mut dyn Write, tls: &Tls, style: Style) -> io::Result<()> {
    let told = |prime: &DhPrime| match (&prime.known, style.lang) {
        (Some(known), Lang::Vi) => format!("{} bit ({})", prime.bits, escape(known)),
        (Some(known), Lang::En) => format!("{} bits ({})", prime.bits, escape(known)),
        (None, Lang::Vi) => format!("{} bit (riêng của máy chủ)", prime.bits),
        (None, Lang::En) => format!("{} bits (the server's own)", prime.bits),
    };
    words(out, style.word("Diffie-Hellman", "Diffie-Hellman"), &tls.dh_primes, told, style)
}

/// What key exchanges are signed with; nothing where nothing is signed.
pub(super) fn signatures(out: &mut dyn Write, tls: &Tls, style: Style) -> io::Result<()> {
    let lead = style.word("Chữ ký (TLS 1.2)", "Signatures (TLS 1.2)");
    words(out, lead, &tls.signatures, |scheme| escape(&scheme.name).into_owned(), style)
}

fn words<T>(
    out: &mut dyn Write,
    lead: &str,
    listing: &Attempt<Listing<T>>,
    told: impl Fn(&T) -> String,
    style: Style,
) -> io::Result<()> {
    if listing.completed().is_some_and(|l| l.items.is_empty() && l.incomplete.is_none()) {
        return Ok(());
    }
    title(out, lead, style)?;
    let Some(listing) = seen(out, listing, style)? else { return Ok(()) };
    let words: Vec<String> = listing.items.iter().map(told).collect();
    if !words.is_empty() {
        line(out, &hang("  ", &words.join(", "), COLUMNS))?;
    }
    if let Some(text) = cut_short(listing.incomplete.as_ref(), style) {
        line(out, &text)?;
    }
    Ok(())
}

/// What else was seen, a line each.
pub(super) fn options(
    out: &mut dyn Write,
    facts: &[SheetFact],
    connections: u32,
    style: Style,
) -> io::Result<()> {
    title(out, style.word("Tùy chọn", "Options"), style)?;
    for fact in facts {
        let (mark, ink) = if fact.seen { (' ', None) } else { ('?', Some(Ink::Medium)) };
        let lead = format!("  {mark} {} ", pad(&escape(fact.name.get(style.lang)), OPTION));
        let text = hang(&lead, &escape(fact.value.get(style.lang)), COLUMNS);
        line(out, &ink.map_or(text.clone(), |ink| style.ink(ink, &text)))?;
    }
    let connections = match style.lang {
        Lang::Vi => format!("  {connections} kết nối đã mở để tìm ra những điều trên"),
        Lang::En => format!("  {connections} connections were opened to find this out"),
    };
    line(out, &style.ink(Ink::Faint, &connections))
}
