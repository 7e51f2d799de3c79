//! Answers remembered for one run, each question asked once however many want it. Knows no DNS beyond its keys.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use hickory_proto::op::DnsResponse;
use tokio::sync::OnceCell;

use super::{exchange::Question, validate::is_answer};
use crate::net::error::Error;

/// How long a failure stands before the question may be asked again: long enough that a thousand waiters do not queue
/// behind a dead server one after another, short enough that a hiccup does not spoil the run.
const FAILURE_STANDS: Duration = Duration::from_secs(10);

/// Wire bytes a generation may hold: the number of answers is bounded already, but a hostile zone chooses their size.
const GENERATION_BYTES: usize = 32 * 1024 * 1024;

type Cell = Arc<OnceCell<Entry>>;

#[derive(Debug)]
struct Entry {
    result: Result<Arc<DnsResponse>, Error>,
    at: Instant,
}

/// Two generations: when the young one is full it becomes the old one, and the old one is forgotten. Bounded without
/// a clock, and what is still asked for moves to the young one.
#[derive(Debug)]
pub(super) struct Cache {
    half: usize,
    generations: Mutex<Generations>,
}

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<Question, Cell>,
    old: HashMap<Question, Cell>,
    young_bytes: usize,
}

impl Generations {
    fn turn_over(&mut self) {
        self.old = std::mem::take(&mut self.young);
        self.young_bytes = 0;
    }
}

impl Cache {
    pub(super) fn new(capacity: usize) -> Self {
        Cache { half: (capacity / 2).max(1), generations: Mutex::default() }
    }

    /// The remembered answer, or the one that `ask` brings. Of many who want it at once one asks and all get its
    /// result; if that one is cancelled the next takes over.
    pub(super) async fn get_or_ask<F>(&self, question: &Question, ask: F) -> Result<Arc<DnsResponse>, Error>
    where
        F: Future<Output = Result<DnsResponse, Error>>,
    {
        let cell = self.cell(question);
        let entry = cell
            .get_or_init(|| async {
                let result = ask.await.map(Arc::new);
                self.weigh(result.as_ref().map_or(0, |response| response.as_buffer().len()));
                Entry { result, at: Instant::now() }
            })
            .await;
        entry.result.clone()
    }

    fn cell(&self, question: &Question) -> Cell {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cell) = generations.young.get(question)
            && fresh(cell)
        {
            return Arc::clone(cell);
        }
        let cell = generations.old.remove(question).filter(fresh).unwrap_or_default();
        if generations.young.len() >= self.half {
            generations.turn_over();
        }
        generations.young.insert(question.clone(), Arc::clone(&cell));
        cell
    }

    fn weigh(&self, bytes: usize) {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        generations.young_bytes = generations.young_bytes.saturating_add(bytes);
        if generations.young_bytes > GENERATION_BYTES {
            generations.turn_over();
        }
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        let generations = self.generations.lock().unwrap();
        generations.young.len() + generations.old.len()
    }
}

/// Being asked, answered, or failed a moment ago. SERVFAIL and its kin are failures (RFC 9520).
fn fresh(cell: &Cell) -> bool {
    cell.get().is_none_or(|entry| {
        entry.result.as_ref().is_ok_and(|response| is_answer(response)) || entry.at.elapsed() < FAILURE_STANDS
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::{
        op::{Message, OpCode},
        rr::{Name, RecordType},
    };
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn question(name: &str) -> Question {
        Question {
            name: Name::from_ascii(name).unwrap(),
            record_type: RecordType::A,
            checking_disabled: false,
        }
    }

    fn response() -> DnsResponse {
        DnsResponse::from_message(Message::response(1, OpCode::Query)).unwrap()
    }

    #[tokio::test]
    async fn many_ask_once_and_a_cancelled_asker_is_replaced() {
        let cache = Arc::new(Cache::new(10));
        let asked = Arc::new(AtomicUsize::new(0));
        let ask = |asked: Arc<AtomicUsize>| async move {
            asked.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(50)).await;
            Ok(response())
        };
        let q = question("a.vn.");
        let first =
            tokio::time::timeout(Duration::from_millis(10), cache.get_or_ask(&q, ask(Arc::clone(&asked))));
        assert!(first.await.is_err());
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..100 {
            let (cache, asked, q) = (Arc::clone(&cache), Arc::clone(&asked), q.clone());
            tasks.spawn(async move { cache.get_or_ask(&q, ask(asked)).await.is_ok() });
        }
        assert!(tasks.join_all().await.into_iter().all(|ok| ok));
        assert_eq!(asked.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_failure_is_shared_and_the_size_is_bounded() {
        let cache = Cache::new(10);
        for _ in 0..3 {
            let failed = cache.get_or_ask(&question("x.vn."), async { Err(Error::Unreachable) }).await;
            assert_eq!(failed.err(), Some(Error::Unreachable));
        }
        // Within the time a failure stands nobody asks again, so a good answer now is not even looked for.
        assert!(cache.get_or_ask(&question("x.vn."), async { Ok(response()) }).await.is_err());
        for n in 0..1000 {
            cache.get_or_ask(&question(&format!("h{n}.vn.")), async { Ok(response()) }).await.unwrap();
            assert!(cache.len() <= 10);
        }
        // The newest are still there.
        assert!(cache.get_or_ask(&question("h999.vn."), async { Err(Error::Unreachable) }).await.is_ok());
    }
}
