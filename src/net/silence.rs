//! Ports that never say anything. Many names may stand at an address that is dead: each would cost its deadlines, one
//! after the other, and find out nothing. What has answered anybody in this run is never taken for dead.

use std::{net::SocketAddr, time::Duration};

use tokio::time::Instant;

use super::error::Error;

/// So many connections in a row without a byte, and none with one, and the port is left alone for a while.
const PATIENCE: u8 = 3;
/// How long it is left alone; then one more connection may find out whether it lives again.
const REST: Duration = Duration::from_mins(1);

/// What is remembered of the ports of one address.
#[derive(Debug, Clone, Default)]
pub(super) struct Silence(Vec<Port>);

#[derive(Debug, Clone)]
struct Port {
    dialled: SocketAddr,
    answers: bool,
    in_vain: u8,
    /// What the last connection in vain ended with, and until when it stands for others too.
    last: Option<(Error, Instant)>,
}

impl Silence {
    /// What a connection there would end with, where that is known well enough not to be tried.
    pub(super) fn of(&mut self, dialled: SocketAddr, now: Instant) -> Option<Error> {
        let port = self.0.iter_mut().find(|port| port.dialled == dialled)?;
        let (error, until) = port.last.as_ref().filter(|_| port.in_vain >= PATIENCE)?;
        if *until > now {
            return Some(error.clone());
        }
        // one is let through; if it hears nothing either, the next rest begins
        port.in_vain = PATIENCE - 1;
        None
    }

    /// A connection ended without a byte from the peer.
    pub(super) fn heard_nothing(&mut self, dialled: SocketAddr, error: &Error, now: Instant) {
        self.change(dialled, |port| {
            if !port.answers {
                port.in_vain = port.in_vain.saturating_add(1);
                port.last = Some((error.clone(), now + REST));
            }
        });
    }

    /// A byte came.
    pub(super) fn heard(&mut self, dialled: SocketAddr) {
        self.change(dialled, |port| (port.answers, port.in_vain, port.last) = (true, 0, None));
    }

    /// A lane dials few ports: those of its sites.
    fn change(&mut self, dialled: SocketAddr, change: impl FnOnce(&mut Port)) {
        if let Some(port) = self.0.iter_mut().find(|port| port.dialled == dialled) {
            return change(port);
        }
        let mut port = Port { dialled, answers: false, in_vain: 0, last: None };
        change(&mut port);
        self.0.push(port);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::error::Phase;

    fn at(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    fn in_vain() -> Error {
        Error::TimedOut { during: Phase::Connect, after: Duration::from_secs(5) }
    }

    #[test]
    fn the_third_connection_in_vain_is_the_last_for_a_minute() {
        let mut silence = Silence::default();
        let start = Instant::now();
        for _ in 0..3 {
            assert_eq!(silence.of(at(443), start), None);
            silence.heard_nothing(at(443), &in_vain(), start);
        }
        assert_eq!(silence.of(at(443), start), Some(in_vain()));
        assert_eq!(silence.of(at(80), start), None, "another port is another server");
        // one may look again, and others wait for what that finds
        let later = start + REST;
        assert_eq!(silence.of(at(443), later), None);
        silence.heard_nothing(at(443), &in_vain(), later);
        assert_eq!(silence.of(at(443), later), Some(in_vain()));
        assert_eq!(silence.of(at(443), later + REST), None);
        silence.heard(at(443));
        assert_eq!(silence.of(at(443), later + REST), None);
    }

    #[test]
    fn what_has_answered_once_is_never_taken_for_dead() {
        let mut silence = Silence::default();
        let now = Instant::now();
        silence.heard(at(443));
        for _ in 0..10 {
            silence.heard_nothing(at(443), &in_vain(), now);
        }
        assert_eq!(silence.of(at(443), now), None);
    }
}
