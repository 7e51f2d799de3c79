//! The check before a run: does the resolver tell the truth about a name that cannot exist, does the scanner find
//! what it should on a server of its own? Where not, the run is degraded and no change is told.

use std::sync::Arc;

use aws_lc_rs::rand;
use hickory_proto::rr::RecordType;
use jiff::Timestamp;

use super::{Failed, Screen};
use crate::{
    lab::Lab,
    net::{self, Net, resolver::Outcome},
    observation::{Document, Vantage},
    probe::certificate::{LookUps, TrustStore},
    rule::{Lang, RuleSet, Verdict},
    scan::{self, Event, Plan, Probes},
    target::{self, Host},
    yaml::Source,
};

/// The site of the fictional province that has no fault.
const EXCELLENT: &str = "khcn.tinhmau.example";
const INVENTORY: &str = include_str!("../../targets.example.yaml");

/// What is wrong with this scanner or its resolver.
#[derive(Debug)]
pub(super) enum Sick {
    /// The resolver gave records for a name that does not exist.
    Resolver { address: String },
    /// The resolver did not answer.
    Mute { address: String, why: String },
    /// The scanner did not find its own excellent server excellent.
    Scanner { why: String },
}

impl Sick {
    pub(super) fn tell(&self, screen: &mut Screen<'_>) -> Result<(), Failed> {
        let text = match (self, screen.lang) {
            (Self::Resolver { address }, Lang::Vi) => format!(
                "! Lượt quét suy giảm: máy phân giải {address} trả lời cả tên không tồn tại.\n  \
                 Kết quả DNS của lượt này không dùng để so sánh.\n  \
                 Sửa: đặt --resolver tới máy phân giải khác, rồi chạy lại khien scan."
            ),
            (Self::Resolver { address }, Lang::En) => format!(
                "! Degraded run: the resolver {address} answers for names that do not exist.\n  \
                 What it says of names is not to be compared.\n  \
                 Name another with --resolver and run khien scan again."
            ),
            (Self::Mute { address, why }, Lang::Vi) => format!(
                "! Lượt quét suy giảm: máy phân giải {address} không trả lời ({why}).\n  \
                 Sửa: kiểm tra mạng của máy quét, hoặc đặt --resolver IP:PORT."
            ),
            (Self::Mute { address, why }, Lang::En) => format!(
                "! Degraded run: the resolver {address} does not answer ({why}).\n  \
                 Check this machine's network, or name another with --resolver IP:PORT."
            ),
            (Self::Scanner { why }, Lang::Vi) => format!(
                "! Lượt quét suy giảm: máy quét không tự kiểm tra đúng trên máy chủ mẫu của chính nó.\n  {why}\n  \
                 Không dùng lượt này để so sánh; hãy báo lỗi cho nhóm phát triển khien."
            ),
            (Self::Scanner { why }, Lang::En) => format!(
                "! Degraded run: the scanner fails on a server of its own.\n  {why}\n  \
                 Nothing of this run is to be compared; please report it."
            ),
        };
        writeln!(screen.err, "{text}")?;
        Ok(())
    }
}

/// `names`: how names are looked up, where the run looks any up.
pub(super) async fn check(names: Option<net::Options>) -> Result<Option<Sick>, Failed> {
    if let Some(options) = names
        && let Some(sick) = resolver(options).await?
    {
        return Ok(Some(sick));
    }
    scanner().await
}

async fn resolver(options: net::Options) -> Result<Option<Sick>, Failed> {
    let net = Net::new(options).map_err(|error| {
        Failed::usage(
            (format!("không dùng được máy phân giải tên miền: {error}"), error.to_string()),
            ("chỉ máy phân giải bằng --resolver IP:PORT", "name a resolver with --resolver IP:PORT"),
        )
    })?;
    let address = net.resolver().address().map_or_else(String::new, |address| address.to_string());
    let mut random = [0; 8];
    rand::fill(&mut random).map_err(|_| Failed::internal("no random numbers"))?;
    // nothing exists below .invalid (RFC 6761 section 6.4)
    let name = format!("khien-{:016x}.invalid", u64::from_be_bytes(random));
    Ok(match net.resolver().lookup(&name, RecordType::A).await {
        Ok(answer) if answer.outcome == Outcome::Found => Some(Sick::Resolver { address }),
        // a resolver that refuses such a name, or cannot reach the root, has answered
        Ok(_) | Err(net::Error::Rcode { .. }) => None,
        Err(error) => Some(Sick::Mute { address, why: error.to_string() }),
    })
}

async fn scanner() -> Result<Option<Sick>, Failed> {
    let now = Timestamp::now();
    let mut inventory = target::load(&Source::new("targets.example.yaml", INVENTORY))?.inventory;
    // a system without 127.0.0.0/8 cannot be asked; that says nothing of the scanner
    let Ok(lab) = Lab::start(&inventory, now).await else { return Ok(None) };
    lab.host(&mut inventory);
    let host = Host::parse(EXCELLENT).map_err(Failed::internal)?;
    let plan = Plan::of_inventory(&inventory, now, None, Some(&host));
    let table = lab.table();
    let mut trust = TrustStore::empty();
    trust.add_pem(lab.root_certificate().as_bytes(), "lab").map_err(Failed::internal)?;
    let options = net::Options {
        allow_private: true,
        pace: net::Pace::Lab,
        connect_to: table.connect_to.clone(),
        resolver: table.resolver,
        trust_anchor: table.trust_anchor.clone(),
        root_hints: table.root_hints.clone(),
        port_map: [(80, table.ports.http), (443, table.ports.https), (53, table.ports.dns)]
            .into_iter()
            .filter_map(|(logical, dialled)| Some((logical, dialled?)))
            .collect(),
        ..net::Options::default()
    };
    let net = Net::new(options).map_err(Failed::internal)?;
    let scan = scan::Options {
        at: now,
        vantage: Vantage { name: "canary".to_owned(), inside: true },
        probes: Probes::all(),
        resolve_pinned: true,
        trust: Arc::new(trust),
        look_ups: LookUps::default(),
        inventoried: Arc::new(|host| host == EXCELLENT),
    };
    // the rules in the program: one that a province adds may well ask for what this site has not
    let rules = RuleSet::built_in().map_err(Failed::internal)?;
    let mut events = scan::run(net, plan, scan);
    let mut why = Some(format!("{EXCELLENT}: no result"));
    while let Some(event) = events.recv().await {
        if let Event::Finished(finished) = event {
            let document = Document::try_from(&finished.observations).map_err(Failed::internal)?;
            let wrong: Vec<String> = rules
                .evaluate(&document)
                .iter()
                .filter(|f| f.scores() && matches!(f.verdict, Verdict::Fail | Verdict::Inconclusive))
                .map(|f| f.rule.to_string())
                .collect();
            why = (!wrong.is_empty()).then(|| format!("{EXCELLENT}: {}", wrong.join(", ")));
        }
    }
    lab.stop().await;
    Ok(why.map(|why| Sick::Scanner { why }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_excellent_site_is_in_the_example() {
        assert!(INVENTORY.contains(EXCELLENT));
    }
}
