//! Flags that several subcommands share, and what they mean to the layers below.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;

use super::{Failed, misuse::Refused};
use crate::{
    language::Text,
    net::{self, Pace},
    probe::certificate::{LookUps, TrustStore},
    rule::{RuleSet, RuleSetError, Severity},
    scan::{Probe, Probes},
    target::{ConnectTo, Lab},
};

/// Which rules to judge by.
#[derive(Debug, clap::Args)]
pub(super) struct RulesFrom {
    /// Thư mục quy tắc xếp như rules/; mặc định dùng quy tắc sẵn có · A folder laid out as rules/; the built-in rules by default
    #[arg(long = "rules", value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

/// What to do about a file of roots that cannot be used.
const PEM: (&str, &str) =
    ("chỉ tệp PEM chứa chứng thư gốc bằng --ca-file", "give a PEM file of root certificates with --ca-file");

impl RulesFrom {
    pub(super) fn load(&self) -> Result<RuleSet, RuleSetError> {
        match &self.folder {
            Some(folder) => RuleSet::load(folder),
            None => RuleSet::built_in(),
        }
    }
}

/// How the network is used.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Mạng · Network")]
pub(super) struct Network {
    /// Hỏi tên miền ở máy phân giải này, thay cho máy phân giải của hệ thống · The resolver to ask, instead of the system's
    #[arg(long, value_name = "IP:PORT", value_parser = resolver)]
    resolver: Option<SocketAddr>,
    /// Máy chủ tên miền gốc của mạng kín (dạng named.root); không ghi thì dùng của IANA · Root name servers of a closed network; IANA's without it
    #[arg(long, value_name = "FILE")]
    root_hints: Option<PathBuf>,
    /// Khóa DNSSEC của vùng gốc (bản ghi DNSKEY hoặc DS), thay cho khóa có sẵn · DNSSEC keys of the root zone (DNSKEY or DS records), instead of the built-in ones
    #[arg(long, value_name = "FILE")]
    trust_anchor: Option<PathBuf>,
    /// Chứng thư gốc được tin cậy thêm ngoài danh sách của Mozilla (PEM); ghi được nhiều lần · Roots trusted beside Mozilla's (PEM); may be repeated
    #[arg(long, value_name = "FILE")]
    ca_file: Vec<PathBuf>,
    /// Tải chứng thư trung gian mà máy chủ quên gửi, theo địa chỉ ghi trong chứng thư · Download issuers that servers forgot
    #[arg(long)]
    aia: bool,
    /// Hỏi nơi cấp xem chứng thư đã bị thu hồi chưa (OCSP, CRL) · Ask issuers whether certificates are revoked
    #[arg(long)]
    revocation: bool,
    /// Cần tới HOST:PORT thì kết nối tới ADDR:PORT, như của curl; bỏ trống HOST hoặc PORT là bất kỳ; ghi được nhiều lần · For HOST:PORT dial ADDR:PORT, as curl's; empty means any; may be repeated
    #[arg(long, value_name = "HOST:PORT:ADDR:PORT")]
    connect_to: Vec<ConnectTo>,
    /// Dùng cổng này thay cho cổng 80 · Dial this port instead of 80
    #[arg(long, value_name = "PORT")]
    http_port: Option<u16>,
    /// Dùng cổng này thay cho cổng 443 · Dial this port instead of 443
    #[arg(long, value_name = "PORT")]
    https_port: Option<u16>,
    /// Dùng cổng này thay cho cổng 25 · Dial this port instead of 25
    #[arg(long, value_name = "PORT")]
    smtp_port: Option<u16>,
    /// Dùng cổng này thay cho cổng 53 · Dial this port instead of 53
    #[arg(long, value_name = "PORT")]
    dns_port: Option<u16>,
    /// Thời điểm ghi vào kết quả quan sát (RFC 3339); hạn của văn bản ủy quyền vẫn tính theo đồng hồ thật · The time observations carry (RFC 3339); never the authorisation's
    #[arg(long, value_name = "TIME")]
    now: Option<Timestamp>,
    /// Cho phép kết nối tới địa chỉ nội bộ, như 127.0.0.1, 10.x.x.x, 192.168.x.x (loopback, RFC 1918, ULA) · Open loopback, RFC 1918 and ULA addresses
    #[arg(long)]
    allow_private: bool,
    /// Chạy cả phép thử bất thường; phạm vi (scope) của văn bản ủy quyền phải có `intrusive` · Permit abnormal probes; the authorisation must cover them
    #[arg(long)]
    pub(super) intrusive: bool,
    /// Nhịp kết nối tới một máy chủ: càng thưa càng nhẹ cho máy chủ · How hard a server may be asked
    #[arg(long, value_enum, default_value_t = PaceFlag::Normal)]
    pace: PaceFlag,
    /// Chỉ kiểm tra các nhóm này, cách nhau bằng dấu phẩy · Only these groups of facts, separated by commas
    #[arg(long, value_name = "dns,tls,certificate,http,mail,web", value_delimiter = ',')]
    only: Vec<Probe>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum PaceFlag {
    /// Các kết nối tới một địa chỉ cách nhau 500 ms · 500 ms between connections to one address
    Gentle,
    /// Cách nhau 100 ms · 100 ms
    Normal,
    /// Không nghỉ, chờ ngắn; cho máy chủ trên máy này · No gap, short deadlines; for servers on this machine
    Lab,
}

/// `IP:PORT`, or an IP alone for port 53.
fn resolver(text: &str) -> Result<SocketAddr, Refused> {
    let alone = || text.trim_matches(['[', ']']).parse().map(|ip| SocketAddr::new(ip, 53));
    text.parse().or_else(|_| alone()).map_err(|_| {
        Refused(Text::new(
            "ghi địa chỉ kèm cổng, ví dụ 192.0.2.53:53",
            "write an address and a port, as in 192.0.2.53:53",
        ))
    })
}

impl Network {
    /// What the flags and the inventory's lab table mean to the network. `folder` is where the inventory stands:
    /// its own file names are meant from there.
    pub(super) fn options(
        &self,
        lab: &Lab,
        folder: &Path,
        allow_private: bool,
        contact_url: String,
    ) -> net::Options {
        let ports = [
            (80, self.http_port.or(lab.ports.http)),
            (443, self.https_port.or(lab.ports.https)),
            (25, self.smtp_port.or(lab.ports.smtp)),
            (53, self.dns_port.or(lab.ports.dns)),
        ];
        let port_map: BTreeMap<u16, u16> =
            ports.into_iter().filter_map(|(logical, dialled)| Some((logical, dialled?))).collect();
        // the flags stand first: the first row that speaks of a host counts
        let rows = self.connect_to.iter().chain(&lab.connect_to);
        net::Options {
            pace: match self.pace {
                PaceFlag::Gentle => Pace::Gentle,
                PaceFlag::Normal => Pace::Normal,
                PaceFlag::Lab => Pace::Lab,
            },
            allow_private: self.allow_private || allow_private,
            connect_to: rows.cloned().collect(),
            port_map,
            resolver: self.resolver.or(lab.resolver),
            trust_anchor: self
                .trust_anchor
                .clone()
                .or_else(|| lab.trust_anchor.as_ref().map(|file| folder.join(file))),
            root_hints: self
                .root_hints
                .clone()
                .or_else(|| lab.root_hints.as_ref().map(|file| folder.join(file))),
            // whoever gets here with the flag has an authorisation that covers it, or is told that it does nothing
            seed: self.now().as_second().unsigned_abs(),
            contact_url,
            intrusive: self.intrusive,
            connect_timeout: Duration::from_secs(if self.pace == PaceFlag::Lab { 2 } else { 5 }),
            exchange_timeout: Duration::from_secs(if self.pace == PaceFlag::Lab { 3 } else { 10 }),
            ..net::Options::default()
        }
    }

    /// Mozilla's roots and those of the files.
    pub(super) fn trust(&self, lab: &Lab, folder: &Path) -> Result<Arc<TrustStore>, Failed> {
        let mut store = TrustStore::mozilla();
        let of_lab = lab.ca_file.as_ref().map(|file| folder.join(file));
        for file in self.ca_file.iter().cloned().chain(of_lab) {
            let name = file.display().to_string();
            let pem = std::fs::read(&file).map_err(|error| {
                Failed::usage(
                    (
                        format!("không đọc được chứng thư trong {name}: {error}"),
                        format!("cannot read the certificates in {name}: {error}"),
                    ),
                    PEM,
                )
            })?;
            store.add_pem(&pem, &name).map_err(|error| {
                Failed::usage((format!("không dùng được {name}: {error}"), error.to_string()), PEM)
            })?;
        }
        Ok(Arc::new(store))
    }

    /// The same towards servers on this machine.
    pub(super) fn at_lab_pace(&self) -> Self {
        Self { pace: PaceFlag::Lab, ..self.clone() }
    }

    /// The time that observations carry.
    pub(super) fn now(&self) -> Timestamp {
        self.now.unwrap_or_else(Timestamp::now)
    }

    /// Whether names are looked up although their address is given.
    pub(super) fn names_a_resolver(&self) -> bool {
        self.resolver.is_some()
    }

    /// What is asked of others about certificates.
    pub(super) fn look_ups(&self) -> LookUps {
        LookUps { issuers: self.aia, revocation: self.revocation }
    }

    pub(super) fn probes(&self) -> Probes {
        if self.only.is_empty() { Probes::all() } else { Probes::only(self.only.iter().copied()) }
    }

    /// Whether mail was asked for by name, so that a domain's mail servers are spoken to.
    pub(super) fn asks_for_mail(&self) -> bool {
        self.only.contains(&Probe::Mail)
    }

    /// Whether nothing but TLS and certificates was asked for.
    pub(super) fn only_asks_tls(&self) -> bool {
        !self.only.is_empty()
            && self.only.iter().all(|probe| matches!(probe, Probe::Tls | Probe::Certificate))
    }
}

/// From which severity on the exit code is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum FailOn {
    /// Chỉ lỗi nghiêm trọng · Only critical findings
    Critical,
    /// Mức cao trở lên · High and critical ones
    High,
    /// Mức trung bình trở lên · Medium and worse
    Medium,
    /// Mức thấp trở lên · Low and worse
    Low,
    /// Điều gì kém đi so với lần trước · What got worse since the last run
    Regression,
    /// Không bao giờ · Never
    Never,
}

impl FailOn {
    /// Whether a failed finding of this severity counts.
    pub(super) fn counts(self, severity: Severity) -> bool {
        let least = match self {
            Self::Critical => Severity::Critical,
            Self::High => Severity::High,
            Self::Medium => Severity::Medium,
            Self::Low => Severity::Low,
            Self::Regression | Self::Never => return false,
        };
        // worst first
        severity <= least
    }
}

/// A share in percent, as in `20%`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Percent(pub(super) u8);

impl std::str::FromStr for Percent {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        let digits = text.trim().trim_end_matches('%').trim_end();
        let number = digits.parse::<u8>().ok().filter(|n| *n <= 100 && !digits.starts_with('+'));
        number.map(Self).ok_or_else(|| {
            Refused(Text::new(
                "ghi tỷ lệ từ 0% đến 100%, ví dụ 20%",
                "write a share from 0% to 100%, as in 20%",
            ))
        })
    }
}

impl std::fmt::Display for Percent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}%", self.0)
    }
}
