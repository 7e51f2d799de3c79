//! `targets.yaml` as written: the shape only, every value with its place. What the values mean is judged in `load`.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::{Block, Importance, Scope, UnitKind, Www};
use crate::language::Text as Words;
use crate::yaml::Located;

pub(super) type Text = Located<String>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Inventory {
    pub(super) schema: Text,
    pub(super) province: Province,
    pub(super) lead_agency: LeadAgency,
    #[serde(default)]
    pub(super) authorisation: Option<Authorisation>,
    #[serde(default)]
    pub(super) vantage: Option<Vantage>,
    #[serde(default)]
    pub(super) allow_private: Option<bool>,
    pub(super) units: Located<Vec<Unit>>,
    #[serde(default)]
    pub(super) zones: Option<Vec<Zone>>,
    #[serde(default)]
    pub(super) exclusions: Option<Vec<Exclusion>>,
    #[serde(default)]
    pub(super) lab: Option<Lab>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Province {
    pub(super) name: Text,
    pub(super) domain: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LeadAgency {
    pub(super) name: Text,
    pub(super) contact: Text,
    #[serde(default)]
    pub(super) url: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Authorisation {
    pub(super) document: Text,
    pub(super) number: Text,
    pub(super) date: Text,
    pub(super) body: Text,
    pub(super) expires: Text,
    #[serde(default)]
    pub(super) scope: Option<Vec<Scope>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Vantage {
    pub(super) name: Text,
    #[serde(default)]
    pub(super) inside: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Unit {
    pub(super) id: Text,
    pub(super) name: Text,
    pub(super) kind: Located<UnitKind>,
    #[serde(default)]
    pub(super) block: Option<Block>,
    #[serde(default)]
    pub(super) parent: Option<Text>,
    #[serde(default)]
    pub(super) level: Option<Located<u8>>,
    #[serde(default)]
    pub(super) contact: Option<Text>,
    #[serde(default)]
    pub(super) valid: Option<Validity>,
    #[serde(default)]
    pub(super) successor: Option<Text>,
    #[serde(default)]
    pub(super) sites: Option<Vec<Located<Site>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Validity {
    #[serde(default)]
    pub(super) from: Option<Text>,
    #[serde(default)]
    pub(super) until: Option<Text>,
}

/// A site is a mapping, or its host alone: `- khcn.tinhmau.example`.
pub(super) enum Site {
    Host(String),
    Keys(SiteKeys),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SiteKeys {
    pub(super) host: Text,
    #[serde(default)]
    pub(super) port: Option<Located<u16>>,
    #[serde(default)]
    pub(super) importance: Option<Importance>,
    #[serde(default)]
    pub(super) www: Option<Www>,
    #[serde(default)]
    pub(super) shared_operator: Option<Text>,
    #[serde(default)]
    pub(super) mail: Option<bool>,
    #[serde(default)]
    pub(super) dkim_selectors: Option<Vec<Text>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Zone {
    pub(super) zone: Text,
    pub(super) operator: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Exclusion {
    pub(super) host: Text,
    pub(super) reason: Text,
    pub(super) requested_by: Text,
    pub(super) expires: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lab {
    #[serde(default)]
    pub(super) connect_to: Option<Vec<Text>>,
    #[serde(default)]
    pub(super) resolver: Option<Text>,
    #[serde(default)]
    pub(super) ports: Option<Ports>,
    #[serde(default)]
    pub(super) ca_file: Option<Text>,
    #[serde(default)]
    pub(super) root_hints: Option<Text>,
    #[serde(default)]
    pub(super) trust_anchor: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ports {
    #[serde(default)]
    pub(super) http: Option<Located<u16>>,
    #[serde(default)]
    pub(super) https: Option<Located<u16>>,
    #[serde(default)]
    pub(super) smtp: Option<Located<u16>>,
    #[serde(default)]
    pub(super) dns: Option<Located<u16>>,
}

/// By hand, because `serde(untagged)` forgets places and answers "did not match any variant".
impl<'de> Deserialize<'de> for Site {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SiteVisitor;

        impl<'de> Visitor<'de> for SiteVisitor {
            type Value = Site;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let text = Words::new(
                    "một tên miền, hoặc một nhóm khóa có `host`",
                    "a host name, or a mapping with `host`",
                );
                f.write_str(&text.lines())
            }

            fn visit_str<E: Error>(self, host: &str) -> Result<Site, E> {
                Ok(Site::Host(host.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Site, A::Error> {
                SiteKeys::deserialize(MapAccessDeserializer::new(map)).map(Site::Keys)
            }
        }

        deserializer.deserialize_any(SiteVisitor)
    }
}
