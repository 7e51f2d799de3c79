//! `targets.yaml` into an [`Inventory`]: parsed, not validated. Owns what must agree between the parts of the file.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::SocketAddr;

use super::circle::check_circles;
use super::inventory::{Index, LeadAgency, Province, Vantage, Zone};
use super::read::Reader;
use super::selector::Selector;
use super::{
    Authorisation, ConnectTo, Exclusion, Host, Inventory, Lab, Level, Ports, Scope, Site, Unit, UnitId,
    Validity, raw,
};
use crate::language::text;
use crate::yaml::{self, Diagnostic, Diagnostics, Located, Location};

/// DKIM selectors of one site; what is retired need not be named.
const MOST_SELECTORS: usize = 10;

/// The value of `schema:` that this version reads.
pub const SCHEMA: &str = "khien.targets/1";

/// Every unit's id and where it stands; sorted, so that suggestions do not depend on chance.
pub(super) type Ids = BTreeMap<UnitId, Location>;

/// An inventory and what is odd about its file without making it unusable.
#[derive(Debug)]
pub struct Loaded {
    /// The inventory.
    pub inventory: Inventory,
    /// Warnings, in the order of the file.
    pub warnings: Vec<Diagnostic>,
}

/// Reads an inventory. A text of the wrong shape gives its first mistake; one of the right shape gives all of them.
pub fn load(source: &yaml::Source) -> Result<Loaded, Diagnostics> {
    let raw: raw::Inventory = yaml::parse(source)?;
    let mut reader = Reader::new(source);
    let inventory = inventory(&mut reader, raw);
    let Reader { errors, mut warnings, .. } = reader;
    match (Diagnostics::collect(errors), inventory) {
        (None, Some(inventory)) => {
            warnings.sort_by_key(|warning| warning.at().offset);
            Ok(Loaded { inventory, warnings })
        }
        (Some(errors), _) => Err(errors),
        // Every value that is left out has left an error behind.
        (None, None) => Err(source
            .diagnostic(Location::UNKNOWN, ("không đọc được danh mục", "the inventory could not be read"))
            .into()),
    }
}

fn inventory(reader: &mut Reader<'_>, raw: raw::Inventory) -> Option<Inventory> {
    if raw.schema.trim() != SCHEMA {
        reader.error_with_help(
            raw.schema.at,
            text!(
                "phiên bản này không đọc được dạng tệp `{schema}`",
                "`{schema}` is not a schema this version reads",
                schema = raw.schema.value
            ),
            text!(
                "ghi `schema: {SCHEMA}`, hoặc dùng bản khien ứng với tệp này",
                "write `schema: {SCHEMA}`, or use the version of khien the file was made for"
            ),
        );
    }
    let ids = ids(reader, &raw.units);
    let province = province(reader, &raw.province);
    let lead_agency = lead_agency(reader, &raw.lead_agency);
    let authorisation = optional(raw.authorisation, |raw| authorisation(reader, raw));
    let vantage = match raw.vantage {
        Some(raw) => reader.line(&raw.name).map(|name| Vantage { name, inside: raw.inside.unwrap_or(false) }),
        None => Some(Vantage::default()),
    };
    check_circles(reader, &raw.units.value, &ids, "parent", |unit| unit.parent.as_ref());
    check_circles(reader, &raw.units.value, &ids, "successor", |unit| unit.successor.as_ref());
    let mut seen = Sites::default();
    let units = all(raw.units.value.into_iter().map(|raw| unit(reader, raw, &ids, &mut seen)));
    seen.warn_about_twins(reader);
    let zones = zones(reader, raw.zones.unwrap_or_default(), &ids);
    let exclusions = all(raw.exclusions.unwrap_or_default().iter().map(|raw| exclusion(reader, raw, &seen)));
    let lab = raw.lab.map_or_else(|| Some(Lab::default()), |raw| lab(reader, raw));
    let (units, zones, exclusions) = (units?, zones?, exclusions?);
    Some(Inventory {
        province: province?,
        lead_agency: lead_agency?,
        authorisation: authorisation.ok()?,
        vantage: vantage?,
        allow_private: raw.allow_private.unwrap_or(false),
        index: Index::new(&units, &zones, &exclusions),
        units,
        zones,
        exclusions,
        lab: lab?,
    })
}

/// All of them, or nothing; unlike `collect` into an `Option` it goes on after the first miss.
fn all<T>(items: impl Iterator<Item = Option<T>>) -> Option<Vec<T>> {
    let mut complete = true;
    let kept: Vec<T> = items
        .filter_map(|item| {
            complete &= item.is_some();
            item
        })
        .collect();
    complete.then_some(kept)
}

fn ids(reader: &mut Reader<'_>, units: &Located<Vec<raw::Unit>>) -> Ids {
    let mut ids = Ids::new();
    for unit in &units.value {
        let Some(id) = reader.unit_id(&unit.id) else { continue };
        match ids.get(&id) {
            Some(first) => {
                let message = text!("mã `{id}` được dùng hai lần", "the id `{id}` is used twice");
                let help = ("mỗi đơn vị cần một mã riêng", "every unit needs an id of its own");
                reader.twice(unit.id.at, *first, message, help);
            }
            None => drop(ids.insert(id, unit.id.at)),
        }
    }
    if units.value.is_empty() {
        reader.error(
            units.at,
            (
                "chưa có đơn vị nào: ghi ít nhất một đơn vị dưới `units:`",
                "no units: write at least one below `units:`",
            ),
        );
    }
    ids
}

fn province(reader: &mut Reader<'_>, raw: &raw::Province) -> Option<Province> {
    let (name, domain) = (reader.line(&raw.name), reader.host(&raw.domain));
    Some(Province { name: name?, domain: domain? })
}

fn lead_agency(reader: &mut Reader<'_>, raw: &raw::LeadAgency) -> Option<LeadAgency> {
    let name = reader.line(&raw.name);
    let contact = reader.header_word(
        &raw.contact,
        ("một địa chỉ thư điện tử", "an e-mail address"),
        |word| word.split_once('@').is_some_and(|(user, host)| !user.is_empty() && Host::parse(host).is_ok()),
    );
    let url = optional(raw.url.as_ref(), |url| {
        let what = (
            "một địa chỉ web, ví dụ https://tinhmau.example/khien",
            "a web address such as https://tinhmau.example/khien",
        );
        reader.header_word(url, what, |word| {
            let rest = word.strip_prefix("https://").or_else(|| word.strip_prefix("http://"));
            rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
        })
    });
    Some(LeadAgency { name: name?, contact: contact?, url: url.ok()? })
}

fn authorisation(reader: &mut Reader<'_>, raw: raw::Authorisation) -> Option<Authorisation> {
    let (document, number, body) =
        (reader.line(&raw.document), reader.line(&raw.number), reader.line(&raw.body));
    let (date, expires) = (reader.date(&raw.date), reader.date(&raw.expires));
    if let (Some(date), Some(expires)) = (date, expires)
        && expires < date
    {
        reader.error(
            raw.expires.at,
            text!(
                "ngày hết hạn `expires` ({expires}) đứng trước ngày văn bản `date` ({date})",
                "`expires` ({expires}) lies before `date` ({date})"
            ),
        );
    }
    let scope: BTreeSet<Scope> = raw.scope.unwrap_or_default().into_iter().chain([Scope::Standard]).collect();
    Some(Authorisation {
        document: document?,
        number: number?,
        date: date?,
        body: body?,
        expires: expires?,
        scope,
    })
}

fn unit(reader: &mut Reader<'_>, raw: raw::Unit, ids: &Ids, seen: &mut Sites) -> Option<Unit> {
    // A wrong or second id has been told by `ids`.
    let id = UnitId::parse(&raw.id).ok();
    let name = reader.line(&raw.name);
    let block = raw.block.or_else(|| raw.kind.default_block());
    if block.is_none() {
        reader.error_with_help(
            raw.kind.at,
            ("đơn vị loại `khac` phải ghi rõ khối", "a unit of kind `khac` needs its block"),
            ("thêm `block: so`, `huyen` hoặc `xa`", "add `block: so`, `huyen` or `xa`"),
        );
    }
    let parent = optional(raw.parent.as_ref(), |written| reader.reference(written, ids));
    let level = optional(raw.level, |level| {
        let valid = Level::new(level.value);
        if valid.is_none() {
            reader.error(
                level.at,
                text!(
                    "không có cấp độ {level}; cấp độ từ 1 đến 5",
                    "level {level} does not exist; cấp độ runs from 1 to 5",
                    level = level.value
                ),
            );
        }
        valid
    });
    let contact = optional(raw.contact.as_ref(), |written| reader.line(written));
    let validity = validity(reader, raw.valid);
    let successor = optional(raw.successor.as_ref(), |written| reader.reference(written, ids));
    if let (Some(written), Some(Validity { until: None, .. })) = (&raw.successor, validity) {
        let help = (
            "thêm ngày hoạt động cuối cùng của đơn vị, ví dụ `valid: {until: 2025-06-30}`",
            "add `valid: {until: 2025-06-30}`, the last day of this unit",
        );
        let message = (
            "đơn vị đã có đơn vị kế thừa nhưng chưa có ngày kết thúc",
            "a unit with a successor has no last day",
        );
        reader.warn(written.at, message, help);
    }
    let sites = raw.sites.unwrap_or_default();
    let sites = all(sites.into_iter().map(|raw| site(reader, raw, ids, id.as_ref(), seen)));
    Some(Unit {
        id: id?,
        name: name?,
        kind: raw.kind.value,
        block: block?,
        parent: parent.ok()?,
        level: level.ok()?,
        contact: contact.ok()?,
        validity: validity?,
        successor: successor.ok()?,
        sites: sites?,
    })
}

/// The mistake has been told; the value is missing.
#[derive(Clone, Copy)]
struct Told;

/// Absent is fine, present must be readable.
fn optional<T, U>(written: Option<T>, read: impl FnOnce(T) -> Option<U>) -> Result<Option<U>, Told> {
    written.map(|written| read(written).ok_or(Told)).transpose()
}

fn validity(reader: &mut Reader<'_>, raw: Option<raw::Validity>) -> Option<Validity> {
    let Some(raw) = raw else { return Some(Validity::default()) };
    let from = optional(raw.from.as_ref(), |written| reader.date(written));
    let until = optional(raw.until.as_ref(), |written| reader.date(written));
    if let (Ok(Some(from)), Ok(Some(until)), Some(written)) = (from, until, &raw.until)
        && until < from
    {
        reader.error(
            written.at,
            text!(
                "ngày kết thúc `until` ({until}) đứng trước ngày bắt đầu `from` ({from})",
                "`until` ({until}) lies before `from` ({from})"
            ),
        );
    }
    Some(Validity { from: from.ok()?, until: until.ok()? })
}

/// The sites read so far, by host and port.
#[derive(Default)]
struct Sites {
    places: HashMap<(Host, u16), Location>,
    order: Vec<(Host, u16, Option<Host>)>,
    hosts: HashSet<Host>,
}

impl Sites {
    /// `x` and `www.x` listed side by side would be checked twice.
    fn warn_about_twins(&self, reader: &mut Reader<'_>) {
        for (host, port, twin) in &self.order {
            let Some(twin) = twin.as_ref().filter(|_| host.as_str().starts_with("www.")) else { continue };
            if let (Some(at), Some(first)) =
                (self.places.get(&(host.clone(), *port)), self.places.get(&(twin.clone(), *port)))
            {
                reader.warn(
                    *at,
                    text!(
                        "`{host}` đã được kiểm tra cùng `{twin}` ở dòng {line}",
                        "`{host}` is already checked with `{twin}` of line {line}",
                        line = first.line
                    ),
                    (
                        "bỏ một trong hai, hoặc ghi `www: no` ở cả hai nếu là hai trang khác nhau",
                        "remove one of the two, or write `www: no` at both if they are different sites",
                    ),
                );
            }
        }
    }
}

fn site(
    reader: &mut Reader<'_>,
    raw: Located<raw::Site>,
    ids: &Ids,
    owner: Option<&UnitId>,
    seen: &mut Sites,
) -> Option<Site> {
    let raw = match raw.value {
        raw::Site::Keys(keys) => keys,
        raw::Site::Host(host) => raw::SiteKeys {
            host: Located::new(host, raw.at),
            port: None,
            importance: None,
            www: None,
            shared_operator: None,
            mail: None,
            dkim_selectors: None,
        },
    };
    let authority = reader.authority(&raw.host);
    let port = optional(raw.port, |written| reader.port(written));
    let shared_operator = optional(raw.shared_operator.as_ref(), |written| reader.reference(written, ids));
    let selectors = selectors(reader, raw.dkim_selectors.as_deref().unwrap_or_default(), raw.mail);
    let (authority, port, shared_operator) = (authority?, port.ok()?, shared_operator.ok()?);
    if let (Some(in_host), Some(port)) = (authority.port, port)
        && in_host != port
    {
        reader.error(
            raw.host.at,
            text!(
                "`host` ghi cổng {in_host}, `port` ghi {port}; giữ lại một",
                "`host` says port {in_host}, `port` says {port}; keep one"
            ),
        );
        return None;
    }
    let site = Site {
        host: authority.host,
        port: port.or(authority.port).unwrap_or(443),
        importance: raw.importance.unwrap_or_default(),
        www: raw.www.unwrap_or_default(),
        // A unit that names itself runs its own server, which is what absence says.
        shared_operator: shared_operator.filter(|operator| Some(operator) != owner),
        mail: raw.mail.unwrap_or(false),
        dkim_selectors: selectors?,
    };
    let key = (site.host.clone(), site.port);
    if let Some(first) = seen.places.get(&key) {
        let help = (
            "mỗi trang thuộc một đơn vị; đơn vị vận hành máy chủ ghi ở `shared_operator`",
            "a site belongs to one unit; who runs its server is said by `shared_operator`",
        );
        let message = text!("trang `{site}` được ghi hai lần", "the site `{site}` is written twice");
        reader.twice(raw.host.at, *first, message, help);
        return None;
    }
    seen.places.insert(key, raw.host.at);
    seen.order.push((site.host.clone(), site.port, site.twin()));
    seen.hosts.insert(site.host.clone());
    Some(site)
}

/// Sorted, each once.
fn selectors(
    reader: &mut Reader<'_>,
    written: &[Located<String>],
    mail: Option<bool>,
) -> Option<Vec<Selector>> {
    if let (Some(first), false) = (written.first(), mail.unwrap_or(false)) {
        reader.error(
            first.at,
            (
                "`dkim_selectors` chỉ có nghĩa khi tên miền có dùng thư; thêm `mail: true`",
                "`dkim_selectors` has a meaning only where mail is used; add `mail: true`",
            ),
        );
        return None;
    }
    if let Some(beyond) = written.get(MOST_SELECTORS) {
        let message = text!(
            "nhiều hơn {MOST_SELECTORS} bộ chọn DKIM; chỉ giữ những bộ chọn đang dùng",
            "more than {MOST_SELECTORS} DKIM selectors; keep those in use"
        );
        reader.error(beyond.at, message);
        return None;
    }
    let mut selectors = all(written
        .iter()
        .map(|written| Selector::parse(written).map_err(|error| reader.error(written.at, error)).ok()))?;
    selectors.sort();
    selectors.dedup();
    Some(selectors)
}

fn zones(reader: &mut Reader<'_>, raw: Vec<raw::Zone>, ids: &Ids) -> Option<Vec<Zone>> {
    let mut seen: HashMap<Host, Location> = HashMap::new();
    all(raw.into_iter().map(|raw| {
        let (zone, operator) = (reader.host(&raw.zone), reader.reference(&raw.operator, ids));
        let zone = zone?;
        if let Some(first) = seen.insert(zone.clone(), raw.zone.at) {
            reader.twice(
                raw.zone.at,
                first,
                text!("vùng tên miền `{zone}` được ghi hai lần", "the zone `{zone}` is written twice"),
                ("giữ lại một trong hai", "keep one of the two"),
            );
        }
        Some(Zone { zone, operator: operator? })
    }))
}

fn exclusion(reader: &mut Reader<'_>, raw: &raw::Exclusion, seen: &Sites) -> Option<Exclusion> {
    let host = reader.host(&raw.host);
    let (reason, requested_by) = (reader.line(&raw.reason), reader.line(&raw.requested_by));
    let expires = reader.date(&raw.expires);
    let host = host?;
    let listed = |host: &Host| seen.hosts.contains(host);
    if !listed(&host) && !host.www_twin().is_some_and(|twin| listed(&twin)) {
        // A slip here scans someone who asked not to be scanned.
        reader.warn(
            raw.host.at,
            text!(
                "tên miền loại trừ `{host}` không phải trang nào trong danh mục này",
                "the excluded host `{host}` is no site of this inventory"
            ),
            (
                "xem lại chính tả; loại trừ một tên miền ngoài `units:` vẫn được giữ và không gây hại",
                "check its spelling; an exclusion of a host outside `units:` is kept and does no harm",
            ),
        );
    }
    Some(Exclusion { host, reason: reason?, requested_by: requested_by?, expires: expires? })
}

fn lab(reader: &mut Reader<'_>, raw: raw::Lab) -> Option<Lab> {
    let connect_to =
        all(raw.connect_to.unwrap_or_default().into_iter().map(|written| {
            written.parse::<ConnectTo>().map_err(|error| reader.error(written.at, error)).ok()
        }));
    let resolver = optional(raw.resolver, |written| {
        let address = written.trim().parse::<SocketAddr>().ok().filter(|address| address.port() != 0);
        if address.is_none() {
            let message = text!(
                "`{address}` không phải địa chỉ kèm cổng",
                "`{address}` is not an address with a port",
                address = written.value
            );
            let help =
                ("ghi theo dạng `127.0.0.1:53` hoặc `[::1]:53`", "write it as `127.0.0.1:53` or `[::1]:53`");
            reader.error_with_help(written.at, message, help);
        }
        address
    });
    let ports = raw.ports.map_or_else(
        || Some(Ports::default()),
        |raw| {
            let mut port = |written: Option<Located<u16>>| optional(written, |written| reader.port(written));
            let (http, https, smtp, dns) = (port(raw.http), port(raw.https), port(raw.smtp), port(raw.dns));
            Some(Ports { http: http.ok()?, https: https.ok()?, smtp: smtp.ok()?, dns: dns.ok()? })
        },
    );
    let mut path =
        |written: Option<raw::Text>| optional(written, |written| reader.line(&written).map(Into::into));
    let (ca_file, root_hints, trust_anchor) =
        (path(raw.ca_file), path(raw.root_hints), path(raw.trust_anchor));
    Some(Lab {
        connect_to: connect_to?,
        resolver: resolver.ok()?,
        ports: ports?,
        ca_file: ca_file.ok()?,
        root_hints: root_hints.ok()?,
        trust_anchor: trust_anchor.ok()?,
    })
}
