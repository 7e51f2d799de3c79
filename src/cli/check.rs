//! `khien check HOST[:PORT]…`: a one-off check of one's own sites. Stores nothing.

use std::{net::SocketAddr, path::Path};

use super::{
    Exit, Failed, Screen,
    options::Network,
    outcome::{About, Details, Output},
    probing::{Job, Listening, probe, runtime},
};
use crate::{
    language::text,
    observation::{SiteName, Vantage},
    report::{Roster, Sites},
    rule::Lang,
    scan::{Plan, Target},
    target::{Authority, ConnectTo, Host, Lab, Www},
};

/// Kiểm tra một lần một hay vài trang của mình · Check one or more sites of your own, once
#[derive(Debug, clap::Args)]
pub(super) struct Check {
    /// Tên miền của trang, kèm cổng HTTPS nếu khác 443; nếu dùng --name thì ghi địa chỉ IP kèm cổng cần kết nối · Host names, each with its HTTPS port if not 443; with --name an ADDRESS:PORT to dial
    #[arg(required = true, value_name = "HOST[:PORT]")]
    hosts: Vec<String>,
    /// Tên miền của trang, khi đã ghi địa chỉ IP thay cho tên: mọi kết nối đều tới địa chỉ đó · The site's name, where an address is given: every connection goes there
    #[arg(long, value_name = "HOST")]
    name: Option<String>,
    /// Bắt buộc: ai cho phép kiểm tra, là đơn vị chủ quản trang hoặc số văn bản · Required: who permits this check, the site's owner or the number of the document
    #[arg(long, value_name = "TEXT")]
    authorised_by: Option<String>,
    #[command(flatten)]
    details: Details,
    #[command(flatten)]
    network: Network,
    #[command(flatten)]
    output: Output,
}

impl Check {
    pub(super) fn run(&self, screen: &mut Screen<'_>) -> Result<Exit, Failed> {
        let (targets, connect_to) = self.targets()?;
        if self.authorised_by.as_deref().is_none_or(|who| who.trim().is_empty()) {
            return Err(Failed::usage(
                (
                    "chưa ghi ai cho phép kiểm tra; chưa có kết nối nào được mở",
                    "nobody is named who permits this check; nothing was dialled",
                ),
                (
                    "chỉ kiểm tra trang của mình: thêm --authorised-by \"tên đơn vị hoặc số văn bản\"",
                    "check your own sites only: add --authorised-by \"the unit, or the document's number\"",
                ),
            ));
        }
        let judge = self.output.judge()?;
        let lab = Lab { connect_to, ..Lab::default() };
        let contact = "https://github.com/khien/khien".to_owned();
        // a check carries no document whose scope could cover abnormal probes
        if self.network.intrusive {
            let said = text!(
                "bỏ qua --intrusive: chỉ `khien scan` mới có văn bản ủy quyền bao gồm phép thử này",
                "--intrusive: only `khien scan` has an authorisation whose scope can cover it; left out"
            );
            writeln!(screen.err, "khien: {}", said.get(screen.lang))?;
        }
        let mut options = self.network.options(&lab, Path::new("."), false, contact);
        options.intrusive = false;
        let hosts: Vec<String> = targets.iter().map(|t| t.site.host.clone()).collect();
        let names: Vec<SiteName> = targets.iter().map(|t| t.site.clone()).collect();
        let vantage = Vantage { name: vantage(screen.lang), inside: false };
        let started_at = self.network.now();
        let job = Job {
            plan: Plan { targets },
            options,
            // `check ADDR:PORT` asks no names unless it is told whom to ask
            needs_resolver: self.name.is_none() || self.network.names_a_resolver(),
            earlier: Sites::default(),
            scan: self.network.scan_options(
                vantage.clone(),
                self.network.trust(&lab, Path::new("."))?,
                move |host| {
                    let twin = |own: &str| {
                        host.strip_prefix("www.") == Some(own) || own.strip_prefix("www.") == Some(host)
                    };
                    hosts.iter().any(|own| own == host || twin(own))
                },
            ),
        };
        let experts = self.output.experts(&self.details, self.network.only_asks_tls())?;
        let runtime = runtime()?;
        let listening = Listening {
            runtime: &runtime,
            keeper: None,
            deadline: None,
            degraded: false,
            experts: experts.as_ref(),
        };
        let done = probe(job, &judge, &self.output, listening, screen)?;
        let roster = Roster::one(self.authorised_by.as_deref().unwrap_or_default(), names);
        let about = About { id: None, started_at, vantage, complete: done.complete, degraded: false };
        self.output.report_in_detail(&judge, done.sites, done.sheets, &roster, about, screen)
    }

    /// The sites to check, and where to dial them.
    fn targets(&self) -> Result<(Vec<Target>, Vec<ConnectTo>), Failed> {
        if let Some(name) = &self.name {
            let [address] = self.hosts.as_slice() else {
                return Err(Failed::usage(
                    ("--name chỉ đi với một địa chỉ", "--name goes with one address"),
                    (
                        "ghi: khien check ĐỊA_CHỈ:CỔNG --name TÊN_MIỀN",
                        "write khien check ADDRESS:PORT --name HOST",
                    ),
                ));
            };
            return Self::at_address(address, name);
        }
        let mut targets: Vec<Target> = Vec::new();
        for text in &self.hosts {
            let authority = Authority::parse(text).map_err(|error| {
                if error.is_ip_literal() {
                    Failed::usage(
                        (
                            format!("{text}: chỉ có địa chỉ thì chưa biết là trang nào"),
                            format!("{text}: an address alone says nothing of the site meant"),
                        ),
                        (
                            "thêm tên của trang: khien check ĐỊA_CHỈ:CỔNG --name TÊN_MIỀN",
                            "add --name HOST, the site's name: khien check ADDRESS:PORT --name HOST",
                        ),
                    )
                } else {
                    Failed::usage(
                        error,
                        (
                            "ghi tên miền của trang, ví dụ khcn.tinhmau.example",
                            "write a host name, as in khcn.tinhmau.example",
                        ),
                    )
                }
            })?;
            let site =
                SiteName { host: authority.host.as_str().to_owned(), port: authority.port.unwrap_or(443) };
            if targets.iter().all(|t| t.site != site) {
                // servers of a third party are spoken to only where they were asked for
                targets.push(Target {
                    site,
                    www: Www::Auto,
                    mail: self.network.asks_for_mail(),
                    dkim_selectors: Vec::new(),
                });
            }
        }
        Ok((targets, Vec::new()))
    }

    /// `check ADDR:PORT --name HOST`: the site HOST:443, every name and 443 dialled at ADDR:PORT.
    fn at_address(address: &str, name: &str) -> Result<(Vec<Target>, Vec<ConnectTo>), Failed> {
        let to: SocketAddr = address
            .parse()
            .or_else(|_| address.trim_matches(['[', ']']).parse().map(|ip| SocketAddr::new(ip, 443)))
            .map_err(|_| {
                Failed::usage(
                    (
                        format!("{address:?} không phải địa chỉ kèm cổng"),
                        format!("{address:?} is no address with a port"),
                    ),
                    (
                        "với --name, ghi địa chỉ sẽ kết nối, ví dụ 192.0.2.10:443 hoặc [2001:db8::1]:443",
                        "with --name give what to dial, as in 192.0.2.10:443 or [2001:db8::1]:443",
                    ),
                )
            })?;
        let host = Host::parse(name).map_err(|error| {
            Failed::usage(
                text!("--name: {why}", "--name: {why}"; why = error),
                ("ghi tên miền của trang", "give the site's host name"),
            )
        })?;
        let target = Target {
            site: SiteName { host: host.as_str().to_owned(), port: 443 },
            www: Www::No,
            mail: false,
            dkim_selectors: Vec::new(),
        };
        let everything = |port, to| ConnectTo {
            host: None,
            port,
            address: SocketAddr::ip(&to),
            dialled_port: Some(to.port()),
        };
        // other ports of the same server keep their number
        let other_ports = ConnectTo { host: None, port: None, address: to.ip(), dialled_port: None };
        Ok((vec![target], vec![everything(Some(443), to), other_ports]))
    }
}

fn vantage(lang: Lang) -> String {
    match lang {
        Lang::Vi => "máy này".to_owned(),
        Lang::En => "this machine".to_owned(),
    }
}
