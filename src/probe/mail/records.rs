//! DNS as the mail codecs want it: TXT records put together, names that cannot be asked for as empty.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::{
    net::{
        Error, Resolver,
        resolver::{
            Answer, Name, Outcome, RecordData, RecordType, plain,
            rdata::{A, AAAA, MX, PTR, TXT},
        },
    },
    observation::Attempt,
    probe::failure::untested,
    wire::spf::Dns,
};

/// Records of one name that are looked at; a name with more is nobody's mail policy.
const RECORD_LIMIT: usize = 100;

/// One question. A name that the DNS cannot have holds nothing.
pub(super) async fn look_up(
    resolver: &Resolver,
    name: &str,
    kind: RecordType,
) -> Result<Option<Answer>, Error> {
    match Box::pin(resolver.lookup(name, kind)).await {
        Ok(answer) => Ok(Some(answer)),
        Err(Error::BadName(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn records<D: RecordData + 'static, T>(
    resolver: &Resolver,
    name: &str,
    kind: RecordType,
    read: impl Fn(&D) -> T,
) -> Result<Vec<T>, Error> {
    let answer = look_up(resolver, name, kind).await?;
    Ok(answer.iter().flat_map(Answer::data).map(read).take(RECORD_LIMIT).collect())
}

/// The TXT records of a name, the strings of each put together.
pub(super) async fn texts(resolver: &Resolver, name: &str) -> Result<Vec<Vec<u8>>, Error> {
    records(resolver, name, RecordType::TXT, |txt: &TXT| txt.txt_data.concat()).await
}

/// Whether the DNS has the name, with whatever records.
pub(super) async fn name_exists(resolver: &Resolver, name: &str) -> Attempt<bool> {
    match look_up(resolver, name, RecordType::TXT).await {
        Ok(answer) => Attempt::Completed(answer.is_some_and(|answer| answer.outcome != Outcome::NxDomain)),
        Err(error) => untested(&error),
    }
}

/// A resolver as SPF asks it.
pub(super) struct Asked<'r>(pub(super) &'r Resolver);

impl Dns for Asked<'_> {
    type Error = Error;

    async fn txt(&self, name: &str) -> Result<Vec<Vec<u8>>, Error> {
        texts(self.0, name).await
    }

    async fn a(&self, name: &str) -> Result<Vec<Ipv4Addr>, Error> {
        records(self.0, name, RecordType::A, |a: &A| a.0).await
    }

    async fn aaaa(&self, name: &str) -> Result<Vec<Ipv6Addr>, Error> {
        records(self.0, name, RecordType::AAAA, |aaaa: &AAAA| aaaa.0).await
    }

    async fn mx(&self, name: &str) -> Result<Vec<String>, Error> {
        let read = |mx: &MX| (mx.preference, plain(&mx.exchange));
        let mut hosts = records(self.0, name, RecordType::MX, read).await?;
        hosts.sort();
        Ok(hosts.into_iter().map(|(_, host)| host).collect())
    }

    async fn ptr(&self, address: IpAddr) -> Result<Vec<String>, Error> {
        records(self.0, &reverse(address), RecordType::PTR, |ptr: &PTR| plain(&ptr.0)).await
    }
}

fn reverse(address: IpAddr) -> String {
    plain(&Name::from(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reverse_names() {
        assert_eq!(reverse("192.0.2.7".parse().unwrap()), "7.2.0.192.in-addr.arpa");
        assert!(reverse("2001:db8::1".parse().unwrap()).starts_with("1.0.0.0."));
        assert!(reverse("2001:db8::1".parse().unwrap()).ends_with("8.b.d.0.1.0.0.2.ip6.arpa"));
    }
}
