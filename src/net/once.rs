//! What is asked once a run, whoever asks: of many who want the same at once one asks, and the others wait for what that
//! brings. Bounded, for a hostile zone can name any number of things. Asks nothing itself.

use std::{
    collections::HashMap,
    fmt,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::OnceCell;

/// Answers by what was asked, at most so many.
pub struct Once<K, V> {
    most: usize,
    cells: Mutex<HashMap<K, Arc<OnceCell<V>>>>,
}

impl<K: Eq + Hash, V> Once<K, V> {
    /// Nothing yet, and room for so many.
    pub fn new(most: usize) -> Self {
        Self { most, cells: Mutex::default() }
    }

    /// Where the answer is, or will be. A new question for which there is no room makes everything be forgotten: what
    /// is asked again costs a question and loses no answer.
    pub fn of(&self, key: K) -> Arc<OnceCell<V>> {
        let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        if cells.len() >= self.most && !cells.contains_key(&key) {
            cells.clear();
        }
        Arc::clone(cells.entry(key).or_default())
    }

    /// The same for what must not be asked without end; `None` for a new question for which there is no room.
    pub fn within(&self, key: K) -> Option<Arc<OnceCell<V>>> {
        let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        let room = cells.len() < self.most || cells.contains_key(&key);
        room.then(|| Arc::clone(cells.entry(key).or_default()))
    }
}

impl<K, V> fmt::Debug for Once<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Once").field("most", &self.most).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_stays_known_where_there_is_no_room() {
        let once: Once<u8, u8> = Once::new(2);
        once.of(1).set(10).unwrap();
        once.of(2).set(20).unwrap();
        assert_eq!((once.of(1).get(), once.of(2).get()), (Some(&10), Some(&20)));
        assert!(once.within(3).is_none());
        assert_eq!(once.within(2).unwrap().get(), Some(&20));
        // room is made for a new one
        assert_eq!(once.of(3).get(), None);
        assert_eq!(once.of(1).get(), None);
    }
}
