//! Mail servers that were spoken to in this run: a provider that takes a hundred domains' mail is asked once.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::OnceCell;

use super::{
    Question,
    session::{Told, converse},
};
use crate::observation::{Attempt, Failure, Skip};

/// Different servers of one run; no province has as many, and a hostile zone could name any number.
const SERVER_LIMIT: usize = 20_000;

type Cell = Arc<OnceCell<Attempt<Arc<Told>>>>;

/// The mail servers of one run, by name and address: certificates hang on the name that was asked for.
#[derive(Debug, Default)]
pub struct Known(Mutex<HashMap<(String, IpAddr), Cell>>);

impl Known {
    /// What the server said, to us or to whoever asked before. Of many who want it at once one asks.
    pub(super) async fn session(
        &self,
        question: &Question<'_>,
        name: &str,
        address: IpAddr,
    ) -> Attempt<Arc<Told>> {
        let cell = {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let key = (name.to_owned(), address);
            if known.len() >= SERVER_LIMIT && !known.contains_key(&key) {
                return Attempt::skipped(Skip::Budget);
            }
            Arc::clone(known.entry(key).or_default())
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
