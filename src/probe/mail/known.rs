//! Mail servers that were spoken to in this run: a provider that takes a hundred domains' mail is asked once.

use std::{net::IpAddr, sync::Arc};

use super::{
    Question,
    session::{Told, converse},
};
use crate::{
    net::Once,
    observation::{Attempt, Failure, Skip},
};

/// Different servers of one run; no province has as many, and a hostile zone could name any number.
const SERVER_LIMIT: usize = 20_000;

/// The mail servers of one run, by name and address: certificates hang on the name that was asked for.
#[derive(Debug)]
pub struct Known(Once<(String, IpAddr), Attempt<Arc<Told>>>);

impl Default for Known {
    fn default() -> Self {
        Self(Once::new(SERVER_LIMIT))
    }
}

impl Known {
    /// What the server said, to us or to whoever asked before. Of many who want it at once one asks.
    pub(super) async fn session(
        &self,
        question: &Question<'_>,
        name: &str,
        address: IpAddr,
    ) -> Attempt<Arc<Told>> {
        let Some(cell) = self.0.within((name.to_owned(), address)) else {
            return Attempt::skipped(Skip::Budget);
        };
        cell.get_or_init(|| async {
            match Box::pin(converse(question.net, name, address)).await {
                Ok(told) => Attempt::Completed(Arc::new(told)),
                Err(why) => why,
            }
        })
        .await
        .clone()
    }
}

/// A conversation that broke off.
pub(super) type Broken = Attempt<Arc<Told>>;

/// For words that are no SMTP.
pub(super) fn malformed<T>(words: &str) -> Attempt<T> {
    Attempt::failed(Failure::Malformed(super::cut(words)))
}
